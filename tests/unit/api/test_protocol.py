import asyncio
import gc
import json
import re
from collections import deque
from functools import partial

import pytest
import uvicorn
from uvicorn.server import ServerState

from eventyard.api.hot import Call
from eventyard.api.http import Answer, Body, headers_of
from eventyard.api.pipelining import WAITING
from eventyard.api.problems import problem
from eventyard.api.protocol import protocol_with
from eventyard.api.writes import JoinedWrites
from eventyard.model.errors import NotFound
from eventyard.pipeline.room import FREE, Room

ROOM = Room(1000)


class Desk:
    """In the place of the hot paths: answers below ``/in/`` with the body, which is bounded, once it is let."""

    def __init__(self, body_bytes):
        self._body_bytes = body_bytes
        self.look = lambda: None
        self.headers = []
        self.open_now = asyncio.Event()
        self.open_now.set()
        self.asked = asyncio.Event()
        self.answered = []
        self.unread = []

    def takes(self, path):
        return path.startswith("/in/")

    def open(self, head):
        verb = partial(self._answer, head)
        return Call(Body(headers_of(head.headers, 1000), self._body_bytes, ROOM), verb, lambda: verb, 0)

    def answer(self, call):
        return call.answer(0)

    async def _answer(self, head, body):
        self.asked.set()
        await self.open_now.wait()
        self.look()
        self.headers = [name for name, _ in head.headers]
        self.answered.append((head.path, head.query, body))
        return Answer(202, body, "text/plain")

    def refuse(self, error, head):
        return problem(error, "id")

    def refuse_unread(self, error, peer):
        self.unread.append((error.code, peer))
        return problem(error, "id")


class Connections(set):
    """The connections there are, which tell when there are none any more."""

    def __init__(self):
        super().__init__()
        self.none = asyncio.Event()

    def discard(self, connection):
        super().discard(connection)
        if not self:
            self.none.set()


class Server:
    """A running server with such a desk, whose other application says which request came to it."""

    def __init__(self, head_bytes=1000, body_bytes=10, patience_s=60.0, ws="none", **options):
        self.desk = Desk(body_bytes)
        self.headers = []
        self.state = ServerState()
        self.state.connections = Connections()
        self._config = uvicorn.Config(self._app, interface="asgi3", ws=ws, lifespan="off", log_config=None, **options)
        self._config.load()
        self._make = protocol_with(self.desk, head_bytes, patience_s)

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: self._make(self._config, self.state, {}), "127.0.0.1", 0)
        self.reader, self.writer = await asyncio.open_connection(*self._server.sockets[0].getsockname())
        return self

    async def __aexit__(self, *error):
        self.writer.close()
        self._server.close()
        await self.state.connections.none.wait()
        await asyncio.gather(*self.state.tasks)

    async def connection(self):
        """The connection as the server has it, which has answered once, for bytes to come cut in a certain way."""
        self.writer.write(post(b"/in/first"))
        await self.answers(1)
        [connection] = self.state.connections
        return connection

    async def _app(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        self.headers = [name for name, _ in scope["headers"]]
        came = f"{scope['method']} {scope['path']} ".encode() + body
        headers = [(b"content-length", b"%d" % len(came))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": came})

    async def answers(self, count):
        """So many answers: the status and the body of each."""
        return [await self._answer() for _ in range(count)]

    async def _answer(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        return int(head.split()[1]), await self.reader.readexactly(length)


async def said(sent, **options):
    """What the server says to these bytes until it closes."""
    async with Server(**options) as server:
        server.writer.write(sent)
        return await server.reader.read()


def post(path, body=b"", *headers, version=b"1.1"):
    length = [] if b"transfer-encoding: chunked" in headers else [b"content-length: %d" % len(body)]
    return b"\r\n".join([b"POST %b HTTP/%b" % (path, version), b"host: x", *headers, *length, b"", body])


CLOSE = b"connection: close"


async def test_a_request_is_answered():
    answer = await said(post(b"/", b"hi", CLOSE))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nPOST / hi")


async def test_a_hot_request_is_answered_without_the_application():
    async with Server() as server:
        server.state.default_headers = [(b"date", b"today")]
        server.writer.write(post(b"/in/a?b=c", b"hi"))
        head = await server.reader.readuntil(b"\r\n\r\n")
        assert head == b"HTTP/1.1 202 Accepted\r\ndate: today\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n"
        assert await server.reader.readexactly(2) == b"hi"
    assert server.desk.answered == [("/in/a", b"b=c", b"hi")]
    assert server.state.total_requests == 1


@pytest.mark.parametrize(
    ("request_", "came"),
    [
        (b"GET /in/a HTTP/1.1\r\nhost: x\r\n\r\n", b"GET /in/a "),
        (post(b"/in/%61"), b"POST /in/a "),
        (post(b"http://hub.example/in/a"), b"POST /in/a "),
        (post(b"/in/a#b"), b"POST /in/a "),
        (post(b"/other", b"hi"), b"POST /other hi"),
    ],
)
async def test_what_is_not_plainly_hot_is_for_the_application_to_judge(request_, came):
    async with Server() as server:
        server.writer.write(request_)
        assert await server.answers(1) == [(200, came)]


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_the_last_answer_says_that_it_is(version):
    answer = await said(post(b"/in/a", b"hi", CLOSE, version=version))
    assert answer.endswith(b"content-length: 2\r\nconnection: close\r\n\r\nhi")


async def test_a_body_in_chunks_is_one():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", b"transfer-encoding: chunked"))
        assert await server.answers(1) == [(202, b"hi")]


async def test_requests_are_answered_in_the_order_they_came_in_whichever_way_they_go():
    async with Server() as server:
        server.desk.open_now.clear()
        server.writer.write(post(b"/in/a", b"1") + post(b"/x", b"2") + post(b"/in/b", b"3") + post(b"/in/c", b"x" * 11))
        await server.desk.asked.wait()
        server.desk.open_now.set()
        first, second, third, (status, _) = await server.answers(4)
    assert (first, second, third, status) == ((202, b"1"), (200, b"POST /x 2"), (202, b"3"), 413)


async def test_a_thousand_requests_in_one_go_are_answered_one_after_the_other():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"hi") * 1000 + post(b"/in/a", b"x" * 11) * 1000)
        statuses = [status for status, _ in await server.answers(2000)]
    assert statuses == [202] * 1000 + [413] * 1000


async def test_a_body_that_is_not_wanted_is_read_over():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"x" * 100_000) + post(b"/in/a", b"hi"))
        (status, _), second = await server.answers(2)
    assert (status, second) == (413, (202, b"hi"))


async def test_a_client_is_told_to_go_on_with_its_body():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"hi", b"expect: 100-continue")[:-2])
        assert await server.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.writer.write(b"hi")
        assert await server.answers(1) == [(202, b"hi")]


async def test_a_client_that_is_refused_is_not_told_to_go_on():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"x" * 11, b"expect: 100-continue")[:-11])
        [(status, _)] = await server.answers(1)
    assert status == 413


async def test_what_a_client_sent_before_it_left_is_seen_through():
    async with Server() as server:
        server.desk.open_now.clear()
        server.writer.write(post(b"/in/a", b"hi"))
        await server.desk.asked.wait()
        server.writer.close()
        await server.state.connections.none.wait()
        assert server.state.tasks
        server.desk.open_now.set()
    assert server.desk.answered == [("/in/a", b"", b"hi")]


async def test_a_server_that_stops_answers_what_it_has_and_lets_the_client_go():
    async with Server() as server:
        server.desk.open_now.clear()
        server.writer.write(post(b"/in/a", b"hi"))
        await server.desk.asked.wait()
        [connection] = server.state.connections
        connection.shutdown()
        server.desk.open_now.set()
        assert (await server.reader.read()).endswith(b"connection: close\r\n\r\nhi")


class Upgraded(asyncio.Protocol):
    """What takes over a connection: it says back what it is sent."""

    def connection_made(self, transport):
        self.transport = transport
        assert not isinstance(transport, JoinedWrites)

    def data_received(self, data):
        self.transport.write(data)


WEBSOCKET = b"GET /in/ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"


async def test_a_websocket_gets_the_connection_itself_and_all_the_time_it_wants():
    async with Server(ws=lambda **_: Upgraded()) as server:
        server.writer.write(WEBSOCKET)
        assert await server.reader.readuntil(b"\r\n\r\n") == WEBSOCKET
        assert not [handle for handle in asyncio.get_running_loop()._scheduled if not handle.cancelled()]
        server.writer.write(b"\x81\x80")
        assert await server.reader.readexactly(2) == b"\x81\x80"


async def test_a_websocket_has_a_connection_that_was_used_before():
    async with Server(ws=lambda **_: Upgraded()) as server:
        server.writer.write(post(b"/in/a", b"hi"))
        assert await server.answers(1) == [(202, b"hi")]
        server.writer.write(WEBSOCKET)
        assert await server.reader.readuntil(b"\r\n\r\n") == WEBSOCKET


@pytest.mark.parametrize(
    ("of_body", "answers"),
    [(b"content-length: 0\r\n", None), (b"content-length: 2\r\n", b"hi"), (b"transfer-encoding: chunked\r\n", b"")],
)
async def test_a_websocket_has_no_body(of_body, answers):
    sent = WEBSOCKET.removesuffix(b"\r\n") + of_body + b"\r\n"
    async with Server(ws=lambda **_: Upgraded()) as server:
        server.writer.write(sent + (b"0\r\n\r\n" if answers == b"" else answers or b""))
        if answers is None:
            assert await server.reader.readuntil(b"\r\n\r\n") == sent
        else:
            assert await server.answers(1) == [(200, b"GET /in/ws " + answers)]


async def test_a_websocket_does_not_get_a_connection_on_which_others_wait_for_an_answer():
    async with Server(ws=lambda **_: Upgraded()) as server:
        server.desk.open_now.clear()
        server.writer.write(post(b"/in/a", b"hi") + WEBSOCKET)
        await server.desk.asked.wait()
        server.desk.open_now.set()
        assert await server.answers(2) == [(202, b"hi"), (200, b"GET /in/ws ")]


H2C = (b"connection: Upgrade, HTTP2-Settings", b"http2-settings: AAEAAEAAAAIAAAAB", b"upgrade: h2c")
TO_WEBSOCKET = (b"connection: upgrade", b"upgrade: websocket")
INNER = post(b"/in/inner", b"!")
"""A body that is a request, if it is taken for one."""


def in_one(sent):
    return [sent]


def body_apart(sent):
    head, end, body = sent.partition(b"\r\n\r\n")
    return [head + end, body]


def bytes_apart(sent):
    return [bytes([byte]) for byte in sent]


@pytest.mark.parametrize("cut", [in_one, body_apart, bytes_apart])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("wish", [H2C, TO_WEBSOCKET])
@pytest.mark.parametrize("path", [b"/in/a", b"/v1/topics"])
async def test_a_wish_for_another_protocol_is_ignored_and_the_body_kept(path, wish, chunked, cut):
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER) if chunked else INNER
    sent = post(path, body, *wish, *([b"transfer-encoding: chunked"] if chunked else []))
    async with Server(ws=lambda **_: Upgraded(), body_bytes=1000) as server:
        connection = await server.connection()
        for part in cut(sent + post(b"/in/b", b"next", *wish) + post(b"/x", b"last")):
            connection.data_received(part)
        answers = await server.answers(3)
    kept = (202, INNER) if path == b"/in/a" else (200, b"POST /v1/topics " + INNER)
    assert answers == [kept, (202, b"next"), (200, b"POST /x last")]
    assert "/in/inner" not in [path for path, _, _ in server.desk.answered]


@pytest.mark.parametrize("method", [b"GET", b"OPTIONS"])
async def test_a_wish_without_a_body_is_ignored_as_well(method):
    async with Server() as server:
        wish = b"\r\n".join([method + b" /x HTTP/1.1", b"host: x", *H2C, b"", b""])
        server.writer.write(wish + wish + post(b"/in/a", b"hi"))
        assert await server.answers(3) == [(200, method + b" /x ")] * 2 + [(202, b"hi")]


async def test_a_client_that_wishes_for_another_protocol_is_told_to_go_on_with_its_body():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"hi", b"expect: 100-continue", *H2C)[:-2])
        assert await server.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.writer.write(b"hi")
        assert await server.answers(1) == [(202, b"hi")]


@pytest.mark.parametrize("path", [b"/in/a", b"/x"])
async def test_who_wishes_for_another_protocol_and_for_an_end_gets_the_end(path):
    async with Server() as server:
        server.writer.write(post(path, b"hi", b"connection: upgrade, close", b"upgrade: h2c") + INNER)
        answer = await server.reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"202" if path == b"/in/a" else b"200"]
    assert b"connection: close\r\n" in answer


async def test_a_thousand_wishes_in_one_go_are_ignored():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"hi", *H2C) * 1000)
        assert await server.answers(1000) == [(202, b"hi")] * 1000


@pytest.mark.parametrize("wish", [(), H2C])
async def test_connect_is_refused_and_nothing_behind_it_is_looked_at(wish):
    connect = b"\r\n".join([b"CONNECT hub:80 HTTP/1.1", b"host: hub:80", *wish, b"", b""])
    async with Server() as server:
        connection = await server.connection()
        connection.data_received(post(b"/in/a", b"hi") + connect + INNER)
        connection.data_received(INNER)
        answer = await server.reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"202", b"501"]
    assert b'"code":"unsupported_http"' in answer
    assert [path for path, _, _ in server.desk.answered] == ["/in/first", "/in/a"]


async def test_http_2_is_not_spoken_unasked():
    answer = await said(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + INNER)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"400"]


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"gzip", b"identity", b"gzip\r\ntransfer-encoding: chunked"])
@pytest.mark.parametrize("path", [b"/in/a", b"/x"])
async def test_a_body_in_a_coding_that_is_not_undone_here_is_refused(path, coding):
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: %b\r\n\r\n" % (path, coding)
    async with Server() as server:
        server.writer.write(head + b"2\r\nhi\r\n0\r\n\r\n" + INNER)
        answer = await server.reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"501"]
    assert b'"code":"unsupported_http","pointer":"Transfer-Encoding"' in answer
    assert server.desk.answered == []


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b" chunked "])
async def test_chunks_are_no_coding_whichever_way_they_are_written(coding):
    async with Server() as server:
        server.writer.write(b"POST /in/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding:" + coding + b"\r\n\r\n")
        server.writer.write(b"2\r\nhi\r\n0\r\n\r\n")
        assert await server.answers(1) == [(202, b"hi")]


@pytest.mark.parametrize("hosts", [b"", b"host: x\r\nHost: y\r\n", b"host: x\r\nhost: x\r\n"])
@pytest.mark.parametrize("path", [b"/in/a", b"/x"])
async def test_a_request_names_its_host_once(path, hosts):
    async with Server() as server:
        server.writer.write(b"POST %b HTTP/1.1\r\n%bcontent-length: 2\r\n\r\nhi" % (path, hosts) + INNER)
        answer = await server.reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"400"]
    assert b'"code":"invalid_http","pointer":"Host"' in answer
    assert server.desk.answered == []


async def test_a_websocket_names_its_host_as_well():
    answer = await said(WEBSOCKET.replace(b"host: x\r\n", b""), ws=lambda **_: Upgraded())
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(("hosts", "status"), [(b"", b"202"), (b"host: x\r\n", b"202"), (b"host: x\r\n" * 2, b"400")])
async def test_a_request_of_http_1_0_need_not_name_its_host(hosts, status):
    answer = await said(b"POST /in/a HTTP/1.0\r\n%bcontent-length: 2\r\n\r\nhi" % hosts)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [status]


@pytest.mark.parametrize("path", [b"/in/a", b"/x"])
async def test_a_trailer_does_not_pass_for_a_header(path):
    body = b"2\r\nhi\r\n0\r\nhost: y\r\nauthorization: Bearer x\r\n\r\n"
    async with Server() as server:
        server.writer.write(post(path, body, b"transfer-encoding: chunked"))
        await server.answers(1)
    assert (server.headers or server.desk.headers) == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize("name", [b"Connection", b"Proxy-Connection"])
@pytest.mark.parametrize("path", [b"/in/a", b"/x"])
async def test_a_trailer_has_no_say_in_what_becomes_of_the_connection(path, name):
    body = b"2\r\nhi\r\n0\r\n" + name + b": close\r\n\r\n"
    async with Server() as server:
        server.writer.write(post(path, body, b"transfer-encoding: chunked") + INNER)
        answer = await server.reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"400"]
    assert b'"pointer":"%b"' % name in answer
    assert server.desk.answered == []


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x16\x03\x01",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\na b: c\r\n",
        b"GET http://x:99999/ HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_told_so_once_those_before_it_are_answered(wrong):
    async with Server() as server:
        server.desk.open_now.clear()
        server.writer.write(post(b"/in/a", b"1") + post(b"/x", b"2") + wrong + INNER)
        await server.desk.asked.wait()
        server.desk.open_now.set()
        answers = await server.answers(3)
        assert await server.reader.read() == b""
    assert answers[:2] == [(202, b"1"), (200, b"POST /x 2")]
    assert answers[2][0] == 400


@pytest.mark.parametrize("before", [[], [b"/in/a"], [b"/in/a", b"/in/b"]])
@pytest.mark.parametrize("path", [b"/in/c", b"/x"])
async def test_a_body_that_is_none_is_told_so_once_those_before_it_are_answered(before, path):
    wrong = post(path, b"1\r\nh\r\nnonsense\r\n", b"transfer-encoding: chunked")
    async with Server() as server:
        server.writer.write(b"".join(map(post, before)) + wrong + INNER)
        answer = await server.reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"202"] * len(before) + [b"400"]
    assert [path.encode() for path, _, _ in server.desk.answered] == before


async def test_a_request_that_was_refused_before_its_body_turned_out_to_be_none_is_not_refused_again():
    async with Server() as server:
        connection = await server.connection()
        connection.data_received(post(b"/in/a", b"b\r\n01234567890\r\n", b"transfer-encoding: chunked"))
        [(status, _)] = await server.answers(1)
        connection.data_received(b"nonsense\r\n")
        assert (status, await server.reader.read()) == (413, b"")


async def test_a_head_without_end_is_refused_before_it_is_whole():
    async with Server(head_bytes=1000) as server:
        server.writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n")
        await server.writer.drain()
        for _ in range(100):
            server.writer.write(b"x: " + b"y" * 50_000 + b"\r\n")
        answer = await server.reader.read(1000)
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b'"code":"headers_too_large"' in answer


async def test_a_head_that_came_in_parts_is_refused_though_it_ends():
    async with Server(head_bytes=1000) as server:
        connection = await server.connection()
        connection.data_received(b"GET /" + b"y" * 600)
        connection.data_received(b"y" * 600 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        [(status, _)] = await server.answers(1)
    assert status == 431


@pytest.mark.parametrize("path", [b"/in/a", b"/livez"])
async def test_a_head_that_came_in_one_is_refused_as_well(path):
    async with Server(head_bytes=1000) as server:
        connection = await server.connection()
        connection.data_received(post(path, b"hi") + post(path, b"hi", b"x: " + b"y" * 1000) + INNER)
        answers = await server.answers(2)
        assert await server.reader.read() == b""
    assert [status for status, _ in answers] == [202 if path == b"/in/a" else 200, 431]
    assert server.desk.unread == [("headers_too_large", "127.0.0.1")]


@pytest.mark.parametrize("cut", [1, 20, 39])
async def test_what_comes_behind_a_head_does_not_count_to_it(cut):
    sent = post(b"/in/a", b"hi") * 100
    async with Server(head_bytes=200) as server:
        connection = await server.connection()
        connection.data_received(sent[:cut])
        connection.data_received(sent[cut:])
        assert await server.answers(100) == [(202, b"hi")] * 100


async def test_so_many_requests_that_they_take_many_reads_are_answered_one_after_the_other():
    async with Server() as server:
        server.writer.write(post(b"/in/a", b"hi") * 10_000)
        assert await server.answers(10_000) == [(202, b"hi")] * 10_000


async def test_nothing_is_read_while_requests_wait_for_their_turn():
    async with Server() as server:
        connection = await server.connection()
        paused = []
        server.desk.look = lambda: paused.append(connection.flow.read_paused)
        connection.data_received(post(b"/in/a") + post(b"/in/b") + post(b"/in/c"))
        await server.answers(3)
    assert paused == [True, True, False]


async def test_a_client_is_not_hurried_while_it_is_the_server_that_does_not_read():
    async with Server() as server:
        connection = await server.connection()
        server.desk.open_now.clear()
        connection.data_received(post(b"/in/a", b"1") + post(b"/in/b", b"2") + post(b"/in/c", b"3")[:-10])
        connection._lose_patience()
        server.desk.open_now.set()
        assert await server.answers(2) == [(202, b"1"), (202, b"2")]
        server.writer.write(post(b"/in/c", b"3")[-10:])
        assert await server.answers(1) == [(202, b"3")]


async def test_bytes_that_are_no_http_are_a_problem_document():
    answer = await said(b"\x16\x03\x01 hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n")
    assert b'"code":"invalid_http"' in answer


@pytest.mark.parametrize("part", [b"POST / HTTP/1.1\r\nhost: x\r\ncontent-le", post(b"/in/a", b"hi")[:-1]])
async def test_a_request_that_does_not_arrive_whole_in_time_is_told_so(part):
    answer = await said(part, patience_s=0.01)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b'"code":"request_timeout"' in answer


async def test_a_request_that_was_answered_before_it_was_whole_is_not_answered_again():
    answer = await said(post(b"/in/a", b"x" * 11)[:-1], patience_s=0.01)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"413"]


async def test_a_client_that_says_nothing_is_let_go():
    assert await said(b"", patience_s=0.01) == b""


@pytest.mark.parametrize("path", [b"/in/a", b"/other"])
async def test_a_client_that_says_nothing_more_is_let_go(path):
    answer = await said(post(path, b"hi") * 2, timeout_keep_alive=0)
    assert answer.count(b"HTTP/1.1 20") == 2


async def test_a_client_that_does_not_take_its_answer_is_let_go():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while server.state.connections:
            sent.append(await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True}))

    sent = []
    async with Server(patience_s=0.01) as server:
        connection = await server.connection()
        connection.app = app
        connection.data_received(post(b"/x"))
        await server.state.connections.none.wait()
    assert len(sent) > 1


async def test_a_client_that_takes_its_answer_slowly_has_it_whole():
    body = b"x" * 10_000_000

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10000000")]})
        await send({"type": "http.response.body", "body": body})
        written.set()

    looks, written = [], asyncio.Event()
    async with Server() as server:
        connection = await server.connection()
        connection.app = app
        connection.data_received(post(b"/x"))
        await written.wait()
        assert connection.flow.write_paused
        head = await server.reader.readuntil(b"\r\n\r\n")
        taken, before = 0, connection.transport.get_write_buffer_size()
        while taken < len(body):
            taken += len(await server.reader.readexactly(100_000))
            left = connection.transport.get_write_buffer_size()
            if connection.flow.write_paused and left < before:
                connection.transport._look()  # it is time
                looks.append(connection.transport.is_closing())
                before = left
        assert (head.split()[1], any(looks), len(looks) > 1) == (b"200", False, True)
        server.writer.write(post(b"/in/a", b"hi"))
        assert await server.answers(1) == [(202, b"hi")]


async def test_a_connection_that_stays_open_holds_no_body():
    size = FREE + 600
    async with Server(body_bytes=size) as server:
        server.desk.look = lambda: taken.append(ROOM.left)
        taken = []
        server.writer.write(post(b"/in/here", b"x" * size))
        await server.answers(1)
        await asyncio.gather(*server.state.tasks)
        server.desk.answered.clear()
        assert (taken, ROOM.left) == ([400], 1000)


async def test_where_there_is_no_room_for_a_body_it_comes_again_later():
    async with Server(body_bytes=FREE * 2) as server:
        server.writer.write(post(b"/in/here", b"x" * (FREE + 1001)) + post(b"/in/next", b"y"))
        [(status, told), (other, _)] = await server.answers(2)
    assert (status, json.loads(told)["code"], other) == (503, "busy", 202)


async def test_what_is_wrong_is_told_of_whatever_is_being_handled_while_it_is_read():
    async with Server() as server:
        connection = await server.connection()

        async def app(scope, receive, send):
            try:
                raise NotFound("not_found", "somebody else's")
            except NotFound:
                await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b""})

        connection.app = app
        two_hosts = b"GET /x HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n"
        connection.data_received(post(b"/x") * WAITING + two_hosts)
        *before, (status, told) = await server.answers(WAITING + 1)
    assert before == [(404, b"")] * WAITING
    assert (status, json.loads(told)["code"]) == (400, "invalid_http")


async def test_of_very_many_requests_in_one_go_some_are_looked_at_and_the_rest_is_kept():
    sent = (post(b"/in/a", b"hi") + post(b"/x")) * 1000
    async with Server() as server:
        connection = await server.connection()
        waiting, kept = [], []

        def look():
            waiting.append(len(connection.pipeline))
            kept.append(len(connection._rest))

        server.desk.look = look
        connection.data_received(sent)
        assert connection.flow.read_paused
        connection.data_received(post(b"/in/last"))
        answers = await server.answers(2001)
        assert not connection.flow.read_paused
    assert [status for status, _ in answers] == [202, 200] * 1000 + [202]
    assert [path for path, _, _ in server.desk.answered][-1] == "/in/last"
    assert (max(waiting), max(kept) > len(sent) * 0.9, kept[-1]) == (WAITING - 1, True, 0)


async def test_an_application_that_asks_for_its_body_lets_nobody_in_before_the_others():
    async with Server() as server:
        connection = await server.connection()
        held = []

        async def app(scope, receive, send):
            await receive()
            held.append(connection.flow.read_paused)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

        connection.app = app
        connection.data_received(post(b"/x") + post(b"/in/a", b"hi"))
        assert await server.answers(2) == [(200, b""), (202, b"hi")]
    assert held == [True]


async def test_what_waits_for_its_turn_takes_no_room_and_goes_with_its_connection():
    size = FREE + 300
    async with Server(body_bytes=size) as server:
        connection = await server.connection()
        server.desk.open_now.clear()
        server.desk.asked.clear()
        connection.data_received(post(b"/in/slow", b"x" * size))
        connection.data_received(post(b"/in/next", b"x" * size) + post(b"/in/last", b"x" * size)[:-1])
        await server.desk.asked.wait()
        taken = 1000 - ROOM.left
        gc.disable()
        connection.transport.abort()
        await server.state.connections.none.wait()
        left = ROOM.left
        gc.enable()
        server.desk.open_now.set()
    assert (taken, left, ROOM.left) == (300, 700, 1000)


async def test_who_is_being_answered_hears_that_the_client_has_gone_also_with_others_waiting():
    heard = asyncio.Event()

    async def app(scope, receive, send):
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        heard.set()

    begun = asyncio.Event()
    async with Server() as server:
        connection = await server.connection()
        connection.app = app
        connection.data_received(b"GET /v1/streams HTTP/1.1\r\nhost: x\r\n\r\n" + post(b"/in/next") + post(b"/other"))
        await begun.wait()
        connection.transport.abort()
        await heard.wait()
        assert connection.pipeline == deque()


@pytest.mark.parametrize("path", [b"/in/here", b"/in/nowhere", b"/other"])
async def test_what_follows_a_body_has_a_bound(path):
    head = post(path, b"", b"transfer-encoding: chunked")
    async with Server() as server:
        connection = await server.connection()
        connection.data_received(head + b"1\r\nx\r\n0\r\n")
        for _ in range(11):
            connection.data_received(b"x-trailer: " + b"y" * 87 + b"\r\n")
        [(status, told)] = await server.answers(1)
        assert (status, json.loads(told)["code"]) == (431, "headers_too_large")
