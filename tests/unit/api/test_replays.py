import asyncio

import pytest

from eventyard.api.http import Answer
from eventyard.api.replays import Replays
from eventyard.model.errors import Conflict, Unavailable
from eventyard.testing.fakes import HandClock, settle


class Maker:
    """Makes a new answer each time it is asked."""

    def __init__(self, status=201):
        self.status = status
        self.made = 0
        self.gate = None

    async def __call__(self):
        self.made += 1
        if self.gate is not None:
            await self.gate.wait()
        return Answer(self.status, b"%d" % self.made)


def replays(**options):
    clock = HandClock()
    return Replays(clock, 1000, **options), clock


async def test_the_same_key_and_body_get_the_first_answer_again():
    kept, _ = replays()
    make = Maker()
    assert await kept.once(("k",), b"x", make) == (Answer(201, b"1"), False)
    assert await kept.once(("k",), b"x", make) == (Answer(201, b"1"), True)
    assert make.made == 1


async def test_another_body_under_the_same_key_is_refused():
    kept, _ = replays()
    await kept.once(("k",), b"x", Maker())
    with pytest.raises(Conflict) as refused:
        await kept.once(("k",), b"y", Maker())
    assert refused.value.code == "idempotency_mismatch"


async def test_after_the_window_the_key_is_free():
    kept, clock = replays()
    await kept.once(("k",), b"x", Maker())
    clock.advance(1000)
    assert await kept.once(("k",), b"y", Maker()) == (Answer(201, b"1"), False)


async def test_a_failure_is_not_kept():
    kept, _ = replays()
    assert (await kept.once(("k",), b"x", Maker(404)))[0].status == 404

    async def fail():
        raise Unavailable("store_full", "the disk is full")

    with pytest.raises(Unavailable):
        await kept.once(("k",), b"x", fail)
    assert await kept.once(("k",), b"x", Maker()) == (Answer(201, b"1"), False)


async def test_a_twin_waits_for_the_first_and_gets_its_answer():
    kept, _ = replays()
    make = Maker()
    make.gate = asyncio.Event()
    first, second = (asyncio.create_task(kept.once(("k",), b"x", make)) for _ in range(2))
    await settle()
    make.gate.set()
    assert await first == (Answer(201, b"1"), False)
    assert await second == (Answer(201, b"1"), True)


async def test_a_twin_of_one_that_failed_tries_itself():
    kept, _ = replays()
    make = Maker(500)
    make.gate = asyncio.Event()
    first, second = (asyncio.create_task(kept.once(("k",), b"x", make)) for _ in range(2))
    await settle()
    make.gate.set()
    assert [await first, await second] == [(Answer(500, b"1"), False), (Answer(500, b"2"), False)]


async def test_the_oldest_answers_make_room():
    kept, _ = replays(room=3000)
    for key in "abc":
        await kept.once((key,), b"x", Maker())
    assert [(await kept.once((key,), b"x", Maker()))[1] for key in "cb"] == [True, True]
    assert not (await kept.once(("a",), b"x", Maker()))[1]
