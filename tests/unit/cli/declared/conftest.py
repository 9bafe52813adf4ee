"""A hub with one of each kind, as ``eventyard apply`` and ``eventyard export`` meet it."""

from collections.abc import Iterator
from typing import Any

import pytest

from eventyard.cli.client import Client
from eventyard.cli.remote import Remote
from tests.unit.cli.stub import StubHub

SCHEMA = {"type": "object"}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "applications": [{"id": "a1", "name": "shop", "description": "Sells"}],
    "topics": [
        {"id": "t1", "name": "orders", "schema_version": 2, "locked": False},
        {"id": "t2", "name": "amq.default", "schema_version": None, "locked": False},
    ],
    "sources": [
        {"id": "s1", "name": "door", "application_id": "a1", "topic_id": "t1", "scheme": "none", "settings": {},
         "secrets": [{"expires_at": None}]},
    ],
    "targets": [{"id": "g1", "name": "stock", "type": "webhook", "settings": {"url": "u", "secret": {"set": True}}}],
    "subscriptions": [
        {"id": "u2", "name": "second", "application_id": "a1", "topic_ids": ["t1"], "source_id": None,
         "target_id": "g1", "schedule": {"when": "after", "after": "u1"}, "compound": {"optional_topic_ids": ["t1"]}},
        {"id": "u1", "name": "first", "application_id": "a1", "topic_ids": ["t1"], "source_id": "s1",
         "target_id": "g1", "schedule": {"when": "ready", "after": None}},
    ],
}  # fmt: skip
_FIELDS = {
    "Application": ("name description", "name description"),
    "Topic": ("name schema", "name locked schema_version"),
    "Source": ("name application topic scheme settings secret", "name scheme settings secret"),
    "Target": ("name type settings", "name settings enabled"),
    "Subscription": ("name application topics source_id target_id schedule compound", "name schedule compound"),
}
OPENAPI = {
    "components": {
        "schemas": {
            called: {"properties": {name: {} for name in names.split()}}
            for word, both in _FIELDS.items()
            for called, names in ((f"New{word}", both[0]), (f"{word}Change", both[1]))
        }
    }
}


def furnish(hub: StubHub) -> None:
    """Have it answer with what it has."""
    hub.answers("GET", "/openapi.json", OPENAPI)
    for kind, records in RECORDS.items():
        hub.answers("GET", f"/v1/{kind}", records)
    hub.answers("GET", "/v1/topics/t1/schemas", [{"version": 2, "schema": SCHEMA}, {"version": 1, "schema": True}])


@pytest.fixture
def furnished() -> Iterator[StubHub]:
    with StubHub() as hub:
        furnish(hub)
        yield hub


@pytest.fixture
def remote(furnished: StubHub) -> Iterator[Remote]:
    with Client(furnished.url, "eyk") as client:
        yield Remote(client, "default")
