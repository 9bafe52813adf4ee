"""uvicorn's HTTP protocol as the hub runs it: hot paths without ASGI, writes joined, heads bounded, patience that ends.

What comes in on a hot path is answered here (``exchange.py``); everything else goes the way of ASGI, to ``front.py``.
Both take their turns in uvicorn's own order of things: one request at a time is answered on a connection, and those
sent behind it wait (``pipelining.py``); a server that stops waits for those under way.

What never becomes a request is judged here too: a head without end, a request that does not arrive whole in time, and
bytes that are no HTTP. Its answer waits its turn, too. Who does not take an answer in time is let go.

The parser stops behind a head that asks for another protocol, and takes for a request whatever follows. The hub knows
one such protocol, WebSocket; for any other a fresh parser is told the head again, without the wish, and reads on.
"""

import re
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from eventyard.api.exchange import Exchange
from eventyard.api.front import STREAMS
from eventyard.api.heads import check_head, check_trailer, endless
from eventyard.api.hot import Hot
from eventyard.api.http import Answer, Head
from eventyard.api.patience import Patience
from eventyard.api.pipelining import Flow, end_of_some
from eventyard.api.writes import JoinedWrites
from eventyard.model.errors import HubError, Invalid


class HttpProtocol(HttpToolsProtocol):
    """One connection. :func:`protocol_with` sets the hot paths and the bounds."""

    hot: Hot
    head_bytes = 32 * 1024
    patience_s = 60.0

    transport: Any
    flow: Any
    cycle: Any
    _head = 0
    _long = False
    """Whether as much came at once as no head may be."""
    _in_head = False
    _hosts = 0
    _coded = False
    _deaf = False
    _wrong: HubError | None = None
    _rest = b""
    """What was read and not looked at yet, as others wait before it."""
    _arrives_by: float | None = None
    _incoming: Exchange | None = None
    _answering: Any = None
    """Whose turn it is, or was last: an exchange or a cycle."""

    def connection_made(self, transport: Any) -> None:
        """A client has come, and has so long to send a request."""
        super().connection_made(transport)
        self.transport = JoinedWrites(transport, self.loop, self.patience_s)
        self.flow = Flow(transport)
        self._patience = Patience(self.loop, self._lose_patience)
        self._patience.until(self.loop.time() + self.patience_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._patience.stop()
        self.transport.forget()
        for waiting in (self.cycle, self._answering, *(cycle for cycle, _ in self.pipeline)):
            if isinstance(waiting, Exchange):
                waiting.abandon()
            elif isinstance(waiting, RequestResponseCycle) and not waiting.response_complete:
                waiting.disconnected = True
                waiting.message_event.set()
        self.pipeline.clear()
        self._rest = b""
        self.cycle = self._answering = self._incoming = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not take what it is sent fast enough. Streams have a patience of their own."""
        answering = self._answering
        if not isinstance(answering, RequestResponseCycle) or not answering.scope["path"].startswith(STREAMS):
            self.transport.hurry()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has taken most of it."""
        self.transport.relax()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, or of several."""
        if self._rest:
            self._rest += data
        elif not self._deaf:
            self._look_at(data)

    def _look_at(self, data: bytes) -> None:
        """Let the parser read as long as not too many wait, and keep the rest."""
        end = end_of_some(data, 0)
        if end == len(data):  # as a rule
            self._parse(data)
        else:
            begun = 0
            while not self._deaf and begun < len(data) and not self.pipeline:
                self._parse(data[begun:end])
                begun, end = end, end_of_some(data, end)
            self._rest = b"" if self._deaf else data[begun:]
        if self.pipeline:
            self.flow.held = True
            self.flow.pause_reading()

    def _parse(self, data: bytes) -> None:
        if self._arrives_by is not None:
            self._head += len(data)
        self._long = len(data) > self.head_bytes
        parts: list[bytes | memoryview] = [data]
        while parts:
            part = parts.pop()
            try:
                self.parser.feed_data(part)
            except HttpParserUpgrade as upgrade:
                if self._becomes_websocket():
                    self.handle_websocket_upgrade()
                    return
                parts += (memoryview(part)[upgrade.args[0] :], self._head_without_upgrade())
                self.parser = HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
            except HttpParserError:
                self._misunderstood()
                return
        if self._arrives_by is not None and self._head > self.head_bytes:
            self._refuse(endless(self.head_bytes))
        elif self._arrives_by is not None:
            self._patience.until(self._arrives_by)
        elif self.cycle is not None and not self.cycle.response_complete:
            self._patience.unending()

    # What the parser tells

    def on_message_begin(self) -> None:
        """A request begins. uvicorn would make its scope now, which a hot one does not need."""
        self._head, self._in_head, self._arrives_by = 0, True, self.loop.time() + self.patience_s
        self._hosts, self._coded = 0, False
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a trailer, behind a body, which must not pass for one (RFC 9110, section 6.5.1).

        Raises what is wrong with a trailer, which ends the connection.
        """
        name = name.lower()
        if not self._in_head:
            with self._judging():
                check_trailer(name)
            return
        self.headers.append((name, value))
        if name == b"host":
            self._hosts += 1
        elif name == b"expect":
            self.expect_100_continue |= value.lower() == b"100-continue"
        elif name == b"transfer-encoding":
            self._coded = self._coded or value.strip().lower() != b"chunked"

    def on_headers_complete(self) -> None:
        """Its head is whole. Raises what is wrong with it, which ends the connection."""
        upgrade = self.parser.should_upgrade()
        if upgrade or self._hosts != 1 or self._coded or self._head or self._long:
            method, version = self.parser.get_method(), self.parser.get_http_version()
            with self._judging():
                check_head(
                    method, self.url, version, self.headers,
                    hosts=self._hosts, coded=self._coded, limit=self.head_bytes,
                )  # fmt: skip
        if not upgrade:
            self._take_up()
            if not self.pipeline:
                self._answering = self.cycle
        self._head, self._in_head = 0, False

    def _take_up(self) -> None:
        head = self._hot_head()
        if head is None:
            self._make_scope()
            super().on_headers_complete()
            return
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        exchange = Exchange(self.hot, head, self, keep_alive=keep_alive, expects=self.expect_100_continue)
        before, self.cycle, self._incoming = self.cycle, exchange, exchange
        if before is None or before.response_complete:
            exchange.begin()
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Some of its body has come. What is between its chunks, and behind it, is bounded as a head is."""
        self._head = 0
        if self._incoming is None:
            super().on_body(body)
        else:
            self._incoming.take(body)

    def on_message_complete(self) -> None:
        """It is whole."""
        self._arrives_by = None
        if self._incoming is not None:
            self._incoming.end()
            self._incoming = None
        elif not self.parser.should_upgrade():
            super().on_message_complete()

    def _make_scope(self) -> None:
        """Begin anew as uvicorn does, with what has come since."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers

    def _hot_head(self) -> Head | None:
        """The head of the request, if it is to be answered here: a POST whose target says plainly that it is hot."""
        if self.parser.get_method() != b"POST":
            return None
        target = _PLAIN_TARGET(self.url)
        if target is None or not self.hot.takes(path := target[1].decode()):
            return None
        return Head("POST", path, target[2] or b"", self.headers, self.client[0] if self.client else "")

    # What an exchange needs

    def say(self, data: bytes) -> None:
        """Send bytes."""
        self.transport.write(data)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Let this run in a task, which the server waits for when it stops."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def give(self, answer: Answer, *, keep_alive: bool) -> None:
        """Send an answer, if anybody is there, and go on with what waits behind it."""
        self.transport.write_at_once(answer.wire(self.server_state.default_headers, keep_alive=keep_alive))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    # How uvicorn goes on

    def on_response_complete(self) -> None:
        """A request is answered, and so the next one's turn has come, or there is to be one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        idle = not self.pipeline and not self._rest
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if not self.pipeline:
            self.flow.held = False
            if self._rest:
                rest, self._rest = self._rest, b""
                self._look_at(rest)
            self.flow.resume_reading()
        if idle and self._arrives_by is None:
            self._patience.until(self.loop.time() + self.timeout_keep_alive)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """A request's turn has come."""
        self._answering = cycle
        if isinstance(cycle, Exchange):
            cycle.begin()
        elif isinstance(cycle, Answer):
            self.give(cycle, keep_alive=False)
        else:
            super()._start_asgi_task(cycle, app)

    # What becomes another thing, and what does not

    def _becomes_websocket(self) -> bool:
        """Whether the hub does what was asked for. It may not (RFC 9110, section 7.8), and must answer others first."""
        idle = self.cycle is None or self.cycle.response_complete
        bare = all(name not in _OF_BODIES or value == b"0" for name, value in self.headers)
        return idle and bare and self.parser.get_method() == b"GET" and self._should_upgrade()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over. A WebSocket lasts, and joins its writes itself."""
        self._deaf = True
        self._patience.stop()
        self.transport = self.transport.unwrap()
        self._make_scope()
        self.scope["method"] = "GET"
        super().handle_websocket_upgrade()

    def _head_without_upgrade(self) -> bytes:
        """The head that was read last, as if nothing but an answer was asked for."""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))

    # What never becomes a request

    @contextmanager
    def _judging(self) -> Iterator[None]:
        """Remember what the parser is stopped by: it would tell of whatever else is being handled."""
        try:
            yield
        except HubError as wrong:
            self._wrong = wrong
            raise

    def _misunderstood(self) -> None:
        """The parser goes no further, be it that a head was found wrong."""
        self._refuse(self._wrong or Invalid("invalid_http", "what was sent is not an HTTP/1.1 request"))

    def _lose_patience(self) -> None:
        if self.pipeline:  # it is the server that does not read on
            self._arrives_by = self.loop.time() + self.patience_s
            self._patience.until(self._arrives_by)
        elif self._arrives_by is not None and (self._in_head or not self.cycle.response_complete):
            self._refuse(Invalid("request_timeout", f"the request did not arrive whole within {self.patience_s:g} s"))
        else:
            self.transport.close()

    def _refuse(self, error: HubError) -> None:
        """Answer when the turn has come, unless an answer is on its way, and close. Nothing more is listened to."""
        in_body = self._arrives_by is not None and not self._in_head
        self._deaf, self._rest, self._arrives_by = True, b"", None
        self._patience.unending()
        waiting: Any = (self.hot.refuse_unread(error, self.client[0] if self.client else ""), self.app)
        if in_body and self.pipeline:
            self.pipeline[0] = waiting
        elif in_body and self.cycle.response_started:
            self.transport.close()
        elif in_body or self.cycle is None or self.cycle.response_complete:
            self._start_asgi_task(*waiting)
        else:
            self.pipeline.appendleft(waiting)


def protocol_with(hot: Hot, head_bytes: int, patience_s: float) -> type[HttpProtocol]:
    """The protocol for these hot paths, heads of so many bytes, and requests that may take so long to arrive."""
    return type("BoundHttpProtocol", (HttpProtocol,), {"hot": hot, "head_bytes": head_bytes, "patience_s": patience_s})


_OF_BODIES = frozenset({b"content-length", b"transfer-encoding"})
_PLAIN_TARGET = re.compile(rb"(/[^%?#\x80-\xff]*)(?:\?([^#]*))?").fullmatch
"""A path and a query as they stand in a request, if the path stands for itself."""
