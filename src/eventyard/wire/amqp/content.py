"""A message on its way out: made once, then sent to any number of consumers.

Only ``basic.deliver`` differs from one consumer to the next, by its tags; the frames of the content are the same for
all whose channels have the same number and frames of the same size, which is nearly always all. So a delivery costs
one packed head, and no copy of the body. Which consumer gets which message is decided far from here.
"""

from functools import lru_cache
from struct import Struct as Layout

from pamqp.commands import Basic

from eventyard.wire.amqp.errors import ReplyCode, short
from eventyard.wire.amqp.fields import U32, shortstr
from eventyard.wire.amqp.frames import FRAME_END, METHOD_FRAME, content_frames, frame

_ACK = Layout(">BHIIQBB")
_GET_OK = Layout(">IQB")
_RETURN = Layout(">IH")
_ACK_PAYLOAD = 13
_DELIVER = Basic.Deliver.index
_KEPT = 128 * 1024
"""Octets of one message's frames that are kept for other channel numbers; a large one is rather made again."""
_FIXED = 13
"""Octets of a ``basic.deliver`` beside its strings: its number, the delivery tag and the bit of ``redelivered``."""


class Content:
    """A message as clients are given it.

    ``properties`` are the bytes behind the body's size in a content header; ``ending`` is how the method frame of
    every delivery ends; ``made`` holds its header and body frames by channel number and size of frames.
    """

    __slots__ = ("body", "ending", "made", "properties")

    def __init__(self, exchange: str, routing_key: str, properties: bytes, body: bytes) -> None:
        self.properties = properties
        self.body = body
        self.made: dict[tuple[int, int], bytes] = {}
        self.ending = _ending(exchange, routing_key)

    def frames(self, channel: int, frame_max: int) -> bytes:
        """Its header and body frames; the same object for every consumer with the same two numbers."""
        made = self.made.get((channel, frame_max))
        if made is None:
            if len(self.made) * (len(self.body) + len(self.properties)) >= _KEPT:
                self.made.clear()
            made = self.made[channel, frame_max] = content_frames(channel, self.properties, self.body, frame_max)
        return made

    def returned(self, channel: int, frame_max: int, code: ReplyCode = ReplyCode.NO_ROUTE) -> list[bytes]:
        """``basic.return`` of a mandatory message, with its content."""
        head = _RETURN.pack(Basic.Return.index, code) + shortstr(short(code.name)) + self._address()
        return [frame(METHOD_FRAME, channel, head), self.frames(channel, frame_max)]

    def got(self, channel: int, frame_max: int, tag: int, redelivered: bool, remaining: int) -> list[bytes]:
        """``basic.get-ok`` with its content; ``remaining`` messages are left in the queue."""
        head = _GET_OK.pack(Basic.GetOk.index, tag, redelivered) + self._address() + U32.pack(remaining)
        return [frame(METHOD_FRAME, channel, head), self.frames(channel, frame_max)]

    def _address(self) -> bytes:
        return self.ending[: -len(FRAME_END)]


@lru_cache(maxsize=1024)
def _ending(exchange: str, routing_key: str) -> bytes:
    """Where a message was sent to, with the end of a frame: names that came in by another door may be longer than AMQP
    can tell.
    """
    return shortstr(short(exchange)) + shortstr(short(routing_key)) + FRAME_END


class Outlet:
    """What is the same in every ``basic.deliver`` to one consumer."""

    __slots__ = ("_beside", "_channel", "_key", "_pack", "_tag")

    def __init__(self, channel: int, consumer_tag: str, frame_max: int) -> None:
        self._channel = channel
        self._key = (channel, frame_max)
        self._tag = shortstr(consumer_tag)
        self._pack = Layout(f">BHII{len(self._tag)}sQ?").pack
        self._beside = _FIXED + len(self._tag) - len(FRAME_END)

    def frames(self, content: Content, tag: int, redelivered: bool) -> tuple[bytes, bytes]:
        """The method frame of one delivery, and the frames of its content, which are shared."""
        ending = content.ending
        size = self._beside + len(ending)
        head = self._pack(METHOD_FRAME, self._channel, size, _DELIVER, self._tag, tag, redelivered)
        return head + ending, content.made.get(self._key) or content.frames(*self._key)


def ack_frame(channel: int, tag: int, multiple: bool) -> bytes:
    """``basic.ack``: the confirmation of one publish, or of all up to it."""
    return _ACK.pack(METHOD_FRAME, channel, _ACK_PAYLOAD, Basic.Ack.index, tag, multiple, 0xCE)


def nack_frame(channel: int, tag: int, multiple: bool) -> bytes:
    """``basic.nack``: the refusal of one publish, or of all up to it."""
    return _ACK.pack(METHOD_FRAME, channel, _ACK_PAYLOAD, Basic.Nack.index, tag, multiple, 0xCE)
