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


def test_the_journal_is_followed_as_long_as_wanted(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events", [entry(3), entry(2), entry(1)])
    ended = hub.run("tail", "--limit", "2")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["1", "2"]


ORDER = {
    "specversion": "1.0", "id": "e-1", "source": "/shop", "type": "order", "time": "2026-01-02T03:04:05.678Z",
    "sequence": "000000000000000017", "routingkey": "order.created", "data": {"id": 1, "city": "Zürich"},
}  # fmt: skip
PHOTO = {**ORDER, "type": "photo", "routingkey": "photo", "datacontenttype": "image/png"}
del PHOTO["data"]


def streamed(*events: dict[str, Any]) -> bytes:
    lines = [f"id: {number}\ndata: {json.dumps(event)}\n\n" for number, event in enumerate(events, 17)]
    return "".join(lines).encode()


def test_the_events_of_an_exchange_are_a_line_each(hub: StubHub) -> None:
    body = streamed(ORDER, {**PHOTO, "data_base64": "AAAA"}, PHOTO)
    hub.answers("GET", "/v1/streams/orders", body, **{"content-type": "text/event-stream"})
    ended = hub.run("tail", "orders", "--pattern", "order.#", "--from", "first", "--project", "p", "--limit", "3")
    assert hub.last.query == {"key": "order.#", "from": "first", "project_id": "p"}
    assert ended.out.splitlines() == [
        '2026-01-02T03:04:05.678Z        17  order  order.created  {"id": 1, "city": "Zürich"}',
        "2026-01-02T03:04:05.678Z        17  photo  image/png, 3 bytes",
        "2026-01-02T03:04:05.678Z        17  photo",
    ]
    assert ended.err == "following orders; Ctrl-C ends\n"


def test_programs_get_the_cloudevent(hub: StubHub) -> None:
    hub.answers("GET", "/v1/streams/orders", streamed(ORDER), **{"content-type": "text/event-stream"})
    ended = hub.run("tail", "orders", "--json", "--limit", "1")
    assert json.loads(ended.out) == ORDER
    assert ended.err == ""


def test_what_is_too_long_for_a_line_is_shortened() -> None:
    assert tail._shortened("x" * 30, 25) == "x" * 24 + "…"
    assert tail._shortened("x" * 30, -5) == "x" * 19 + "…"
    assert tail._shortened("x" * 30, 30) == "x" * 30


@pytest.mark.parametrize(
    "words",
    [("orders", "--status", "error"), ("orders", "--kind", "publication"), ("--pattern", "#"), ("--from", "first")],
)
def test_what_is_for_the_journal_is_not_for_an_exchange(hub: StubHub, words: tuple[str, ...]) -> None:
    assert hub.run("tail", *words).status == 2
    assert not hub.asked
