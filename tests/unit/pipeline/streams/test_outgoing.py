"""What a client publishes is committed together, and each message has its own result."""

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Application
from eventyard.model.errors import Forbidden, HubError, NotFound
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


async def test_what_a_queue_is_not_given_neither_reaches_nor_fills_it(yard: Yard, link: Link, limited: Link) -> None:
    queue = await limited.declare_queue("q", arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
    for exchange in ("of-a", "open"):
        await limited.bind(queue, exchange, "#")
    await link.bind_exchange("open", "of-b", "#", {})
    hidden, seen = Event("e", "/t", "t", 0, b"{}", "k"), Event("f", "/t", "t", 0, b"{}", "k")
    (unrouted,) = await link.publish([Outgoing("of-b", hidden, mandatory=True)])
    assert isinstance(unrouted, Unrouted)
    (full,) = await link.publish([Outgoing("of-a", seen)])
    assert isinstance(full, HubError)
    assert full.message == "queue 'q' is full"


async def test_who_may_not_see_a_full_queue_does_not_learn_its_name(link: Link, limited: Link) -> None:
    queue = await link.declare_queue("payroll", arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
    await link.bind(queue, "open", "#")
    (full,) = await limited.publish([message("open")])
    assert isinstance(full, HubError)
    assert (full.code, full.message) == ("queue_full", "a queue out of your sight is full")


async def test_who_holds_some_categories_publishes_into_what_they_see(yard: Yard, limited: Link) -> None:
    published, hidden, nothing, default = await limited.publish(
        [message("of-a"), message("of-b"), message("nothing"), message("")]
    )
    assert published == 1
    for refused, name in ((hidden, "of-b"), (nothing, "nothing"), (default, "")):
        assert isinstance(refused, NotFound)
        assert refused.message == f"no exchange {name!r}"
    (application,) = yard.hub.catalog.all(Application)
    await yard.hub.catalog.save(replace(application, categories=("b",)))
    (refused,) = await limited.publish([message("of-a")])
    assert isinstance(refused, Forbidden)
