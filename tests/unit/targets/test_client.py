import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from eventyard.model.outcome import Result
from eventyard.targets import client as module
from eventyard.targets.answers import BODY_KEPT, Answer
from eventyard.targets.client import Client, NoAnswer, request_head
from eventyard.targets.connection import Connection
from eventyard.targets.destinations import Destination, Origin
from eventyard.targets.resolver import GuardedResolver
from tests.unit.targets.certificates import certificate

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok"


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """A server that talks as the test says, and knows what it was asked on which connection."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.connections = 0
        self.gone = asyncio.Event()
        """A connection has ended."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.gone.set()
            writer.close()


async def request(reader: asyncio.StreamReader) -> bytes:
    """The next request, whose body is ``body``."""
    return await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(4)


def answering(*answers: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await request(reader)
            writer.write(answer)
            await writer.drain()

    return talk


@asynccontextmanager
async def running(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Receiver, Destination]]:
    receiver = Receiver(talk)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield receiver, Destination(Origin("shop.example", port, tls is not None), f"shop.example:{port}", "/hook")
    finally:
        server.close()


@asynccontextmanager
async def opened(*addresses: str) -> AsyncIterator[Client]:
    async def lookup(host: str) -> Sequence[str]:
        return addresses or ["127.0.0.1"]

    client = Client(GuardedResolver(lookup, allow_private=True))
    try:
        yield client
    finally:
        client.close()


def ask(client: Client, to: Destination, timeout_ms: int = 5_000, body: bytes = b"body") -> Awaitable[Answer]:
    return client.ask("POST", to, {"x-a": "1"}, body, timeout_ms)


async def failing(question: Awaitable[Answer]) -> tuple[Result, str]:
    with pytest.raises(NoAnswer) as error:
        await question
    return error.value.result, str(error.value)


async def test_a_request_is_what_was_asked_for() -> None:
    got: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await request(reader))
        writer.write(OK)

    async with running(talk) as (_, to), opened() as client:
        answer = await ask(client, to)
    assert got == [
        b"POST /hook HTTP/1.1\r\nhost: %b\r\nx-a: 1\r\ncontent-length: 4\r\n\r\nbody" % to.authority.encode()
    ]
    assert (answer.status, bytes(answer.body)) == (200, b"ok")


async def test_one_connection_serves_one_request_after_the_other() -> None:
    async with running(answering(OK, OK, OK)) as (receiver, to), opened() as client:
        for _ in range(3):
            assert (await ask(client, to)).status == 200
    assert receiver.connections == 1


async def test_requests_at_once_have_a_connection_each() -> None:
    everyone = asyncio.Barrier(20)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await everyone.wait()
        writer.write(OK)

    async with running(talk) as (receiver, to), opened() as client:
        answers = await asyncio.gather(*(ask(client, to) for _ in range(20)))
    assert [answer.status for answer in answers] == [200] * 20
    assert receiver.connections == 20


@pytest.mark.parametrize("answer", [CLOSING, OK + b"more", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"])
async def test_a_connection_that_may_not_be_used_again_is_not(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(answer)
        if answer == CLOSING:
            writer.close()

    async with running(talk) as (receiver, to), opened() as client:
        for _ in range(2):
            assert bytes((await ask(client, to)).body) == b"ok"
    assert receiver.connections == 2


async def test_a_connection_that_the_receiver_closed_meanwhile_is_replaced_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noticed = asyncio.Event()

    class Noticing(Connection):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            noticed.set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK)
        writer.close()

    monkeypatch.setattr(module, "Connection", Noticing)
    async with running(talk) as (receiver, to), opened() as client:
        await ask(client, to)
        await noticed.wait()
        assert (await ask(client, to)).status == 200
    assert receiver.connections == 2


async def test_a_request_whose_kept_connection_closes_under_it_is_not_repeated() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK)
        await request(reader)
        writer.close()

    async with running(talk) as (receiver, to), opened() as client:
        await ask(client, to)
        outcome = await failing(ask(client, to))
    assert outcome == (Result.UNREACHABLE, "the receiver closed the connection without an answer")
    assert receiver.connections == 1


async def test_idle_connections_are_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEEP_ALIVE_S", 0.0)
    async with running(answering(OK)) as (receiver, to), opened() as client:
        await ask(client, to)
        await receiver.gone.wait()
        assert not client._idle
        await ask(client, to)
    assert receiver.connections == 2


async def test_a_kept_connection_that_is_too_old_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(answering(OK, OK)) as (receiver, to), opened() as client:
        await ask(client, to)
        monkeypatch.setattr(module, "KEEP_ALIVE_S", -1.0)
        await ask(client, to)
    assert receiver.connections == 2


async def test_whoever_stops_waiting_takes_the_connection_along() -> None:
    asked = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        asked.set()

    async with running(talk) as (receiver, to), opened() as client:
        asking = asyncio.ensure_future(ask(client, to))
        await asked.wait()
        asking.cancel()
        await asyncio.wait([asking])
        await receiver.gone.wait()
        assert not client._idle


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_an_answer_that_does_not_come_in_time_is_none(said: bytes) -> None:
    async with running(answering(said)) as (receiver, to), opened() as client:
        assert await failing(ask(client, to, timeout_ms=50)) == (Result.TIMED_OUT, "no answer within 50 ms")
        await receiver.gone.wait()


async def test_an_answer_that_has_begun_in_time_is_one() -> None:
    async with running(answering(OK[:-1])) as (receiver, to), opened() as client:
        assert bytes((await ask(client, to, timeout_ms=50)).body) == b"o"
        await receiver.gone.wait()


async def test_an_answer_byte_by_byte_is_an_answer() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        for place in range(len(OK)):
            writer.write(OK[place : place + 1])
            await asyncio.sleep(0)

    async with running(talk) as (_, to), opened() as client:
        assert bytes((await ask(client, to)).body) == b"ok"


async def test_a_body_without_end_is_left() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with running(talk) as (receiver, to), opened() as client:
        assert bytes((await ask(client, to)).body) == b"x" * BODY_KEPT
        await receiver.gone.wait()


async def test_a_receiver_may_answer_before_it_has_read_everything() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with running(talk) as (receiver, to), opened() as client:
        for _ in range(2):
            assert (await ask(client, to, body=b"x" * 30_000_000)).status == 413
    assert receiver.connections == 2


async def test_something_else_than_http_is_no_answer() -> None:
    async with running(answering(b"SSH-2.0-OpenSSH_9.9\r\n")) as (_, to), opened() as client:
        result, text = await failing(ask(client, to))
    assert result is Result.UNREACHABLE
    assert text.startswith("the receiver does not speak HTTP/1")


async def test_nobody_listening_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with opened() as client:
        outcome = await failing(ask(client, Destination(Origin("shop.example", port, False), "shop.example", "/")))
    assert outcome == (Result.UNREACHABLE, f"no connection to shop.example:{port}: Connection refused")


async def test_an_address_where_nobody_is_leads_on_to_the_next() -> None:
    async with running(answering(OK)) as (_, to), opened("::1", "127.0.0.1") as client:
        assert (await ask(client, to)).status == 200


async def test_a_name_that_takes_too_long_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    never = asyncio.Event()

    async def lookup(host: str) -> Sequence[str]:
        await never.wait()
        return []

    to = Destination(Origin("shop.example", 80, False), "shop.example", "/")
    client = Client(GuardedResolver(lookup, allow_private=True))
    assert await failing(ask(client, to, timeout_ms=50)) == (Result.TIMED_OUT, "no answer within 50 ms")
    monkeypatch.setattr(module, "CONNECT_S", 0.01)
    assert await failing(ask(client, to)) == (Result.TIMED_OUT, "no connection within 0.01 s")
    client.close()


async def test_tls_is_for_the_name_and_by_whom_the_system_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "shop.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    async with running(answering(OK, OK), tls) as (receiver, to):
        async with opened() as client:
            result, text = await failing(ask(client, to))
        assert result is Result.UNREACHABLE
        assert text.startswith(f"no TLS with shop.example:{to.origin.port}: ")
        assert "certificate verify failed" in text
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        async with opened() as client:
            assert [(await ask(client, to)).status for _ in range(2)] == [200, 200]
            other = to._replace(origin=to.origin._replace(host="other.example"))
            _, text = await failing(ask(client, other))
            assert "Hostname mismatch" in text
    assert receiver.connections == 1


async def test_plain_http_behind_https_is_no_tls() -> None:
    async def mumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with running(mumble) as (_, to), opened() as client:
        result, text = await failing(ask(client, to._replace(origin=to.origin._replace(secure=True))))
    assert result is Result.UNREACHABLE
    assert text.startswith("no TLS with shop.example")


@pytest.mark.parametrize("value", ["a\r\nx: b", "a\nx: b", "a\r", "\ud800"])
def test_a_header_cannot_become_two(value: str) -> None:
    to = Destination(Origin("shop.example", 80, False), "shop.example", "/")
    with pytest.raises(ValueError):
        request_head("POST", to, {"x-a": value}, 0)


def test_the_length_of_nothing_is_stated_only_where_something_is_expected() -> None:
    to = Destination(Origin("shop.example", 80, False), "shop.example", "/")
    for method in ("GET", "HEAD", "DELETE"):
        assert request_head(method, to, {}, 0) == f"{method} / HTTP/1.1\r\nhost: shop.example\r\n\r\n".encode()
        assert b"content-length: 2\r\n" in request_head(method, to, {}, 2)
    assert b"content-length: 0\r\n" in request_head("POST", to, {}, 0)


async def test_an_answer_to_a_head_is_there_when_its_head_is() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")

    async with running(talk) as (receiver, to), opened() as client:
        for _ in range(2):
            answer = await client.ask("HEAD", to, {}, b"", 5_000)
            assert (answer.status, bytes(answer.body)) == (200, b"")
    assert receiver.connections == 2


async def test_closing_hangs_up_everywhere() -> None:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(opened())
        receivers = [await stack.enter_async_context(running(answering(OK))) for _ in range(3)]
        for _, to in receivers:
            await ask(client, to)
        client.close()
        for receiver, _ in receivers:
            await receiver.gone.wait()
