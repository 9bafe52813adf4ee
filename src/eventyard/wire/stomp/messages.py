"""MESSAGE frames for many subscribers: what is the same for all of them is encoded once.

A frame is the bytes of :meth:`Heads.head`, made for each delivery, and those of :func:`tail`, made once for each
message. Put one behind the other; a gateway joins them with whatever its transport wants in front.
"""

from collections.abc import Mapping
from typing import Final

from eventyard.wire.stomp.frames import encode_headers, escape

OWN: Final = frozenset({"subscription", "message-id", "ack", "redelivered", "destination", "receipt", "transaction"})
"""Headers that the hub speaks for itself; what a sender put there is not passed on."""


def tail(destination: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """All of a MESSAGE but its head: the destination, the other headers except those of :data:`OWN`, and the body."""
    shown = {name: value for name, value in headers.items() if name not in OWN}
    lines = encode_headers({"destination": destination, **shown})
    if body:
        lines.append(b"content-length:%d" % len(body))
    return b"\n".join(lines) + b"\n\n" + body + b"\0\n"


class Heads:
    """The heads of the messages of one subscription.

    ``tag`` is the subscription's, ``session`` the connection's id; together with the number of a delivery they make the
    id by which it is acknowledged. ``acks`` says whether it goes into the header ``ack``, too, as STOMP 1.2 wants for
    what is to be acknowledged.
    """

    __slots__ = ("_again", "_first", "_values")

    def __init__(self, tag: str, session: str, *, acks: bool) -> None:
        issued = escape(f"{tag}@@{session}@@").encode().replace(b"%", b"%%")
        subscription = escape(tag[2:]).encode().replace(b"%", b"%%")
        named = b"subscription:" + subscription + b"\n" if tag.startswith("T_") else b""
        ids = b"MESSAGE\n" + named + b"message-id:" + issued + b"%d\n"
        if acks:
            ids += b"ack:" + issued + b"%d\n"
        self._values = 2 if acks else 1
        self._first, self._again = ids + b"redelivered:false\n", ids + b"redelivered:true\n"

    def head(self, number: int, *, redelivered: bool = False) -> bytes:
        """The head of the delivery with this number."""
        shape = self._again if redelivered else self._first
        return shape % ((number, number) if self._values == 2 else number)

    def heads(self, numbers: range) -> list[bytes]:
        """The heads of deliveries with these numbers, none of which was made before."""
        shape = self._first
        if self._values == 2:
            return [shape % (number, number) for number in numbers]
        return [shape % number for number in numbers]
