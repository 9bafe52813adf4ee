"""A client of the streams of a hub in memory."""

from collections.abc import AsyncIterator

import pytest

from eventyard.model.access import Scope
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing
from eventyard.testing import builders
from eventyard.testing.hub import Yard


@pytest.fixture
async def link(yard: Yard) -> AsyncIterator[Link]:
    one = connect(yard)
    yield one
    await one.close()


@pytest.fixture
async def limited(yard: Yard) -> AsyncIterator[Link]:
    """A client that holds the category ``a``, where there is a topic of ``a``, one of ``b`` and one of none."""
    words = {"of-a": ("a",), "of-b": ("b",), "open": ()}
    topics = [builders.topic(name, project_id=yard.project.id, categories=borne) for name, borne in words.items()]
    await yard.hub.catalog.save(*topics)
    one = connect(yard, await yard.key_for(Scope.ADMIN, categories=("a",)))
    yield one
    await one.close()


def connect(yard: Yard, key: str | None = None, **more: str) -> Link:
    who = yard.hub.keys.by_key(key or yard.key)
    return yard.hub.streams.connect(
        who, protocol="test", peer="here", name="", end=lambda error: ended.append(error.code), **more
    )


ended: list[str] = []


async def send(link: Link, exchange: str, *keys: str, **extensions: str) -> list[EntryId]:
    """Publish one message with each routing key; the entries."""
    events = [Event(f"e-{key}", "/t", "t", 0, b"{}", key, extensions=extensions) for key in keys]
    results = await link.publish([Outgoing(exchange, event) for event in events])
    assert all(isinstance(result, int) for result in results), results
    return [result for result in results if isinstance(result, int)]
