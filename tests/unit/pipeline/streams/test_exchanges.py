"""Every topic is an exchange; those that are declared are topics, behave as declared, and go when they should."""

import asyncio

import pytest

from eventyard.model.catalog import Topic
from eventyard.model.errors import Conflict, Forbidden, NotFound, Unavailable
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.pipeline.streams import exchanges
from eventyard.pipeline.streams.exchanges import Exchanges, settings_of
from eventyard.pipeline.streams.link import Link
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import send


async def topic(yard: Yard, name: str) -> Topic:
    return await yard.hub.streams.exchanges.find(yard.project, name)


async def test_a_topic_made_elsewhere_is_a_topic_exchange(yard: Yard, link: Link) -> None:
    await yard.hub.topics.create(yard.hub.keys.by_key(yard.key), project_id=None, name="orders")
    queue = await link.subscribe("orders", "a.*")
    await send(link, "orders", "a.b", "b.b")
    assert queue.depth == 1


async def test_the_built_in_exchanges_are_what_their_names_say(yard: Yard) -> None:
    types = {}
    for name in ("", "amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"):
        types[name] = settings_of(await topic(yard, name)).type.value
    assert types == {
        "": "direct", "amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic", "amq.headers": "headers",
        "amq.match": "headers",
    }  # fmt: skip


async def test_no_other_exchange_is_made_by_asking_for_it(yard: Yard) -> None:
    for name in ("nothing", "amq.nothing", "project.nothing"):
        with pytest.raises(NotFound):
            await topic(yard, name)


async def test_an_exchange_is_called_by_its_topic_s_name(yard: Yard) -> None:
    exchanges = yard.hub.streams.exchanges
    assert exchanges.name_of((await topic(yard, "amq.topic")).id) == "amq.topic"
    assert exchanges.name_of((await topic(yard, "")).id) == ""
    assert exchanges.name_of("gone") == ""


async def test_what_reaches_nobody_goes_to_the_alternate(link: Link) -> None:
    await link.declare_exchange("strays", ExchangeSettings(type=ExchangeType.FANOUT))
    await link.declare_exchange("x", ExchangeSettings(type=ExchangeType.DIRECT, alternate="strays"))
    strays, known = await link.declare_queue("s"), await link.declare_queue("k")
    await link.bind(strays, "strays", "")
    await link.bind(known, "x", "known")
    await send(link, "x", "known", "unknown")
    assert (known.depth, strays.depth) == (1, 1)


async def test_only_what_was_declared_is_deleted_and_not_while_it_is_in_use(yard: Yard, link: Link) -> None:
    await link.declare_exchange("x", ExchangeSettings())
    queue = await link.declare_queue("q")
    await link.bind(queue, "x", "a")
    with pytest.raises(Conflict, match="in use"):
        await link.delete_exchange("x", if_unused=True)
    await link.delete_exchange("x")
    with pytest.raises(NotFound):
        await topic(yard, "x")
    with pytest.raises(Forbidden):
        await link.delete_exchange("amq.topic")


async def test_an_exchange_between_others_passes_on_what_its_bindings_let_through(yard: Yard, link: Link) -> None:
    await link.declare_exchange("inner", ExchangeSettings())
    await link.bind_exchange("inner", "amq.topic", "a.#", {})
    await link.bind_exchange("inner", "amq.topic", "a.#", {})
    bindings = settings_of(await topic(yard, "inner")).bindings
    assert [binding.key for binding in bindings] == ["a.#"]


async def test_a_transient_exchange_does_not_outlive_the_hub(yard: Yard, link: Link) -> None:
    await link.declare_exchange("brief", ExchangeSettings(durable=False))
    await link.declare_exchange("lasting", ExchangeSettings())
    await send(link, "brief", "a")
    await yard.hub.streams.exchanges.start()
    assert yard.hub.catalog.named(Topic, yard.project.id, "brief") is None
    assert yard.hub.catalog.named(Topic, yard.project.id, "lasting") is not None


async def test_an_exchange_that_others_use_as_a_topic_is_not_deleted(yard: Yard, link: Link) -> None:
    admin = yard.hub.keys.by_key(yard.key)
    await link.declare_exchange("x", ExchangeSettings(durable=False, auto_delete=True))
    queue = await link.declare_queue("q")
    await link.bind(queue, "x", "#")
    await yard.hub.sources.create(admin, project_id=None, name="s", topic=(await topic(yard, "x")).id)
    with pytest.raises(Conflict, match="in use"):
        await link.delete_exchange("x")
    await link.unbind(queue, "x", "#")
    await Exchanges(yard.hub.catalog, yard.hub.streams.queues, yard.hub.publishing).start()
    assert await topic(yard, "x")


async def test_an_exchange_of_the_hub_s_own_stays_though_others_lead_to_it(yard: Yard, link: Link) -> None:
    name = f"project.{yard.project.id}"
    await link.bind_exchange(name, "amq.topic", "#", {})
    with pytest.raises(Forbidden):
        await link.delete_exchange(name)


async def test_an_exchange_that_goes_with_its_last_binding_stays_for_a_new_one(yard: Yard, link: Link) -> None:
    await link.declare_exchange("x", ExchangeSettings(auto_delete=True))
    queue = await link.declare_queue("q")
    await link.bind(queue, "x", "old")
    async with yard.hub.catalog.turn:
        leaving = asyncio.create_task(link.unbind(queue, "x", "old"))
        await asyncio.sleep(0)
        await link.bind(queue, "x", "new")
    await leaving
    assert await topic(yard, "x")


async def test_a_queue_has_only_so_many_bindings(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "MOST_BINDINGS", 2)
    queue = await link.declare_queue("q")
    await link.bind(queue, "amq.topic", "a")
    with pytest.raises(Unavailable, match="2 bindings"):
        await link.bind(queue, "amq.topic", "b")
    await link.unbind(queue, "amq.topic", "a")
    await link.bind(queue, "amq.topic", "b")
