import pytest

from eventyard.cli.demo.receivers import Inbox
from eventyard.cli.receiver import Received


def received(event_id: str, *, verified: bool = True) -> Received:
    return Received(5.0, "/", {"ce-id": event_id, "ce-type": "push"}, b"{}", verified)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox("reviews", failures=1)


def test_the_first_requests_are_refused_and_remembered(inbox: Inbox) -> None:
    assert [inbox.take(received("e-1")), inbox.take(received("e-2")), inbox.take(received("e-1"))] == [500, 200, 200]
    assert inbox.refused == ["e-1"]
    assert [arrival.event_id for arrival in inbox.arrivals] == ["e-2", "e-1"]


def test_what_is_not_signed_is_counted_and_not_taken(inbox: Inbox) -> None:
    assert inbox.take(received("e-1", verified=False)) == 401
    assert (inbox.unverified, inbox.arrivals) == (1, [])


def test_a_watcher_hears_of_every_delivery(inbox: Inbox) -> None:
    heard: list[str] = []
    inbox.watch = heard.append
    inbox.take(received("e-1"))
    inbox.take(received("e-2"))
    assert heard == ["reviews got push e-2"]
