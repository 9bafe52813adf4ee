import asyncio

import pytest

from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.mail import MailError
from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.fakes import FrailStore, HandClock, Postbox, ScriptedTarget, Shelf, settle

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


async def test_a_postbox_keeps_what_it_takes_and_refuses_as_the_script_says() -> None:
    box, mail = Postbox(), builders.mail()
    box.refusals.append(MailError("550 no"))
    with pytest.raises(MailError, match="550"):
        await box.send(mail)
    await box.send(mail)
    assert (box.taken, box.asked) == ([mail], 2)


async def test_a_held_postbox_takes_what_it_is_given_when_let_go() -> None:
    box = Postbox()
    box.hold()
    sending = asyncio.create_task(box.send(builders.mail()))
    await settle()
    assert not box.taken
    box.let_go()
    await sending
    assert len(box.taken) == 1
