"""One connection to a receiver: a request goes out, its answer comes in, then perhaps the next.

It knows neither whom it leads to nor how it came about; that, and when it is used again, is ``client.py``'s. What the
bytes of an answer say is ``answers.py``'s.
"""

import asyncio
from typing import cast

from eventyard.targets.answers import BODY_KEPT, Answer, NotHttp


class HungUp(Exception):
    """The connection ended before there was an answer."""


class Connection(asyncio.Protocol):
    """A connection without pipelining: each answer is waited for before the next request."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self.usable = False
        """Whether it can take a request: it is open, and nothing of an earlier exchange is left on it."""
        self.idle_since = 0.0
        """Since when nobody has used it, by the clock of the loop."""

    def ask(
        self, head: bytes, body: bytes, *, bodiless: bool = False, most: int = BODY_KEPT
    ) -> "asyncio.Future[Answer]":
        """Send a request. Its answer stands from the end of its head on, whatever becomes of its body, of which
        ``most`` bytes are kept. ``bodiless`` says that it has none whatever its head says, as the answer to a HEAD.

        Raises :class:`HungUp` when the connection is closed already. The future raises that too, :class:`NotHttp`,
        and ``TimeoutError`` after :meth:`expire`.
        """
        if not self.usable:
            raise HungUp("the receiver closed the connection")
        self.usable = False
        self._waiter = self._loop.create_future()
        # What is asked in one turn of the loop leaves at its end, together: a receiver that is woken once and then busy
        # costs the sender less than one that is woken for each.
        self._loop.call_soon(self._send, head + body, bodiless, most)
        return self._waiter

    def expire(self) -> None:
        """Wait no longer."""
        self._end(TimeoutError())

    def abort(self) -> None:
        """Hang up, whatever is under way."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast(asyncio.Transport, transport)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        """A piece of the answer; what comes unasked makes the connection useless."""
        if self._answer is None:
            self.abort()
            return
        try:
            if self._answer.feed(data):
                self._end(None)
        except NotHttp as error:
            self._end(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed. That may be how an answer ends that states no length."""
        self.usable = False
        if self._answer is not None and exc is None:
            self._answer.hung_up()
        self._end(HungUp(f"the connection broke: {exc}" if exc else "the receiver closed the connection"))

    def _send(self, request: bytes, bodiless: bool, most: int) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._answer = Answer(bodiless=bodiless, most=most)
            self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        """The exchange is over: with an answer if its head has come, else with the error."""
        answer, waiter, self._answer, self._waiter = self._answer, self._waiter, None, None
        if waiter is None or self._transport is None:
            return
        whole = error is None and answer is not None and answer.reusable
        self.usable = whole and not self._transport.get_write_buffer_size()
        if not self.usable:
            self._transport.abort()
        if waiter.done():
            return
        if answer is not None and (error is None or answer.status):
            waiter.set_result(answer)
        elif error is not None:
            waiter.set_exception(error)
