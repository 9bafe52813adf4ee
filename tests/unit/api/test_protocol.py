import asyncio

import uvicorn
from uvicorn.server import ServerState

from eventyard.api.protocol import AT_ONCE, JoinedWrites, protocol_with


class Wire:
    """A transport that remembers its writes."""

    def __init__(self):
        self.writes = []
        self.closed = False

    def write(self, data):
        self.writes.append(data)

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def get_extra_info(self, name):
        return f"the wire's {name}"


def joined():
    wire = Wire()
    return wire, JoinedWrites(wire, asyncio.get_running_loop())


async def turn():
    """Wait until this turn of the loop is over."""
    over = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(over.set_result, None)
    await over


async def test_what_is_written_in_one_turn_leaves_together_and_in_order():
    wire, transport = joined()
    transport.write(b"head ")
    transport.write(b"body")
    assert wire.writes == []
    await turn()
    assert wire.writes == [b"head body"]
    transport.write(b"next")
    await turn()
    assert wire.writes == [b"head body", b"next"]


async def test_much_leaves_at_once():
    wire, transport = joined()
    transport.write(b"x" * (AT_ONCE + 1))
    assert wire.writes == [b"x" * (AT_ONCE + 1)]
    await turn()
    assert len(wire.writes) == 1


async def test_closing_sends_what_is_kept_first():
    wire, transport = joined()
    transport.write(b"last words")
    transport.close()
    assert (wire.writes, wire.closed, transport.is_closing()) == ([b"last words"], True, True)


async def test_unwrapped_it_is_the_transport_with_nothing_kept_back():
    wire, transport = joined()
    transport.write(b"first")
    assert transport.unwrap() is wire
    assert wire.writes == [b"first"]


async def test_to_a_client_that_is_gone_nothing_is_written():
    wire, transport = joined()
    transport.write(b"too late")
    wire.closed = True
    await turn()
    assert wire.writes == []


async def test_everything_else_is_the_transports_own():
    _, transport = joined()
    assert transport.get_extra_info("peername") == "the wire's peername"


# The protocol


async def client(head_bytes=1000, patience_s=60.0, ws="none"):
    """A running server with these bounds, and a connection to it. The application echoes the body."""

    async def echo(scope, receive, send):
        body = (await receive())["body"]
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(echo, ws=ws, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    make = protocol_with(head_bytes, patience_s)
    server = await asyncio.get_running_loop().create_server(lambda: make(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    return server, reader, writer


async def said(sent, **bounds):
    """What the server says to these bytes until it closes."""
    server, reader, writer = await client(**bounds)
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    server.close()
    return answer


async def test_a_request_is_answered():
    answer = await said(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhi")


class Upgraded(asyncio.Protocol):
    """What takes over a connection: it says back what it is sent."""

    def connection_made(self, transport):
        self.transport = transport
        assert not isinstance(transport, JoinedWrites)

    def data_received(self, data):
        self.transport.write(data)


async def test_a_websocket_gets_the_connection_itself_and_all_the_time_it_wants():
    server, reader, writer = await client(ws=lambda **_: Upgraded())
    request = b"GET /ws HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    writer.write(request)
    assert await reader.readexactly(len(request)) == request
    assert not [handle for handle in asyncio.get_running_loop()._scheduled if not handle.cancelled()]
    writer.write(b"\x81\x80")
    assert await reader.readexactly(2) == b"\x81\x80"
    writer.close()
    server.close()


async def test_a_head_without_end_is_refused_before_it_is_whole():
    server, reader, writer = await client(head_bytes=1000)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n")
    await writer.drain()
    for _ in range(100):
        writer.write(b"x: " + b"y" * 50_000 + b"\r\n")
    answer = await reader.read(1000)
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b'"code":"headers_too_large"' in answer
    writer.close()
    server.close()


async def test_bytes_that_are_no_http_are_a_problem_document():
    answer = await said(b"\x16\x03\x01 hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n")
    assert b'"code":"invalid_http"' in answer


async def test_a_request_that_does_not_arrive_whole_in_time_is_told_so():
    answer = await said(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-le", patience_s=0.01)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b'"code":"request_timeout"' in answer


async def test_a_client_that_says_nothing_is_let_go():
    assert await said(b"", patience_s=0.01) == b""
