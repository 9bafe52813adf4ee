import asyncio

import pytest

from eventyard.pipeline.turns import TURN_MS, Turn
from eventyard.testing.fakes import HandClock


@pytest.mark.parametrize(("moved_ms", "over"), [(0, False), (TURN_MS - 1, False), (TURN_MS, True), (-1, True)])
def test_a_turn_is_over_when_it_has_been_long_enough_or_the_clock_was_set(moved_ms, over):
    clock = HandClock()
    turn = Turn(clock)
    clock.advance(moved_ms)
    assert turn.over() is over


async def test_others_go_first_and_then_a_turn_begins_anew():
    clock, seen = HandClock(), []
    turn = Turn(clock)

    async def other():
        seen.append(turn.over())

    clock.advance(TURN_MS)
    waiting = asyncio.create_task(other())
    await turn.pass_on()
    assert seen == [True]
    assert not turn.over()
    await waiting
