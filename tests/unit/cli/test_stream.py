"""A stream is read event by event, and goes on where it was when it breaks."""

from itertools import islice

import pytest

from eventyard.cli import stream
from eventyard.cli.client import Client, Refused
from eventyard.cli.failure import Failure
from eventyard.cli.stream import ServerSent, follow, parse
from tests.unit.cli.stub import StubHub

PATH = "/v1/streams/orders"
EVENTS = {"content-type": "text/event-stream"}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; it takes no time."""
    waited: list[float] = []
    monkeypatch.setattr(stream.time, "sleep", waited.append)
    return waited


def read(text: str) -> list[ServerSent]:
    return list(parse(line.encode() for line in text.splitlines(keepends=True)))


def test_an_event_ends_with_an_empty_line_and_keeps_the_id_of_the_last() -> None:
    assert read("id: 7\ndata: a\ndata:b\n\n: alive\n\nevent: end\ndata: over\n\ndata: cut") == [
        ServerSent("7", "message", "a\nb"),
        ServerSent("7", "end", "over"),
    ]


def test_an_id_alone_says_where_the_stream_begins() -> None:
    assert read("id: 5\r\n\r\n") == [ServerSent("5", "message", "")]


def test_a_stream_that_breaks_goes_on_after_the_last_event(hub: StubHub, waits: list[float]) -> None:
    hub.answers("GET", PATH, b"id: 4\n\nid: 5\ndata: a\n\nid: 6\nda", **EVENTS)
    hub.answers("GET", PATH, b"id: 6\ndata: b\n\n", **EVENTS)
    with Client(hub.url, "eyk_1") as client:
        events = list(islice(follow(client, "orders", {"from": None, "key": "#"}), 2))
    assert [event.data for event in events] == ["a", "b"]
    assert [asked.headers.get("last-event-id") for asked in hub.asked] == [None, "5"]
    assert hub.asked[0].query == {"key": "#"}
    assert hub.asked[0].headers["authorization"] == "Bearer eyk_1"
    assert waits == [1]


def test_a_hub_that_is_away_is_waited_for_longer_and_longer(hub: StubHub, waits: list[float]) -> None:
    hub.answers("GET", PATH, b"id: 1\n\nevent: end\ndata: shutting_down: the hub is stopping\n\n", **EVENTS)
    for _ in range(5):
        hub.refuses("GET", PATH, 503, code="shutting_down")
    hub.answers("GET", PATH, b"id: 2\ndata: a\n\n", **EVENTS)
    with Client(hub.url) as client:
        assert next(follow(client, "orders", {})).id == "2"
    assert waits == [1, 2, 4, 8, 15, 15]


def test_a_stream_that_is_not_there_or_no_more_is_a_failure(hub: StubHub, waits: list[float]) -> None:
    hub.refuses("GET", PATH + ".of-others", 503, code="too_many")
    with Client(hub.url) as client, pytest.raises(Refused):
        next(follow(client, "orders.of-others", {}))
    hub.answers("GET", PATH, b"id: 1\n\n", **EVENTS)
    hub.refuses("GET", PATH, 401, code="unauthenticated", detail="the API key is not valid")
    with Client(hub.url) as client, pytest.raises(Refused):
        list(follow(client, "orders", {}))
    with Client("http://127.0.0.1:9") as client, pytest.raises(Failure):
        next(follow(client, "orders", {}))
    assert len(waits) == 1
