"""What wants to be flushed is flushed once a turn, in order; what is to happen again and again does, until stopped."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from eventyard.gateways.stomp.turn import Every, Turn


class Recorder:
    def __init__(self, name: str, flushed: list[str]) -> None:
        self.name = name
        self.flushed = flushed

    def flush(self) -> None:
        self.flushed.append(self.name)


class Loop:
    """A loop whose time and turns the test makes."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.complaints: list[dict[str, Any]] = []

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.complaints.append(context)

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Any:
        entry = (seconds, callback)
        self.later.append(entry)
        return Handle(self, entry)

    def tick(self) -> float:
        seconds, callback = self.later.pop(0)
        callback()
        return seconds


class Handle:
    def __init__(self, loop: Loop, entry: tuple[float, Callable[[], None]]) -> None:
        self._loop, self._entry = loop, entry

    def cancel(self) -> None:
        self._loop.later.remove(self._entry)


def test_all_that_asked_in_a_turn_are_flushed_at_its_end_with_one_callback() -> None:
    loop = Loop()
    turn, flushed = Turn(cast(asyncio.AbstractEventLoop, loop)), list[str]()
    turn.add(Recorder("one", flushed))
    turn.add(Recorder("two", flushed))
    assert (len(loop.soon), flushed) == (1, [])
    loop.soon.pop()()
    assert flushed == ["one", "two"]
    turn.add(Recorder("three", flushed))
    loop.soon.pop()()
    assert flushed == ["one", "two", "three"]


def test_what_is_wrong_with_one_harms_no_other() -> None:
    loop = Loop()
    turn, flushed = Turn(cast(asyncio.AbstractEventLoop, loop)), list[str]()
    turn.add(Broken())
    turn.add(Recorder("two", flushed))
    loop.soon.pop()()
    assert (flushed, [repr(complaint["exception"]) for complaint in loop.complaints]) == (["two"], ["OSError('bad')"])


class Broken:
    def flush(self) -> None:
        raise OSError("bad")


def test_it_calls_again_and_again_until_it_is_stopped() -> None:
    loop, calls = Loop(), list[int]()
    every = Every(cast(asyncio.AbstractEventLoop, loop), 2.5, lambda: calls.append(1))
    assert [loop.tick(), loop.tick(), loop.tick()] == [2.5, 2.5, 2.5]
    every.stop()
    assert (calls, loop.later) == ([1, 1, 1], [])


def test_what_it_calls_may_stop_it() -> None:
    loop, made = Loop(), list[Every]()

    def stop() -> None:
        made[0].stop()

    made.append(Every(cast(asyncio.AbstractEventLoop, loop), 1, stop))
    loop.tick()
    assert loop.later == []
