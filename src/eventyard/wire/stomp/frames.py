"""STOMP frames <-> bytes: versions 1.0, 1.1 and 1.2 with one reader.

Sources: the STOMP 1.2 specification, "STOMP Frames" to "Augmented BNF", and what RabbitMQ makes of its predecessors:
escapes are undone in every version, lines may end in CRLF in every version. Whether a command makes sense is asked in
``session.py``; that header values of 1.0 begin behind their blanks is undone there, too, where the version is known.

The bounds are not optional, and an input is read in time linear in its length, into whatever pieces it was cut.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NoReturn

from msgspec import Struct

from eventyard.model.errors import HubError, Invalid, TooLarge

LITERAL: Final = frozenset({"CONNECT", "STOMP", "CONNECTED"})
"""Commands whose headers know no escapes (STOMP 1.2, "Value Encoding"): a backslash of a password is one."""

HEARTBEAT: Final = b"\n"
"""What is sent so that something is. Whatever a peer sends is a sign of life, so the reader reports none of these."""

_HEAD_END = re.compile(rb"\n\r?\n")
_BETWEEN = re.compile(rb"[\0\r\n]*")
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "c": ":", "\\": "\\"}
_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c", "\0": "\N{REPLACEMENT CHARACTER}"})
_SPECIAL = re.compile("[\\\\\n\r:\0]")


class Frame(Struct, frozen=True):
    """A command with its headers and body. Of a header that was sent several times, the first counts."""

    command: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class FrameLimits(Struct, frozen=True):
    """The bounds of what is read, in bytes but for the number of headers.

    A frame is measured from its command to the end of its body; ``greeting_bytes`` holds until the client is known. A
    header is measured as it stands on its line, name and value.
    """

    frame_bytes: int = 4 * 1024 * 1024
    greeting_bytes: int = 64 * 1024
    headers: int = 100
    header_bytes: int = 100 * 1024
    command_bytes: int = 32


_Head = tuple[str, dict[str, str], int, int]
"""Command, headers, bytes of the head with its empty line, and bytes of the body or -1 if a NUL ends it."""


class FrameReader:
    """Bytes in, frames out. Holds at most one frame's bytes beside those it was fed last.

    Errors are ``Invalid`` (``invalid_frame``) and ``TooLarge`` (``frame_too_large``); after one there is no way back,
    since nobody knows where the next frame begins: it is raised again by every further call.
    """

    __slots__ = ("_at", "_command_bytes", "_data", "_error", "_head", "_limit", "_limits", "_sought")

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits
        self._limit = limits.greeting_bytes
        self._command_bytes = limits.command_bytes
        self._data: bytes | bytearray = b""
        self._at = 0  # where the current frame begins
        self._sought = 0  # how much of it was already searched for what comes next
        self._head: _Head | None = None
        self._error: HubError | None = None

    def admit(self) -> None:
        """The client is known: frames may have their full size from now on."""
        self._limit = self._limits.frame_bytes

    @property
    def held(self) -> int:
        """Bytes that wait for the rest of their frame, or to be asked for."""
        return len(self._data) - self._at

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take bytes; the frames that are whole now, each read when it is asked for.

        So whoever takes them can stop after a command that ends the conversation, or :meth:`admit` the client in
        between. What was not asked for is given by the next call.
        """
        held = self._data
        if self._at == len(held):
            self._data = data if self._error is None else b""
        elif isinstance(held, bytes):
            self._data = bytearray(memoryview(held)[self._at :])
            self._data += data
        else:
            del held[: self._at]
            held += data
        self._at = 0
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        head = self._head or self._read_head()
        if head is None:
            return None
        command, headers, size, length = head
        data, at = self._data, self._at
        begin = at + size
        if length < 0:
            end = data.find(0, max(begin, at + self._sought), at + self._limit + 1)
            if end < 0 and len(data) - at > self._limit:
                self._too_large()
        else:
            end = begin + length
            if end >= len(data):
                end = -1
            elif data[end]:
                self._fail("the body does not end in a NUL after as many bytes as content-length says")
        if end < 0:
            self._head, self._sought = head, len(data) - at
            return None
        self._head, self._sought = None, 0
        if isinstance(data, bytes):
            self._at = end + 1
            return Frame(command, headers, data[begin:end])
        self._data, self._at = bytes(memoryview(data)[end + 1 :]), 0
        return Frame(command, headers, bytes(memoryview(data)[begin:end]))

    def _read_head(self) -> _Head | None:
        """The head of the frame that begins next, once it is whole."""
        data, at = self._data, self._at
        if at < len(data) and data[at] < 14 and (between := _BETWEEN.match(data, at)):
            at = self._at = between.end()
        if at == len(data):
            if self._error is not None:
                raise self._error
            return None
        blank = _HEAD_END.search(data, at + self._sought)
        if blank is None:
            self._check_open(len(data))
            self._sought = max(0, len(data) - at - 2)  # the two last bytes may begin what is sought
            return None
        stop, end = blank.span()
        try:
            text = data[at:stop].decode()
        except UnicodeDecodeError:
            self._check_open(end)
            self._fail("the head is not UTF-8")
        lines = text.split("\n", self._limits.headers + 1)
        if "\r" in text:
            lines = [line.removesuffix("\r") for line in lines]
        command = lines[0]
        if end - at > self._limit or "\0" in text or len(command) > self._command_bytes or not command.isascii():
            self._check_open(end)
            self._fail("the command is none")
        headers = self._read_headers(lines, text, literal="\\" not in text or command in LITERAL)
        length = self._read_length(headers["content-length"], end - at) if "content-length" in headers else -1
        return command, headers, end - at, length

    def _read_headers(self, lines: list[str], head: str, *, literal: bool) -> dict[str, str]:
        """The headers on all lines but the first."""
        limits = self._limits
        if len(lines) > limits.headers + 1:
            self._fail(f"the frame has more than {limits.headers} headers")
        if len(head) * 4 > limits.header_bytes and max(len(line.encode()) for line in lines) > limits.header_bytes:
            self._fail(f"a header is longer than {limits.header_bytes} bytes")
        if "\r" in head and "\r" in "".join(lines):
            self._fail("a carriage return stands elsewhere than at the end of a line")
        headers: dict[str, str] = {}
        del lines[0]
        for line in lines:
            name, colon, value = line.partition(":")
            if not name or not colon:
                self._fail("a header line has no name, or no colon")
            if not literal:
                name, value = self._unescape(name), self._unescape(value)
            if name not in headers:
                headers[name] = value
        return headers

    def _read_length(self, stated: str, head: int) -> int:
        digits = stated.strip(" ")
        if not digits.isdigit() or not digits.isascii():
            self._fail("content-length is not a number")
        if len(digits) > 15 or head + int(digits) > self._limit:
            self._too_large()
        return int(digits)

    def _unescape(self, text: str) -> str:
        try:
            return _ESCAPE.sub(lambda found: _PLAIN[found[1]], text) if "\\" in text else text
        except KeyError:
            self._fail(r"a header holds a backslash that begins none of the escapes \n, \r, \c and \\")

    def _check_open(self, end: int) -> None:
        """Raise what can be said of a head of which only the bytes up to ``end`` are known, perhaps not its last.

        It looks no further than it would have had the bytes come one by one, so that the error is always the same.
        """
        data, at = self._data, self._at
        command = at + self._command_bytes + 2
        no_line = data.find(b"\n", at, min(end, command)) < 0 and end >= command
        if data.find(0, at, min(end, command if no_line else at + self._limit + 1)) >= 0:
            self._fail("a NUL stands in the head, or no empty line ends it")
        if no_line:
            self._fail(f"the command is longer than {self._limits.command_bytes} bytes")
        if end - at > self._limit:
            self._too_large()

    def _fail(self, why: str) -> NoReturn:
        self._break(Invalid("invalid_frame", f"not a STOMP frame: {why}"))

    def _too_large(self) -> NoReturn:
        self._break(TooLarge("frame_too_large", f"the frame is larger than {self._limit} bytes"))

    def _break(self, error: HubError) -> NoReturn:
        self._error, self._data, self._at, self._head = error, b"", 0, None
        raise error


def encode(frame: Frame) -> bytes:
    """The frame as bytes, with the line feed behind it that RabbitMQ sends, too.

    A ``content-length`` is added to a body, and never taken from the headers. A NUL in a header, which no version can
    express, becomes U+FFFD.
    """
    lines = [frame.command.encode(), *encode_headers(frame.headers, literal=frame.command in LITERAL)]
    if frame.body:
        lines.append(b"content-length:%d" % len(frame.body))
    return b"\n".join(lines) + b"\n\n" + frame.body + b"\0\n"


def encode_headers(headers: Mapping[str, str], *, literal: bool = False) -> list[bytes]:
    """The lines of these headers without their ends; ``content-length`` is left out, as it is the body's to say."""
    return [
        f"{name}:{value}".encode() if literal else f"{escape(name)}:{escape(value)}".encode()
        for name, value in headers.items()
        if name != "content-length"
    ]


def escape(text: str) -> str:
    """A name or value as it stands in a header line."""
    return text.translate(_ESCAPED) if _SPECIAL.search(text) else text
