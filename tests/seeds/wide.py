"""A hub whose journal holds a few thousand entries of everything there is, at random."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventyard.cli.demo.child import Child
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.stores.family import Family
from eventyard.stores.records import NameKind
from eventyard.wire.rfc3339 import format_millis
from tests.seeds.planted import SETTINGS, UNLIMITED, Client, Journal

ENTRIES = 2_600
SENT = 120
"""So many are planted, and so many are sent to the running hub."""

MINUTE = 60_000
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE

APPLICATIONS = {
    "default": ("CRM", "crm north", "Billing 100%", "Straße 7", "a_b", "axb"),
    "north": ("Lager", "lager_zwei"),
}
TOPICS = {"default": ("Customers", "customers_eu", "Orders", "order_lines"), "north": ("Stock", "stock_moves")}
WISHES = {"default": ("To CRM", "billing", "BILLING_eu", "50%_off", "Größe"), "north": ("shelves",)}
GONE = {"default": ("long gone", "Billing (old)", "a client"), "north": ("shelves of old",)}
"""The subscriptions that there are, all paused, and some that there were."""

SINGLE = (Kind.SUBSCRIPTION, Kind.AGGREGATED_SUBSCRIPTION, Kind.UNBOUND_SUBSCRIPTION, Kind.SYSTEM)
SEVERAL = (Kind.COMPOUND_PUBLICATION, Kind.COMPOUND_SUBSCRIPTION)
OPEN = (Status.NEW, Status.PENDING, Status.PROCESSING)
REACHES = (HOUR, 3 * HOUR, 26 * HOUR, 3 * DAY, 9 * DAY, 35 * DAY, 400 * DAY)


@contextmanager
def wide_hub(data: Path, seed: int, now: int) -> Iterator[tuple[Client, Mapping[str, int]]]:
    """The hub in a process of its own, as a client that sees everything, and the numbers of the applications."""
    with Child(data, "127.0.0.1:0", SETTINGS) as hub, Client(hub.url) as client:
        _set_up(client)
    with Journal(data) as journal:
        _plant(journal, random.Random(seed), now)
        numbers = {name: journal.name(NameKind.APPLICATION, name) for names in APPLICATIONS.values() for name in names}
    with Child(data, "127.0.0.1:0", UNLIMITED) as hub, Client(hub.url) as client:
        _send(client)
        yield client, numbers


def _made(client: Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.http.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    made: dict[str, Any] = answer.json()
    return made


def _set_up(client: Client) -> None:
    _made(client, "/v1/projects", {"name": "north"})
    for project, applications in APPLICATIONS.items():
        within = {"project_id": project}
        job = _made(client, "/v1/jobs", {"name": "load", **within})
        for name in applications:
            _made(client, "/v1/applications", {"name": name, **within})
        for topic in TOPICS[project]:
            _made(client, "/v1/topics", {"name": topic, **within})
            owner = _whose(project, topic)
            _made(client, "/v1/sources", {"name": f"{topic} out", "topic": topic, "application": owner, **within})
        for place, name in enumerate(WISHES[project]):
            wish = {"name": name, "target_id": job["id"], "mode": "paused", "application": _whose(project, name)}
            topics = [TOPICS[project][place % len(TOPICS[project])]]
            _made(client, "/v1/subscriptions", {**wish, "topics": topics, **within})


def _whose(project: str, name: str) -> str:
    """The application of a source, by its topic, or of a subscription."""
    applications = APPLICATIONS[project]
    return applications[len(name) % len(applications)]


def _send(client: Client) -> None:
    """Events of just now, and their deliveries, which wait for subscriptions that are paused."""
    for project, topics in TOPICS.items():
        for topic in topics:
            lines = "\n".join('{"payload":{"n":1}}' for _ in range(SENT // 6))
            path = f"/v1/events/batch?project_id={project}&source={topic} out"
            sent = client.http.post(path, content=lines, headers={"content-type": "application/x-ndjson"})
            assert sent.status_code == 200, sent.text


def _plant(journal: Journal, chance: random.Random, now: int) -> None:
    """Entries whose ids nearly follow their times, over several of the blocks that a search goes by."""
    times = sorted(now - chance.randrange(chance.choice(REACHES)) for _ in range(ENTRIES))
    entry_id = 0
    while times:
        entry_id += chance.choice((1, 1, 2, 3, 40))
        at = times.pop(0) if chance.random() < 0.9 else times.pop(chance.randrange(len(times)))
        at += 10 * DAY if chance.random() < 0.01 else 0  # a clock that was ahead
        project = "north" if chance.random() < 0.2 else "default"
        topic = chance.choice(TOPICS[project])
        kind = chance.choice((Kind.PUBLICATION, Kind.PUBLICATION, *SINGLE, *SEVERAL))
        if kind in (Kind.PUBLICATION, Kind.COMPOUND_PUBLICATION):
            family = Family()
            parent = entry_id
            for _ in range(min(chance.randrange(4), len(times))):
                entry_id += chance.choice((1, 1, 5))
                child = _one(journal, chance, project, Kind.SUBSCRIPTION, entry_id, times.pop(0), topic, parent)
                family.moved(None, child)
            names = (_whose(project, topic), topic if kind is Kind.PUBLICATION else None, f"{topic} out")
            _one(journal, chance, project, kind, parent, at, topic, None, names, family.descendants)
        else:
            _one(journal, chance, project, kind, entry_id, at, topic, None)


def _one(
    journal: Journal,
    chance: random.Random,
    project: str,
    kind: Kind,
    entry_id: int,
    at: int,
    topic: str,
    parent: int | None,
    names: tuple[str, str | None, str] | None = None,
    descendants: Descendants = Descendants.NONE,
) -> Status:
    status = chance.choice([one for one in Status if one is not Status.DELAYED])
    if names is None:
        known = chance.random() < 0.7
        own = chance.choice((WISHES if known else GONE)[project])
        lacks = kind in SEVERAL or (kind is Kind.UNBOUND_SUBSCRIPTION and chance.random() < 0.5)
        names = (_whose(project, own), None if lacks else topic, own)
        if known and kind is Kind.SUBSCRIPTION and chance.random() < 0.2:
            status = Status.DELAYED  # as nothing can be that waits for what is gone
    told = [(format_millis(at), chance.choice(OPEN), "")]
    told.append((format_millis(at + chance.randrange(9_000)), status, chance.choice(("", "by hand"))))
    run = {"run_id": str(chance.randrange(40))} if chance.random() < 0.2 else {}
    counts = {"source_success": chance.randrange(3), "target_failed": chance.randrange(3)}
    family = {"parent_id": parent, "descendants": descendants}
    journal.entry(entry_id, kind, names, format_millis(at), told, project, **run, **counts, **family)
    return status
