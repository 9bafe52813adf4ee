import asyncio
from typing import Any, cast

import pytest

from eventyard.targets.answers import Answer, NotHttp
from eventyard.targets.connection import Connection, HungUp

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Wire:
    """A transport that keeps what is written; ``stuck`` bytes of it have not left yet."""

    def __init__(self) -> None:
        self.written = b""
        self.stuck = 0
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def connection(wire: Wire) -> Connection:
    connection = Connection(asyncio.get_running_loop())
    connection.connection_made(cast(Any, wire))
    return connection


async def asked(connection: Connection, head: bytes, body: bytes) -> "asyncio.Future[Answer]":
    """Ask, and let the request leave."""
    waiter = connection.ask(head, body)
    await asyncio.sleep(0)
    return waiter


async def test_a_request_goes_out_and_its_answer_comes_in_and_so_does_the_next(
    connection: Connection, wire: Wire
) -> None:
    for _ in range(2):
        assert connection.usable
        waiter = await asked(connection, b"HEAD", b"body")
        assert not connection.usable
        connection.data_received(OK[:20])
        assert not waiter.done()
        connection.data_received(OK[20:])
        answer = await waiter
        assert (answer.status, bytes(answer.body)) == (200, b"ok")
    assert wire.written == b"HEADbodyHEADbody"
    assert connection.usable
    assert not wire.aborted


async def test_a_connection_that_was_closed_takes_no_request(connection: Connection, wire: Wire) -> None:
    connection.connection_lost(None)
    with pytest.raises(HungUp, match="the receiver closed the connection"):
        connection.ask(b"HEAD", b"")
    assert wire.written == b""


@pytest.mark.parametrize(
    ("reason", "text"),
    [(None, "the receiver closed the connection"), (ConnectionResetError("reset"), "the connection broke: reset")],
)
async def test_hanging_up_before_the_head_is_complete_is_no_answer(
    connection: Connection, reason: Exception | None, text: str
) -> None:
    waiter = await asked(connection, b"HEAD", b"")
    connection.data_received(OK[:20])
    connection.connection_lost(reason)
    with pytest.raises(HungUp, match=text):
        await waiter


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
async def test_hanging_up_after_it_is_the_end_of_the_answer(connection: Connection, head: bytes) -> None:
    waiter = await asked(connection, b"HEAD", b"")
    connection.data_received(head + b"ok")
    connection.connection_lost(ConnectionResetError())
    assert bytes((await waiter).body) == b"ok"
    assert not connection.usable


async def test_no_answer_in_time_hangs_up(connection: Connection, wire: Wire) -> None:
    waiter = await asked(connection, b"HEAD", b"")
    connection.expire()
    with pytest.raises(TimeoutError):
        await waiter
    assert wire.aborted
    assert not connection.usable


async def test_an_answer_whose_body_is_late_stands(connection: Connection, wire: Wire) -> None:
    waiter = await asked(connection, b"HEAD", b"")
    connection.data_received(OK[:-1])
    connection.expire()
    assert bytes((await waiter).body) == b"o"
    assert wire.aborted


async def test_something_else_than_http_hangs_up(connection: Connection, wire: Wire) -> None:
    waiter = await asked(connection, b"HEAD", b"")
    connection.data_received(b"220 mail.example ESMTP\r\n")
    with pytest.raises(NotHttp):
        await waiter
    assert wire.aborted


async def test_what_comes_unasked_hangs_up(connection: Connection, wire: Wire) -> None:
    connection.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert wire.aborted
    assert not connection.usable


async def test_what_comes_behind_an_answer_hangs_up(connection: Connection, wire: Wire) -> None:
    waiter = await asked(connection, b"HEAD", b"")
    connection.data_received(OK + OK)
    assert (await waiter).status == 200
    assert wire.aborted


async def test_an_answer_that_was_faster_than_the_request_leaves_nothing_to_use(
    connection: Connection, wire: Wire
) -> None:
    waiter = await asked(connection, b"HEAD", b"body")
    wire.stuck = 2
    connection.data_received(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    assert (await waiter).status == 413
    assert wire.aborted


async def test_an_answer_that_nobody_waits_for_any_more_is_dropped(connection: Connection, wire: Wire) -> None:
    waiter = await asked(connection, b"HEAD", b"")
    waiter.cancel()
    connection.data_received(OK)
    connection.expire()
    assert waiter.cancelled()
    connection.abort()
    assert wire.aborted


async def test_what_was_given_up_before_it_left_does_not_leave(connection: Connection, wire: Wire) -> None:
    waiter = connection.ask(b"HEAD", b"body")
    connection.expire()
    with pytest.raises(TimeoutError):
        await waiter
    assert wire.aborted
    assert wire.written == b""


async def test_an_answer_that_comes_before_its_request_has_left_is_none(connection: Connection, wire: Wire) -> None:
    waiter = connection.ask(b"HEAD", b"body")
    connection.data_received(OK)
    assert wire.aborted
    connection.connection_lost(None)
    with pytest.raises(HungUp):
        await waiter
    assert wire.written == b""


async def test_a_body_that_ends_with_the_connection_is_whole_if_it_ends_in_order(
    connection: Connection, wire: Wire
) -> None:
    future = await asked(connection, b"GET", b"")
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nok")
    connection.connection_lost(None)
    assert (await future).whole


async def test_a_connection_that_breaks_leaves_no_body_whole(connection: Connection, wire: Wire) -> None:
    future = await asked(connection, b"GET", b"")
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nok")
    connection.connection_lost(ConnectionResetError("reset"))
    assert not (await future).whole


async def test_as_much_of_a_body_is_kept_as_is_asked_for(connection: Connection) -> None:
    future = connection.ask(b"GET", b"", most=3)
    await asyncio.sleep(0)
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789")
    answer = await future
    assert (bytes(answer.body), answer.whole) == (b"123", False)
