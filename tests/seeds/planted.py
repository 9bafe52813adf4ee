"""A hub whose journal holds what the seeds show, under the same ids, names and times; and a client of its profiles."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from eventyard.app import JOURNAL_FILE
from eventyard.cli.demo.child import Child
from eventyard.model.journal import HistoryLine
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.stores.family import lived
from eventyard.stores.records import NameKind
from eventyard.stores.sql.tables import SPAN_BITS
from eventyard.wire.rfc3339 import parse

KEY = "eyk_of_the_seeds"
SETTINGS = {"EVENTYARD_BOOTSTRAP_KEY": KEY}
UNLIMITED = {**SETTINGS, "EVENTYARD_INFORMATICA__CIH_CALLS_PER_MINUTE": "0"}


class Client:
    """A client of both profiles of one hub, open while it is entered."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, auth=("anybody", KEY), timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def post(self, body: Any = None, profile: str = "/dih-console") -> httpx.Response:
        """The answer to a search. Bytes and texts are sent as they are."""
        if isinstance(body, bytes | str):
            return self.http.post(f"{profile}/api/v1/events", content=body)
        return self.http.post(f"{profile}/api/v1/events", json={} if body is None else body)

    def search(self, body: Any = None, profile: str = "/dih-console") -> list[dict[str, Any]]:
        """The events that a search finds."""
        found = self.post(body, profile)
        assert found.status_code == 200, found.text
        events: list[dict[str, Any]] = found.json()
        assert isinstance(events, list)
        return events

    def ids(self, body: Any = None, profile: str = "/dih-console") -> list[int]:
        """Their ids."""
        return [event["eventId"] for event in self.search(body, profile)]


@contextmanager
def planted_hub(data: Path, **settings: str) -> Iterator[Client]:
    """A hub in a process of its own whose journal holds the events of both seeds, and a client of it."""
    with Child(data, "127.0.0.1:0", SETTINGS):
        pass  # makes the store
    plant_seeds(data)
    with Child(data, "127.0.0.1:0", {**UNLIMITED, **settings}) as hub, Client(hub.url) as client:
        yield client


class Journal:
    """Writes to the journal file in a hub's data directory while it is entered."""

    def __init__(self, data: Path) -> None:
        self._connection = sqlite3.connect(data / JOURNAL_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        spans = "SELECT coalesce(min(created_at), 0), coalesce(max(created_at), 0) FROM entries WHERE id >> ? = ?"
        (last,) = self._connection.execute("SELECT max(id) FROM entries").fetchone()
        for block in range(last >> SPAN_BITS):
            span = self._connection.execute(spans, (SPAN_BITS, block)).fetchone()
            self._connection.execute("INSERT INTO spans VALUES (?, ?, ?)", (block, *span))
        self._connection.commit()
        self._connection.close()

    def name(self, kind: NameKind, name: str) -> int:
        """The number of something of that name, which is in no catalog."""
        found = self._connection.execute("SELECT number FROM names WHERE kind = ? AND name = ?", (kind, name))
        return next((number for (number,) in found), None) or self._added(
            "names", int(kind), f"{kind.name.lower()}-{name}", name, name.casefold()
        )

    def entry(
        self,
        entry_id: int,
        kind: Kind,
        names: tuple[str, str | None, str],
        created_at: str,
        told: Sequence[tuple[str, Status, str]],
        project: str = "default",
        **columns: Any,
    ) -> None:
        """An entry of an application, a topic or none, and a source or subscription, with its whole history."""
        application, topic, own = names
        history = [HistoryLine(parse(at), status, comment) for at, status, comment in told]
        life = lived(history)
        row = {
            "id": entry_id,
            "series": self._series(kind, project, application, topic, own),
            "status": life.status,
            "descendants": Descendants.NONE,
            "lines": len(history),
            "created_at": parse(created_at),
            "completed_at": life.completed_at,
            "delayed_ms": life.delayed_ms,
            "event_id": f"event-{entry_id}",
            **columns,
        }
        marks = ", ".join("?" * len(row))
        self._connection.execute(f"INSERT INTO entries ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        for number, line in enumerate(history, 1):
            values = (entry_id, number, line.at, int(line.status), line.comment, None)
            self._connection.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)", values)

    def _series(self, kind: Kind, project: str, application: str, topic: str | None, own: str) -> int:
        own_kind = NameKind.SOURCE if kind is Kind.PUBLICATION else NameKind.SUBSCRIPTION
        values = (
            int(kind),
            self.name(NameKind.PROJECT, project),
            self.name(NameKind.APPLICATION, application),
            0 if topic is None else self.name(NameKind.TOPIC, topic),
            self.name(own_kind, own),
        )
        same = "kind = ? AND project = ? AND application = ? AND topic = ? AND name = ?"
        found = self._connection.execute(f"SELECT number FROM series WHERE {same}", values)
        return next((number for (number,) in found), None) or self._added("series", *values)

    def _added(self, table: str, *values: Any) -> int:
        (number,) = self._connection.execute(f"SELECT coalesce(max(number), 0) + 1 FROM {table}").fetchone()
        marks = ", ".join("?" * (len(values) + 1))
        self._connection.execute(f"INSERT INTO {table} VALUES ({marks})", (number, *values))
        return int(number)


def plant_seeds(data: Path) -> None:
    """The events of both seeds."""
    processing, delayed, complete, error = Status.PROCESSING, Status.DELAYED, Status.COMPLETE, Status.ERROR
    with Journal(data) as journal:
        journal.entry(
            9275, Kind.SUBSCRIPTION, ("TestCompoundSub", "ReprocessTest", "CompoundSub"), "2021-04-01T08:55:09.486Z",
            [
                ("2021-04-01T08:55:09.486Z", processing, ""),
                ("2021-04-01T08:55:09.548Z", delayed, "Compound subscription."),
                ("2021-04-01T08:56:30.293Z", processing, "This event is a part of a compound subscription."),
                ("2021-04-01T08:56:52.607Z", complete, "reflected by event 9278"),
            ],
            parent_id=10079,
        )  # fmt: skip
        journal.entry(
            9278, Kind.COMPOUND_SUBSCRIPTION, ("TestCompoundSub", None, "CompoundSub"), "2021-04-01T08:56:30.293Z",
            [
                ("2021-04-01T08:56:30.293Z", Status.NEW, ""),
                ("2021-04-01T08:56:30.308Z", processing, "Released"),
                ("2021-04-01T08:56:52.622Z", complete, "Subscription to topic completed successfully"),
            ],
        )  # fmt: skip
        journal.entry(
            32010, Kind.PUBLICATION, ("DI_App", "DI_Topic", "DSS_Pub"), "2023-04-20T02:45:58.094Z",
            [
                ("2023-04-20T02:45:58.095Z", processing, ""),
                ("2023-04-20T02:46:40.130Z", complete, "Publishing to topic completed successfully"),
            ],
            descendants=Descendants.ERROR, children=1, failed=1, source_success=1, target_success=1, run_id="28",
        )  # fmt: skip
        journal.entry(
            32011, Kind.SUBSCRIPTION, ("DI_App", "DI_Topic", "DSS_Sub"), "2023-04-20T02:46:40.157Z",
            [
                ("2023-04-20T02:46:40.158Z", processing, ""),
                ("2023-04-20T02:47:04.801Z", error, "Subscription to topic failed. The job failed."),
            ],
            parent_id=32010, run_id="9",
        )  # fmt: skip
