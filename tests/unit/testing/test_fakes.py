import asyncio

import pytest

from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.fakes import FrailStore, HandClock, ScriptedTarget, Shelf, settle

TARGET = builders.target(number=5)
DELIVERY = Delivery(EntryId(2), EntryId(1), "s", 1, builders.event(), TARGET, {}, NOW)


def test_a_hand_clock_stands_still_until_it_is_moved() -> None:
    clock = HandClock()
    assert (clock(), clock.advance(5), clock()) == (NOW, NOW + 5, NOW + 5)


async def test_a_scripted_target_does_as_told_and_then_delivers() -> None:
    kind, failed = ScriptedTarget(), Outcome(Result.FAILED, 500)
    kind.script(TARGET, failed, ValueError("a bug"))
    assert await kind.send(DELIVERY) == failed
    with pytest.raises(ValueError, match="a bug"):
        await kind.send(DELIVERY)
    assert (await kind.send(DELIVERY)).result is Result.DELIVERED


async def test_a_held_target_answers_when_let_go() -> None:
    kind = ScriptedTarget()
    kind.hold(TARGET)
    sending = asyncio.create_task(kind.send(DELIVERY))
    assert await kind.arrived(1) == [DELIVERY]
    await settle()
    assert not sending.done()
    kind.let_go(TARGET)
    assert (await sending).result is Result.DELIVERED


def test_a_shelf_finds_what_was_put_there() -> None:
    shelf = Shelf(TARGET, builders.subscription())
    assert shelf.target(5) is TARGET
    assert shelf.subscription("subscription-fulfilment") is not None
    assert shelf.secrets(TARGET) == {}
    shelf.drop(TARGET)
    assert shelf.target(5) is None


async def test_a_frail_store_refuses_while_it_is_down() -> None:
    store = FrailStore(HandClock())
    store.down = True
    with pytest.raises(Unavailable):
        await store.record(builders.delivered(2, 1))
    with pytest.raises(Unavailable):
        await store.claim({5: 1}, NOW + 1, NOW)
    store.down = False
    assert await store.claim({5: 1}, NOW + 1, NOW) == []
