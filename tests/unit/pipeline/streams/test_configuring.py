"""Who may configure declares exchanges, binds them to each other and deletes them; nobody else does."""

import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Topic
from eventyard.model.errors import Forbidden, NotFound
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.pipeline.streams.link import Link
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.conftest import connect, send


async def test_exchanges_are_bound_to_exchanges(link: Link) -> None:
    await link.declare_exchange("all", ExchangeSettings(type=ExchangeType.FANOUT))
    await link.bind_exchange("all", "amq.topic", "a.#", {})
    queue = await link.declare_queue("")
    await link.bind(queue, "all", "")
    await send(link, "amq.topic", "a.b", "c")
    assert queue.depth == 1
    await link.unbind_exchange("all", "amq.topic", "a.#", {})
    await send(link, "amq.topic", "a.c")
    assert queue.depth == 1


async def test_names_with_the_reserved_prefix_are_refused(link: Link) -> None:
    with pytest.raises(Forbidden, match="reserved prefix"):
        await link.declare_queue("amq.mine")
    with pytest.raises(Forbidden, match="reserved prefix"):
        await link.declare_exchange("amq.mine", ExchangeSettings())


async def test_an_auto_delete_exchange_goes_with_its_last_binding(link: Link) -> None:
    await link.declare_exchange("x", ExchangeSettings(auto_delete=True))
    queue = await link.declare_queue("q")
    await link.bind(queue, "x", "a")
    await link.unbind(queue, "x", "a")
    with pytest.raises(NotFound):
        await link.declare_exchange("x", ExchangeSettings(), passive=True)


async def test_the_default_exchange_is_nobody_s_to_configure(link: Link) -> None:
    with pytest.raises(Forbidden):
        await link.declare_exchange("", ExchangeSettings())
    with pytest.raises(Forbidden):
        await link.bind_exchange("", "amq.topic", "#", {})


async def test_a_reader_looks_and_changes_nothing(yard: Yard) -> None:
    reader = connect(yard, await yard.key_for(Scope.EVENTS_READ))
    await reader.declare_exchange("amq.topic", ExchangeSettings(), passive=True)
    with pytest.raises(NotFound):
        await reader.declare_exchange("nothing", ExchangeSettings(), passive=True)
    for refused in (
        reader.declare_exchange("x", ExchangeSettings()),
        reader.delete_exchange("x"),
        reader.bind_exchange("amq.fanout", "amq.topic", "#", {}),
    ):
        with pytest.raises(Forbidden):
            await refused


async def test_an_exchange_that_is_hidden_is_neither_declared_nor_deleted_nor_bound(yard: Yard, limited: Link) -> None:
    for passive in (True, False):
        with pytest.raises(NotFound, match="no exchange 'of-b'"):
            await limited.declare_exchange("of-b", ExchangeSettings(), passive=passive)
    await limited.delete_exchange("of-b")
    await limited.delete_exchange("nothing")
    for to, of in (("of-b", "of-a"), ("of-a", "of-b"), ("of-a", "nothing"), ("of-a", "amq.topic")):
        with pytest.raises(NotFound, match="no exchange"):
            await limited.bind_exchange(to, of, "#", {})
    for alternate in ("of-b", "nothing"):
        with pytest.raises(NotFound, match=f"no exchange '{alternate}'"):
            await limited.declare_exchange("new", ExchangeSettings(alternate=alternate))
    assert yard.hub.catalog.named(Topic, yard.project.id, "new") is None
    await limited.declare_exchange("new", ExchangeSettings(alternate="open"))
    await limited.bind_exchange("new", "of-a", "#", {})
