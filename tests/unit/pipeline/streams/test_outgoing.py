"""What a client publishes is committed together, and each message has its own result."""

import pytest

from eventyard.model.errors import HubError, NotFound
from eventyard.model.event import Event
from eventyard.model.streams import ExchangeSettings
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.outgoing import Outgoing, Unrouted
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import send


def message(exchange: str, key: str = "a") -> Outgoing:
    return Outgoing(exchange, Event(f"e-{exchange}-{key}", "/t", "t", 0, b"{}", key))


async def test_what_is_wrong_with_one_message_harms_no_other(link: Link, yard: Yard) -> None:
    first, refused, last = await link.publish([message("amq.topic"), message("nothing"), message("amq.fanout")])
    assert isinstance(refused, NotFound)
    assert (first, last) == (1, 2)
    assert link.published == 2


async def test_a_whole_is_published_or_nothing_of_it(link: Link, yard: Yard) -> None:
    with pytest.raises(NotFound):
        await link.publish([message("amq.topic"), message("nothing")], whole=True)
    assert await yard.store.newest() == 0
    assert await link.publish([message("amq.topic"), message("amq.topic", "b")], whole=True) == [1, 2]


async def test_nobody_publishes_to_an_internal_exchange(link: Link) -> None:
    await link.declare_exchange("inner", ExchangeSettings(internal=True))
    (refused,) = await link.publish([message("inner")])
    assert isinstance(refused, HubError)
    assert refused.code == "forbidden"


async def test_a_mandatory_message_that_reaches_nobody_is_on_record_and_given_back(link: Link, yard: Yard) -> None:
    event = Event("e", "/t", "t", 0, b"{}", "nowhere")
    (result,) = await link.publish([Outgoing("", event, mandatory=True)])
    assert isinstance(result, Unrouted)
    assert (await yard.store.detail(result.entry_id)).event is not None
    await link.declare_queue("nowhere")
    assert await link.publish([Outgoing("", event, mandatory=True)]) == [result.entry_id + 1]


async def test_a_full_queue_refuses_what_publishers_add(link: Link) -> None:
    await link.declare_queue("q", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    await send(link, "", "q")
    (refused,) = await link.publish([Outgoing("", Event("e", "/t", "t", 0, b"{}", "q"))])
    assert isinstance(refused, HubError)


async def test_what_comes_together_counts_together(link: Link) -> None:
    queue = await link.declare_queue("q", arguments={"x-max-length": 2, "x-overflow": "reject-publish"})
    event = Event("e", "/t", "t", 0, b"{}", "q")
    results = await link.publish([Outgoing("", event)] * 4)
    assert [isinstance(result, HubError) for result in results] == [False, False, True, True]
    assert queue.depth == 2
