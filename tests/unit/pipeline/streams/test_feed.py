"""The feed holds what is recent, reads what is older, and joins the two by entry without gap or duplicate."""

from collections.abc import Sequence

import pytest

from eventyard.model.catalog import Application, Topic
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import Seen
from eventyard.pipeline.streams import feed as feed_module
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.link import Link
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import send


def ids(messages: Sequence[Message] | None) -> list[int] | None:
    return None if messages is None else [message.entry_id for message in messages]


async def test_nothing_is_kept_while_nobody_listens(link: Link, yard: Yard) -> None:
    (entry,) = await send(link, "amq.topic", "a")
    feed = yard.hub.streams.feed
    assert feed.head == entry
    assert feed.since(entry) == []
    assert feed.since(EntryId(entry - 1)) is None


async def test_what_is_recent_is_at_hand(link: Link, yard: Yard) -> None:
    await link.subscribe("amq.topic", "#")
    first, second, third = await send(link, "amq.topic", "a", "b", "c")
    feed = yard.hub.streams.feed
    assert ids(feed.since(EntryId(first - 1))) == [first, second, third]
    assert ids(feed.since(second)) == [third]
    assert ids(feed.since(third)) == []


@pytest.mark.parametrize("bound", ["RECENT", "RECENT_BYTES"])
async def test_what_is_kept_is_bounded_and_the_rest_is_read(
    link: Link, yard: Yard, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(feed_module, bound, 4)
    queue = await link.subscribe("amq.topic", "#")
    entries = []
    for number in range(20):
        entries += await send(link, "amq.topic", f"k{number}")
    feed = yard.hub.streams.feed
    assert feed.since(entries[0]) is None
    cursor, found = entries[0], []
    while cursor < feed.head:
        messages, cursor = await feed.history(yard.hub.streams.queues.upstream(queue), cursor, 3)
        found += [message.entry_id for message in messages]
    assert found == entries[1:]


async def test_the_newest_of_an_exchange_is_found(link: Link, yard: Yard) -> None:
    one, other = await send(link, "amq.topic", "a"), await send(link, "amq.fanout", "b")
    catalog, feed = yard.hub.catalog, yard.hub.streams.feed
    topics = {topic.name: topic.id for topic in catalog.all(Topic)}
    assert await feed.newest_of(topics["amq.topic"], None) == one[0]
    assert await feed.newest_of(topics["amq.fanout"], None) == other[0]
    assert await feed.newest_of("nothing", None) == 0


def test_a_message_says_what_it_is() -> None:
    assert repr(Message(EntryId(7), 0, "x", Event("e", "/s", "t", 0, b"", "a.b"))) == "Message(7, 'a.b')"


async def test_what_was_encoded_is_kept_of_the_newest_only(
    link: Link, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "WARM", 2)
    monkeypatch.setattr(feed_module, "RECENT", 3)
    await link.subscribe("amq.topic", "#")
    feed = yard.hub.streams.feed
    for number in range(20):
        await send(link, "amq.topic", f"k{number}")
        recent = feed.since(feed._past)
        assert recent is not None
        for message in recent:
            message.made["form"] = "encoded"
        assert [bool(message.made) for message in recent[-3:]] == [False, True, True][-len(recent) :]


async def test_the_newest_of_an_exchange_is_the_newest_that_may_be_seen(yard: Yard, link: Link) -> None:
    first, *_ = await send(link, "amq.topic", "a", "b")
    (application,) = yard.hub.catalog.all(Application)
    (topic,) = [topic for topic in yard.hub.catalog.all(Topic) if topic.name == "amq.topic"]
    feed = yard.hub.streams.feed
    assert await feed.newest_of(topic.id, Seen((application.number,), (topic.number,), ())) == first + 1
    assert await feed.newest_of(topic.id, Seen((), (topic.number,), ())) == 0
