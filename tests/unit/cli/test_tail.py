import json
from collections.abc import Iterator
from typing import Any

import pytest

from eventyard.cli import tail
from tests.unit.cli.stub import StubHub


def entry(number: int) -> dict[str, Any]:
    return {
        "entry_id": number, "created_at": "2026-01-02T03:04:05.678Z", "kind": "publication", "status": "complete",
        "topic": "orders", "name": "orders", "event_id": f"e-{number}",
    }  # fmt: skip


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes twice, then somebody presses Ctrl-C."""
    passing: Iterator[None] = iter((None, None))

    def sleep(seconds: float) -> None:
        try:
            next(passing)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(tail.time, "sleep", sleep)


@pytest.mark.usefixtures("looks")
def test_what_is_new_is_printed_oldest_first_and_once(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events", [entry(3), entry(2), entry(1)])
    hub.answers("GET", "/v1/events", [entry(5), entry(4), entry(3)])
    hub.answers("GET", "/v1/events", [entry(6), entry(5)])
    ended = hub.run("tail", "--lines", "2", "--json")
    assert [json.loads(line)["entry_id"] for line in ended.out.splitlines()] == [2, 3, 4, 5, 6]
    assert ended.status == 0


@pytest.mark.usefixtures("looks")
def test_older_pages_are_read_until_what_was_seen(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events", [entry(1)])
    hub.answers("GET", "/v1/events", [entry(4), entry(3)], link='</v1/events?cursor=x>; rel="next"')
    hub.answers("GET", "/v1/events", [entry(2), entry(1)])
    hub.answers("GET", "/v1/events", [])
    ended = hub.run("tail", "--lines", "0", "--kind", "publication")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["2", "3", "4"]
    assert hub.asked[0].query["kind"] == "publication"
