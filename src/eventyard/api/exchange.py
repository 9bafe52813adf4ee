"""One request on a hot path and its answer, straight between the parser and the hub.

ASGI would put a scope between them, coroutines to receive by and to send by, and messages made and taken apart. Here
what is parsed goes into the body, and one coroutine makes the answer, which leaves in one write. That coroutine is a
task, though a task costs as much as parsing the request: a store may wait with a time-out, which only tasks can.

What waits behind another request is not judged before its turn: who may send may have changed by then.

To uvicorn's protocol this is what its own ``RequestResponseCycle`` is: something under way, which others wait behind.
"""

from collections.abc import Coroutine
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import FlowControl

from eventyard.api.hot import Call, Hot
from eventyard.api.http import Answer, Head, cut_short

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(Protocol):
    """What an exchange needs of the connection it takes place on."""

    flow: FlowControl

    def say(self, data: bytes) -> None:
        """Send bytes."""

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Let this run in a task, which the server waits for when it stops."""

    def give(self, answer: Answer, *, keep_alive: bool) -> None:
        """Send an answer, if anybody is there, and go on with what waits behind it."""


class Exchange:
    """Judged when its turn has come, and answered once its body is whole, or is not wanted."""

    __slots__ = (
        "_call", "_connection", "_early", "_expects", "_head", "_hot", "_refusal", "_turn", "_whole",
        "keep_alive", "response_complete", "response_started",
    )  # fmt: skip

    def __init__(self, hot: Hot, head: Head, connection: Connection, *, keep_alive: bool, expects: bool) -> None:
        """``expects`` says that the client waits for a word before it sends the body (RFC 9110, section 10.1.1)."""
        self._hot = hot
        self._head = head
        self._connection = connection
        self._expects = expects
        self._turn = self._whole = False
        self._early: list[bytes] = []
        self._call: Call | None = None
        self._refusal: Answer | None = None
        self.keep_alive = keep_alive
        self.response_started = self.response_complete = False

    def begin(self) -> None:
        """Its turn has come: every request before it is answered. As long as it waited nothing more was read."""
        self._turn = True
        early, self._early = self._early, []
        try:
            self._call = self._hot.open(self._head)
            for part in early:
                self._call.body.take(part)
        except Exception as error:
            self._refuse(error)
        if self._whole or self._call is None:
            self._connection.run(self._answer())
        elif self._expects:
            self._connection.say(CONTINUE)

    def take(self, part: bytes) -> None:
        """Some of the body has come. What is not wanted is read and forgotten."""
        if not self._turn:
            self._early.append(part)
        elif self._call is not None:
            try:
                self._call.body.take(part)
            except Exception as error:
                self._refuse(error)
                self._connection.run(self._answer())

    def end(self) -> None:
        """All of the body has come."""
        self._whole = True
        if self._call is not None:
            self._connection.run(self._answer())

    def abandon(self) -> None:
        """The client has gone. What is being answered is seen through, what it did not send whole is refused for the
        record, and what has not had its turn is let go.
        """
        self._early.clear()
        if not self._whole and self._call is not None:
            self._refuse(cut_short())

    def _refuse(self, error: Exception) -> None:
        self._call, self._refusal = None, self._hot.refuse(error, self._head)

    async def _answer(self) -> None:
        call, self._call = self._call, None  # a connection that stays open holds no body
        if call is not None:
            try:
                answer = await self._hot.answer(call)
            except Exception as error:
                answer = self._hot.refuse(error, self._head)
            call = None
        else:
            assert self._refusal is not None
            answer = self._refusal
        if self._connection.flow.write_paused:
            await self._connection.flow.drain()
        self.response_started = self.response_complete = True
        self._connection.give(answer, keep_alive=self.keep_alive)
