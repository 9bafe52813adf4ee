import asyncio

from hypothesis import given
from hypothesis import strategies as st

from eventyard.pipeline.timing import Agenda, Alarm
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
