"""One channel of a connection: its mode, and the content that comes in on it piece by piece.

AMQP 0-9-1, section 4.2.6: a ``basic.publish`` is followed by one header frame and as many body frames as its size
needs, and by nothing else on that channel. What methods may do to a channel is in ``rules.py``.
"""

from pamqp.commands import Basic

from eventyard.wire.amqp.acknowledgements import Confirms
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Publish
from eventyard.wire.amqp.frames import BodyFrame, Content, HeaderFrame, PublishFrame


class Channel:
    """An open channel, or one that one side closed and of which the other has yet to say that it knows.

    ``confirms`` is there once the channel is in confirm mode, ``transactional`` is true once it has transactions;
    never both.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = True
        self.confirms: Confirms | None = None
        self.transactional = False
        self._publish: PublishFrame | None = None
        self._header: HeaderFrame | None = None
        self._body = bytearray()

    @property
    def held(self) -> int:
        """Octets of a body that is not whole."""
        return len(self._body)

    def expect_method(self) -> None:
        """Raise :class:`AmqpError` (505) where a content must come first."""
        if self._header is not None:
            raise _unexpected("expected content body, got non content body frame instead")
        if self._publish is not None:
            raise _unexpected("expected content header for class 60, got non content header frame instead")

    def take(self, piece: PublishFrame | HeaderFrame | BodyFrame, largest: int) -> Publish | None:
        """Take the next piece of a content; gives the message once it is whole. ``largest`` is in octets of a body.

        Raises :class:`AmqpError`: 505 for a piece out of turn, 540 for ``immediate``, 406 for a body that is too
        large, 501 for one that is larger than its header said.
        """
        if type(piece) is BodyFrame:
            return self._gather(piece)
        if type(piece) is HeaderFrame:
            return self._head(piece, largest)
        self.expect_method()
        if piece.immediate:
            raise AmqpError(ReplyCode.NOT_IMPLEMENTED, "immediate=true", Basic.Publish)
        self._publish = piece
        return None

    def take_whole(self, content: Content) -> Publish | None:
        """Take a content all at once; ``None`` where that cannot be, and nothing is taken."""
        if self._publish is not None or content.publish.immediate:
            return None
        return self._made(content.publish, content.properties, content.body)

    def _head(self, header: HeaderFrame, largest: int) -> Publish | None:
        publish = self._publish
        if publish is None:
            raise AmqpError(ReplyCode.UNEXPECTED_FRAME, "expected method frame, got non method frame instead")
        if self._header is not None:
            self.expect_method()
        if header.class_id != Basic.frame_id:
            raise _unexpected(
                f"expected content header for class {Basic.frame_id}, got one for class {header.class_id} instead"
            )
        if header.size > largest:
            raise AmqpError(
                ReplyCode.PRECONDITION_FAILED,
                f"message size {header.size} is larger than configured max size {largest}",
                Basic.Publish,
            )
        if not header.size:
            return self._whole(publish, header, b"")
        self._header = header
        return None

    def _gather(self, part: BodyFrame) -> Publish | None:
        publish, header, payload = self._publish, self._header, part.payload
        if publish is None or header is None:
            self.expect_method()
            raise AmqpError(ReplyCode.UNEXPECTED_FRAME, "expected method frame, got non method frame instead")
        body = self._body
        length = len(body) + len(payload)
        if length < header.size:
            body += payload
            return None
        if length > header.size:
            raise AmqpError(ReplyCode.FRAME_ERROR, "content body frame exceeds remaining content size", Basic.Publish)
        if body:
            body += payload
            payload = bytes(body)
        return self._whole(publish, header, payload)

    def _whole(self, publish: PublishFrame, header: HeaderFrame, body: bytes) -> Publish:
        self.forget_content()
        return self._made(publish, header.properties, body)

    def _made(self, publish: PublishFrame, properties: bytes, body: bytes) -> Publish:
        confirms = self.confirms
        return Publish(
            self.number,
            publish.exchange,
            publish.routing_key,
            publish.mandatory,
            properties,
            body,
            0 if confirms is None else confirms.next_tag(),
        )

    def forget_content(self) -> None:
        """No content is coming in any more."""
        self._publish = self._header = None
        if self._body:
            self._body = bytearray()


def _unexpected(detail: str) -> AmqpError:
    return AmqpError(ReplyCode.UNEXPECTED_FRAME, detail, Basic.Publish)
