"""What the hub and a worker process say to each other over two pipes: a question, an answer, a question, ….

Both sides import this file, and a worker is to be small and quick to start: it leans on the standard library alone, and
carries JSON as text that only the ends read.
"""

import json
from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

_QUESTION = Struct("<III?")  # milliseconds, bytes of the source, bytes of the context, whether there is a context
_ANSWER = Struct("<??I")  # whether it succeeded, whether it is the worker's last, bytes of the body

ANSWER_HEAD_BYTES = _ANSWER.size
LONGEST_MESSAGE = 1000
LONGEST_FAILURE = 16_384
"""More bytes than a failure comes to, whatever is in its message."""

Read = Callable[[int], bytes]
"""Reads so many bytes, and fewer only at the end of what there is to read."""


class Question(NamedTuple):
    """A function's source with the JSON of its ``eventContext``; without one it is compiled and not run."""

    source: str
    context: bytes | None
    timeout_ms: int

    def encode(self) -> bytes:
        """The frame of it. Raises ``UnicodeEncodeError`` for a source that is no text (lone surrogates)."""
        source = self.source.encode()
        context = self.context or b""
        head = _QUESTION.pack(self.timeout_ms, len(source), len(context), self.context is not None)
        return head + source + context


def read_question(read: Read) -> Question | None:
    """The next question; none when the hub has hung up."""
    head = read(_QUESTION.size)
    if len(head) < _QUESTION.size:
        return None
    timeout_ms, source_bytes, context_bytes, with_context = _QUESTION.unpack(head)
    source, context = read(source_bytes).decode(), read(context_bytes)
    if len(context) < context_bytes:
        return None
    return Question(source, context if with_context else None, timeout_ms)


class Answer(NamedTuple):
    """What a question came to: the JSON of the result, or of a :class:`Failure`. ``last``: the worker ends."""

    ok: bool
    last: bool
    body: bytes = b""

    def encode(self) -> bytes:
        """The frame of it."""
        return _ANSWER.pack(self.ok, self.last, len(self.body)) + self.body


def read_answer_head(head: bytes) -> tuple[bool, bool, int]:
    """Whether it succeeded, whether it is the last, and how many bytes of body follow."""
    ok, last, size = _ANSWER.unpack(head)
    return ok, last, size


class Failure(Exception):
    """A function came to nothing: the message, and the line and column in its source, from 1, where known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message[:LONGEST_MESSAGE], line, column

    def encode(self) -> bytes:
        """The body of an answer that says so: a JSON array of the three."""
        return json.dumps([self.message, self.line, self.column]).encode()
