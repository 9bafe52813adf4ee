"""What clients ask of queues and of replays is read, and what makes no sense is refused with its name."""

from datetime import UTC, datetime
from typing import Any

import pytest

from eventyard.model.errors import Conflict, Invalid
from eventyard.model.streams import Overflow
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.options import cursor_of, queue_options
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import send


def test_every_known_argument_is_read() -> None:
    arguments = {
        "x-expires": 5, "x-message-ttl": 0, "x-max-length": 3, "x-max-length-bytes": 100,
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": "dead", "x-dead-letter-routing-key": "k", "x-single-active-consumer": True,
        "x-max-priority": 9, "x-queue-type": "quorum", "x-anything": object,
    }  # fmt: skip
    options = queue_options(arguments)
    assert (options.expires_ms, options.ttl_ms, options.max_length, options.max_bytes) == (5, 0, 3, 100)
    assert (options.overflow, options.single_active, options.max_priority) == (Overflow.REJECT_PUBLISH, True, 9)
    assert (options.dead_letter_exchange, options.dead_letter_key) == ("dead", "k")
    assert options.arguments == arguments


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-expires", 0), ("x-message-ttl", -1), ("x-message-ttl", "5"), ("x-max-length", True),
        ("x-overflow", "spill"),
        ("x-dead-letter-exchange", 5), ("x-queue-type", "pile"), ("x-single-active-consumer", 1),
        ("x-expires", 1 << 63), ("x-max-priority", 256),
    ],
)  # fmt: skip
def test_a_value_without_sense_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Conflict, match=name) as refused:
        queue_options({name: value})
    assert refused.value.pointer == name


def test_what_no_queue_follows_is_said_so() -> None:
    with pytest.raises(Invalid) as refused:
        queue_options({"x-overflow": "reject-publish-dlx"})
    assert (refused.value.code, refused.value.pointer) == ("not_implemented", "x-overflow")


def test_a_dead_letter_key_needs_its_exchange() -> None:
    with pytest.raises(Conflict, match="without x-dead-letter-exchange"):
        queue_options({"x-dead-letter-routing-key": "k"})


async def test_a_place_in_the_stream_can_be_named_in_many_ways(link: Link, yard: Yard) -> None:
    (first,) = await send(link, "amq.topic", "a")
    yard.clock.advance(60_000)
    (second,) = await send(link, "amq.topic", "b")
    queue = await link.subscribe("amq.topic", "#")
    feed = yard.hub.streams.feed
    exchange = yard.hub.streams.queues.upstream(queue)[0]
    between = datetime.fromtimestamp((yard.clock() - 30_000) / 1000, UTC)
    wishes = [
        "first",
        "last",
        "next",
        second,
        f"offset={second}",
        str(second),
        between,
        f"timestamp={int(between.timestamp())}",
    ]
    places = [await cursor_of(wish, feed, exchange) for wish in wishes]
    assert places == [0, second - 1, second, second - 1, second - 1, second - 1, first, first]
    assert await cursor_of(between.isoformat().replace("+00:00", "Z"), feed, exchange) == first


async def test_a_place_that_is_none_is_refused(yard: Yard) -> None:
    with pytest.raises(Invalid, match="no place in the stream"):
        await cursor_of("yesterday", yard.hub.streams.feed, None)


async def test_a_place_that_was_not_reached_yet_is_the_next_one(link: Link, yard: Yard) -> None:
    (entry,) = await send(link, "amq.topic", "a")
    for wish in (entry + 1, entry + 2, "9" * 18, "timestamp=" + "9" * 12):
        assert await cursor_of(wish, yard.hub.streams.feed, None) == entry


@pytest.mark.parametrize("wish", ["9" * 5_000, "timestamp=" + "9" * 30, "\N{SUPERSCRIPT TWO}", "offset=", "-1"])
async def test_a_number_that_is_none_is_refused_as_well(yard: Yard, wish: str) -> None:
    with pytest.raises(Invalid, match="no place in the stream"):
        await cursor_of(wish, yard.hub.streams.feed, None)
