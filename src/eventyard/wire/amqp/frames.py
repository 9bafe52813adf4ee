"""Bytes from a socket -> frames (AMQP 0-9-1, section 4.2), each as soon as it is whole; and frames around payloads.

The reader tells "more is needed" (``None``) from "this can never become a frame" (:class:`AmqpError`), takes time
linear in the bytes however they are split, and keeps at most one frame that is not whole. Frames are asked for one by
one, because what the next one may be, and how long, can be decided by what was done about the last. ``basic.publish``
and the frames of a content, which is most of what a busy connection is sent, are read here by hand; other methods by
``methods.py``. What a frame means is ``connection.py``'s.
"""

from struct import Struct as Layout
from struct import error as LayoutError
from typing import TypeAlias, final

from msgspec import Struct
from pamqp.base import Frame as Method
from pamqp.commands import Basic

from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.methods import decode

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
HEARTBEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"
FRAME_END = b"\xce"
OVERHEAD = 8
"""Octets of a frame that are not its payload: type, channel and size before it, the end octet behind."""

METHOD_FRAME, HEADER_FRAME, BODY_FRAME, HEARTBEAT_FRAME = 1, 2, 3, 8
_TYPES = frozenset({METHOD_FRAME, HEADER_FRAME, BODY_FRAME, HEARTBEAT_FRAME})
_START = Layout(">BHI")
_CONTENT = Layout(">HHQ")
_HEADER = Layout(">BHIHHQ")
_PUBLISH = Basic.Publish.index.to_bytes(4, "big")


@final
class MethodFrame(Struct, frozen=True, gc=False):
    """Any method but ``basic.publish``, as pamqp's object."""

    channel: int
    method: Method


@final
class PublishFrame(Struct, frozen=True, gc=False):
    """``basic.publish``; its content follows in frames of its own."""

    channel: int
    exchange: str
    routing_key: str
    mandatory: bool
    immediate: bool


@final
class HeaderFrame(Struct, frozen=True, gc=False):
    """The head of a content: how large its body is, and its properties as they came (see ``properties.py``)."""

    channel: int
    class_id: int
    size: int
    properties: bytes


@final
class BodyFrame(Struct, frozen=True, gc=False):
    """A part of a content's body."""

    channel: int
    payload: bytes


@final
class Content(Struct, frozen=True, gc=False):
    """A ``basic.publish`` with its properties and its body; ``end`` is where the reader goes on behind it."""

    publish: PublishFrame
    properties: bytes
    body: bytes
    end: int


Frame: TypeAlias = MethodFrame | PublishFrame | HeaderFrame | BodyFrame


class FrameReader:
    """Cuts what a client sends into frames. ``frame_max`` may be set anew once a connection is tuned."""

    def __init__(self, frame_max: int) -> None:
        self.frame_max = frame_max
        self._data = b""
        self._at = 0
        self._tail = bytearray()
        self._needed = 0

    @property
    def held(self) -> int:
        """Octets that were fed and not yet given back as frames."""
        return len(self._data) - self._at + len(self._tail)

    def feed(self, data: bytes) -> None:
        """Take what a socket gave. Ask for all frames before feeding again: what is not asked for is kept."""
        if self._tail:
            self._tail += data
            if len(self._tail) < self._needed:
                return
            data = bytes(self._tail)
            self._tail = bytearray()
        elif self._at < len(self._data):
            data = self._data[self._at :] + data
        self._data = data
        self._at = 0

    def greeting(self) -> bool | None:
        """Whether the connection begins with the header of AMQP 0-9-1; ``None`` while that cannot be told."""
        begun = self._data[: len(PROTOCOL_HEADER)]
        if begun == PROTOCOL_HEADER:
            self._at = len(begun)
            return True
        if not PROTOCOL_HEADER.startswith(begun or self._tail):
            return False
        self._wait(len(PROTOCOL_HEADER))
        return None

    def next_frame(self) -> Frame | None:
        """The next frame, or ``None`` until more is fed. Heartbeats are read and left out: any octet is one.

        Raises :class:`AmqpError`. After a 501 the stream cannot be followed any more; after others it can.
        """
        data = self._data
        while True:
            start = self._at + 7
            if len(data) < start:
                self._wait(7)
                return None
            kind, channel, size = _START.unpack_from(data, self._at)
            end = start + size
            if len(data) <= end:
                self._check(kind, channel, size)
                self._wait(size + OVERHEAD)
                return None
            if data[end] != 0xCE or size > self.frame_max:
                self._check(kind, channel, size)
                raise AmqpError(ReplyCode.FRAME_ERROR, f"a frame ends with octet {data[end]:#04x} instead of 0xce")
            self._at = end + 1
            if kind == BODY_FRAME:
                return BodyFrame(channel, data[start:end])
            if kind == METHOD_FRAME:
                if data.startswith(_PUBLISH, start, end):
                    return _publish(data, start + 4, end, channel)
                return MethodFrame(channel, decode(data[start:end]))
            if kind == HEADER_FRAME:
                return _header(data, start, end, channel)
            self._check(kind, channel, size)

    def whole_content(self) -> Content | None:
        """A ``basic.publish`` with its header and all of its body in one frame, if those three are what comes next.

        Nothing is read by this: :meth:`skip` does, and what is not so plain is left to :meth:`next_frame`.
        """
        data, at, most = self._data, self._at, self.frame_max
        if not data.startswith(_PUBLISH, at + 7):
            return None
        try:
            kind, channel, size = _START.unpack_from(data, at)
            end = at + 7 + size
            header, number, header_size, class_id, weight, length = _HEADER.unpack_from(data, end + 1)
            header_end = end + 8 + header_size
            last = _START.unpack_from(data, header_end + 1)
            body = header_end + 8
            body_end = body + length
            framed = data[end] == data[header_end] == data[body_end] == 0xCE
        except (LayoutError, IndexError):  # not all of it is there
            return None
        properties_at = end + 8 + _CONTENT.size
        if (
            not framed
            or (kind, header, number, class_id, weight) != (METHOD_FRAME, HEADER_FRAME, channel, Basic.frame_id, 0)
            or last != (BODY_FRAME, channel, length)
            or header_end < properties_at + 2
            or not length
            or max(size, header_size, length) > most
        ):
            return None
        publish = _publish(data, at + 11, end, channel)
        return Content(publish, data[properties_at:header_end], data[body:body_end], body_end + 1)

    def skip(self, content: Content) -> None:
        """Take a whole content as read."""
        self._at = content.end

    def _check(self, kind: int, channel: int, size: int) -> None:
        """Raise :class:`AmqpError` for the first octets of what is no frame, or not one of this connection."""
        # The bound is meant for whole frames, but several clients fill it with payload, as RabbitMQ lets them.
        if size > self.frame_max:
            why = f"a payload of {size} octets is too large for frames of {self.frame_max}"
        elif kind not in _TYPES:
            why = f"there is no frame of type {kind}"
        elif kind == HEARTBEAT_FRAME and (channel or size):
            why = "a heartbeat is empty and on channel 0"
        else:
            return
        raise AmqpError(ReplyCode.FRAME_ERROR, why)

    def _wait(self, needed: int) -> None:
        """Put what is left aside, to be looked at again once so much is there."""
        if self._at < len(self._data):
            self._tail = bytearray(self._data[self._at :])
            self._needed = needed
        self._data = b""
        self._at = 0


def _publish(data: bytes, at: int, end: int, channel: int) -> PublishFrame:
    """The arguments stand behind two reserved octets: two short strings and an octet of bits."""
    try:
        exchange_at = at + 3
        exchange_end = exchange_at + data[at + 2]
        key_at = exchange_end + 1
        key_end = key_at + data[exchange_end]
        if key_end + 1 == end:
            bits = data[key_end]
            return PublishFrame(
                channel,
                data[exchange_at:exchange_end].decode(),
                data[key_at:key_end].decode(),
                bits & 1 != 0,
                bits & 2 != 0,
            )
        why = "they do not fill the frame"
    except (IndexError, UnicodeDecodeError) as error:
        why = str(error)
    raise AmqpError(ReplyCode.SYNTAX_ERROR, f"cannot read the arguments of basic.publish: {why}", Basic.Publish)


def _header(data: bytes, start: int, end: int, channel: int) -> HeaderFrame:
    if end - start < _CONTENT.size + 2:
        raise AmqpError(ReplyCode.SYNTAX_ERROR, "a content header has no room for its flags", Basic.Publish)
    class_id, weight, size = _CONTENT.unpack_from(data, start)
    if weight:
        raise AmqpError(ReplyCode.SYNTAX_ERROR, "the weight of a content is not 0", Basic.Publish)
    return HeaderFrame(channel, class_id, size, data[start + _CONTENT.size : end])


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    """A payload with its frame around it."""
    return b"%b%b\xce" % (_START.pack(kind, channel, len(payload)), payload)


def content_frames(channel: int, properties: bytes, body: bytes, frame_max: int) -> bytes:
    """The header and body frames of a content, to stand behind a method that announces it."""
    size = len(body)
    head = _HEADER.pack(HEADER_FRAME, channel, _CONTENT.size + len(properties), Basic.frame_id, 0, size)
    most = frame_max - OVERHEAD
    if 0 < size <= most:
        return b"".join((head, properties, FRAME_END, _START.pack(BODY_FRAME, channel, size), body, FRAME_END))
    parts = [head, properties, FRAME_END]
    for at in range(0, len(body), most):
        part = body[at : at + most]
        parts += (_START.pack(BODY_FRAME, channel, len(part)), part, FRAME_END)
    return b"".join(parts)
