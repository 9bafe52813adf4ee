"""A process in which mappings are evaluated: it reads an expression and a document, and writes what comes of them.

It is started by ``pool.py``, which ends it when an evaluation takes too long; what needs too much memory ends it by
itself. It opens nothing, and nothing else is in its memory. When the hub goes, so does it.

A frame is its length in four bytes and what it holds: a :class:`Question` as JSON on the way in; on the way out a byte
that says what came of it, and then the value as JSON, nothing, or an error in words.
"""

import ctypes
import resource
import signal
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO

import msgspec
from msgspec import Struct

from eventyard.model.ids import Millis

MEMORY_BYTES = 512 * 1024 * 1024
"""How much memory the process may ask for, all in all."""

MAX_REPLY = 4 * 1024 * 1024
"""How large what an expression makes may be, in bytes of JSON."""

_PR_SET_PDEATHSIG = 1

VALUE, NOTHING, ERROR = b"+", b"0", b"-"
"""How a reply begins."""


class Question(Struct, frozen=True):
    """What to evaluate, on which document, as of which moment."""

    expression: str
    document: msgspec.Raw
    now: Millis


def framed(message: bytes) -> bytes:
    """A message as it goes from one process to the other."""
    return len(message).to_bytes(4, "big") + message


def replier() -> Callable[[Question], bytes]:
    """What answers questions. What it needs is loaded here, and keeps to the limits that are set by then."""
    from eventyard.matching.mapping import Mapping, MappingError  # noqa: PLC0415

    compiled = lru_cache(maxsize=256)(Mapping)

    def reply(question: Question) -> bytes:
        try:
            value = compiled(question.expression).evaluate(bytes(question.document).decode(), question.now)
        except (MappingError, ValueError) as error:
            return ERROR + str(error).encode(errors="replace")
        if value is None:
            return NOTHING
        encoded = value.encode()
        return VALUE + encoded if len(encoded) <= MAX_REPLY else ERROR + b"it makes more than %d bytes" % MAX_REPLY

    return reply


def serve(reply: Callable[[Question], bytes], questions: BinaryIO, replies: BinaryIO) -> None:
    """Answer one question after the other, until there are no more."""
    decoder = msgspec.json.Decoder(Question)
    while len(head := questions.read(4)) == 4:
        body = questions.read(int.from_bytes(head, "big"))
        replies.write(framed(reply(decoder.decode(body))))
        replies.flush()


def main() -> None:
    """Give up what is not needed, then serve."""
    # The engine's allocator sets a gigabyte aside when it is loaded, unless it cannot: so the limits come first.
    for limit, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(limit, (value, value))
    if sys.platform == "linux":  # in the middle of an evaluation, too; elsewhere it sees the end of its input after one
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    serve(replier(), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
