"""A socket joins what leaves in one turn, and gives nothing to a client that takes nothing."""

import asyncio
from typing import Any

import pytest

from eventyard.gateways.stomp.messages import Tail
from eventyard.gateways.stomp.socket import AT_ONCE, BEHIND, GOODBYE_S, UNREAD, StompSocket
from eventyard.testing.hub import Yard
from tests.unit.gateways.stomp.around import Client, Wire, gateway, settled, turn


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def socket(yard: Yard, wire: Wire) -> StompSocket:
    socket = StompSocket(gateway(yard))
    socket.connection_made(wire)
    wire.protocol = socket
    return socket


async def test_what_is_sent_in_a_turn_leaves_in_one_write(socket: StompSocket, wire: Wire) -> None:
    socket.send(b"one ")
    socket.deliver([b"two ", b" four "], [Tail(b"three", text=True), Tail(b"five", text=True)])
    assert wire.writes == 0
    await turn()
    assert (wire.written, wire.writes, socket.sent) == (b"one two three four five", 1, 1)
    assert (socket.peer, wire.high) == ("127.0.0.1:5", BEHIND)


async def test_what_is_much_does_not_wait_for_the_end_of_the_turn(socket: StompSocket, wire: Wire) -> None:
    socket.send(b"x" * AT_ONCE)
    assert wire.writes == 0
    socket.send(b"x")
    assert wire.writes == 1
    await turn()
    assert wire.writes == 1


async def test_nothing_is_written_to_who_is_gone(socket: StompSocket, wire: Wire) -> None:
    socket.send(b"x")
    wire.closed = True
    await turn()
    socket.send(b"x")
    socket.connection_lost(None)
    await turn()
    assert wire.writes == 0


async def test_it_ends_with_half_of_the_connection_and_then_with_all_of_it(
    socket: StompSocket, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers: list[tuple[float, Any]] = []
    monkeypatch.setattr(socket.loop, "call_later", lambda seconds, then: timers.append((seconds, then)) or Timer())
    socket.send(b"last words")
    socket.finish(None)
    assert (wire.written, wire.ended, wire.closed) == (b"last words", True, False)
    [(seconds, then)] = timers
    socket.send(b"more")
    socket.flush()
    assert wire.written == b"last words"
    then()
    assert (seconds, wire.aborted) == (GOODBYE_S, True)


class Timer:
    def cancel(self) -> None:
        pass


async def test_a_client_that_takes_nothing_is_given_nothing_and_misses_nothing(
    client: Client, other: Client, yard: Yard
) -> None:
    await client.subscribe("/topic/a")
    client.wire.full = True
    for number in range(5):
        await other.send("/topic/a", b"%d" % number)
    first = await client.hear()
    assert first.body == b"0"
    assert client.wire.written.count(b"MESSAGE") == 1
    client.wire.full = False
    client.socket.resume_writing()
    assert [(await client.hear()).body for _ in range(4)] == [b"1", b"2", b"3", b"4"]


async def test_what_is_too_much_at_once_stops_in_the_middle_and_goes_on_later(client: Client, other: Client) -> None:
    await client.subscribe("/topic/a", "1")
    await client.subscribe("/topic/a", "2")
    client.wire.full = True
    for _ in range(6):
        await other.send("/topic/a", b"x" * 30_000)
    client.socket.resume_writing()
    await turn()
    stopped = client.wire.written.count(b"MESSAGE")
    assert 2 < stopped < 12
    client.wire.full = False
    client.socket.resume_writing()
    seen = [(await client.hear()).headers for _ in range(12)]
    for subscription in ("1", "2"):
        offsets = [int(one["x-stream-offset"]) for one in seen if one["subscription"] == subscription]
        assert offsets == sorted(set(offsets)) and len(offsets) == 6


async def test_a_client_that_asks_and_asks_and_reads_no_answer_is_closed(yard: Yard) -> None:
    client = Client(yard)
    await client.login()
    client.socket.pause_writing()
    client.socket.send(b"\n" * UNREAD)
    assert not client.wire.ended
    client.socket.resume_writing()
    client.socket.pause_writing()
    client.socket.send(b"\n" * UNREAD)
    assert not client.wire.ended
    client.socket.send(b"\n" * (AT_ONCE + 1))
    assert client.wire.ended
    assert b"\ncode:too_slow\n" in client.wire.written
    await client.leave()


async def test_a_client_that_takes_nothing_for_too_long_is_told_and_closed(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(yard)
    await client.login()
    timers: list[tuple[float, Any]] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_later", lambda seconds, then, *more: timers.append((seconds, then)) or Timer())
    client.socket.pause_writing()
    client.socket.pause_writing()
    [(seconds, then)] = timers
    assert seconds == 60
    then()
    assert (await client.error())[0] == "too_slow"
    assert client.wire.ended
    await settled(yard)
    assert not yard.hub.streams._links
