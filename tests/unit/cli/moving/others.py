"""Rows of an eventhos, and a hub for them to move to."""

from collections.abc import Sequence
from typing import Any

from eventyard.cli.moving import rows
from eventyard.cli.moving.draft import Draft
from eventyard.model.catalog import Record
from eventyard.pipeline.vault import Vault
from eventyard.testing import builders as b

THEN = b.NOW - 1_000_000
VAULT = Vault([b"k" * 32])
BCRYPT = "$2b$10$" + "a" * 53
MOMENTS = {"created_at": THEN, "updated_at": THEN}


def draft(*records: Record, now: int = b.NOW) -> Draft:
    """A plan for the project ``default``, which is there beside the records."""
    return Draft([b.organization(), b.project(), *records], b.project(), VAULT, now)


def again(plan: Draft) -> Draft:
    """Another plan, over what the first one would have saved."""
    kept = {(type(record), getattr(record, "id", "")): record for record in plan.saved}
    return draft(*kept.values(), now=b.NOW + 5)


def original(**tables: Sequence[Any]) -> rows.Original:
    """A database in which only these tables have rows."""
    return rows.Original(**{name: list(tables.get(name, ())) for name in rows.Original.__struct_fields__})


def system(id: int = 1, **fields: Any) -> rows.System:
    names = {
        "class_": "producer",
        "identifier": f"system-{id}",
        "name": f"System {id}",
        "type": "API",
        "description": "",
    }
    return rows.System(**{"id": id, **names, **MOMENTS, **fields})


def event(id: int = 1, **fields: Any) -> rows.Event:
    names = {"identifier": f"event-{id}", "name": f"Event {id}", "operation": "new", "description": ""}
    return rows.Event(**{"id": id, "system_id": 1, **names, **MOMENTS, **fields})


def action(id: int = 1, http: str = "", **fields: Any) -> rows.Action:
    names = {"identifier": f"action-{id}", "name": f"Action {id}", "operation": "new", "description": ""}
    return rows.Action(**{"id": id, "system_id": 1, "http_configuration": http, **names, **MOMENTS, **fields})


def contract(id: int = 1, event_id: int = 1, action_id: int = 1, **fields: Any) -> rows.Contract:
    names = {"identifier": f"contract-{id}", "name": f"Contract {id}", "active": True}
    ids = {"id": id, "event_id": event_id, "action_id": action_id}
    return rows.Contract(**{**ids, **names, **MOMENTS, **fields})


def client(id: int = 1, secret: str = "", **fields: Any) -> rows.Client:
    names = {"client_id": f"id{id}::usil.app", "identifier": f"client-{id}", "client_secret": secret}
    return rows.Client(**{"id": id, "subject_id": id, **names, **MOMENTS, **fields})


def user(id: int = 1, **fields: Any) -> rows.User:
    names = {"username": f"user-{id}", "password": BCRYPT}
    return rows.User(**{"id": id, "subject_id": id, **names, "created_at": THEN, **fields})


def told(plan: Draft) -> list[tuple[str, str, str, str]]:
    """The steps, as plain as can be."""
    return [(step.verb.value, step.kind, step.name, step.why) for step in plan.steps]
