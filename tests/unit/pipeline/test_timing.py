import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.pipeline import timing
from eventyard.pipeline.timing import Agenda, Alarm, Watch
from eventyard.testing.fakes import HandClock


def test_an_agenda_knows_the_next_moment_and_forgets_those_reached() -> None:
    agenda = Agenda()
    for at in (30, 10, 20):
        agenda.add(at)
    assert agenda.next() == 10
    assert not agenda.reached(9)
    assert agenda.reached(20)
    assert agenda.next() == 30


def test_an_agenda_that_was_told_of_the_first_is_uncertain_of_the_rest_once_that_is_reached() -> None:
    agenda = Agenda()
    agenda.learn(10)
    assert (agenda.next(), agenda.uncertain) == (10, False)
    assert agenda.reached(10)
    assert agenda.uncertain
    agenda.learn(None)
    assert (agenda.next(), agenda.uncertain) == (None, False)


@given(st.lists(st.integers(1, 1000), max_size=60), st.integers(1, 5))
def test_no_moment_is_ever_missed_however_small_the_agenda(moments: list[int], bound: int) -> None:
    agenda, store = Agenda(bound), sorted(moments)
    for at in moments:
        agenda.add(at)
    while store:
        now = agenda.next()
        assert now is not None
        assert now <= store[0]
        agenda.reached(now)
        store = [at for at in store if at > now]
        if agenda.uncertain:
            agenda.learn(store[0] if store else None)
    assert agenda.next() is None


async def test_an_alarm_rings_at_the_earliest_moment_asked_for() -> None:
    rang = asyncio.Event()
    alarm = Alarm(HandClock(1_000), rang.set)
    alarm.set(None)
    alarm.set(9_000_000)
    alarm.set(1_000)
    await rang.wait()


async def test_a_stopped_alarm_is_silent_and_may_be_set_anew() -> None:
    rang = asyncio.Event()
    alarm = Alarm(HandClock(1_000), rang.set)
    alarm.set(1_000)
    alarm.stop()
    await asyncio.sleep(0)
    assert not rang.is_set()
    alarm.set(1_000)
    await rang.wait()


@pytest.fixture
async def never(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Event]:
    """What does not happen; watches look for it all the time."""
    monkeypatch.setattr(timing, "LOOK_S", 0.0)
    yield asyncio.Event()


async def value(of: int) -> int:
    await asyncio.sleep(0)
    return of


async def test_what_keeps_its_time_is_not_disturbed(never: asyncio.Event) -> None:
    watch = Watch()
    assert await asyncio.gather(*(watch.within(60, value(n)) for n in range(3))) == [0, 1, 2]


async def test_what_overstays_is_cut_off_alone(never: asyncio.Event) -> None:
    watch = Watch()
    patient = asyncio.create_task(watch.within(60, never.wait()))
    with pytest.raises(TimeoutError):
        await watch.within(0, never.wait())
    assert not patient.done()
    never.set()
    assert await patient
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_cancellation_from_elsewhere_stays_one(never: asyncio.Event) -> None:
    task = asyncio.create_task(Watch().within(60, never.wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_elsewhere_outweighs_being_cut_off(never: asyncio.Event) -> None:
    begun = asyncio.Event()

    async def stubborn() -> None:
        try:
            await never.wait()
        except asyncio.CancelledError:
            begun.set()
            await never.wait()

    task = asyncio.create_task(Watch().within(0, stubborn()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_ends_in_spite_of_being_cut_off_has_ended(never: asyncio.Event) -> None:
    async def stubborn() -> str:
        try:
            await never.wait()
        except asyncio.CancelledError:
            return "done"
        return "never"

    assert await Watch().within(0, stubborn()) == "done"
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()
