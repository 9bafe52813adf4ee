"""What client and server agree upon at the start: the version, and who sends a sign of life how often.

Sources: STOMP 1.2, "Protocol Negotiation" and "Heart-beating". Timers are the gateway's; here are only the numbers.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from eventyard.model.ids import Millis
from eventyard.wire.stomp.errors import Refused, invalid

VERSIONS: Final = ("1.2", "1.1", "1.0")
"""The best first."""

SUBPROTOCOLS: Final = tuple(f"v{version.replace('.', '')}.stomp" for version in VERSIONS)
"""The names of the versions as subprotocols of a WebSocket, the best first."""

SHORTEST_MS: Final = 1000
"""The hub promises, and asks for, no more than one sign of life in this time; whole multiples of it, beyond."""

_HEART_BEAT = re.compile(r" *([0-9]{1,10}) *, *([0-9]{1,10}) *")


class HeartBeat(Struct, frozen=True):
    """What one side says of itself: how often it can send, how often it wants to hear; 0 is never."""

    can_ms: Millis = 0
    wants_ms: Millis = 0

    def __str__(self) -> str:
        return f"{self.can_ms},{self.wants_ms}"


def version_of(headers: Mapping[str, str]) -> str:
    """The best version that a CONNECT and the hub have in common; a client of 1.0 names none."""
    offered = [version.strip() for version in headers.get("accept-version", "1.0").split(",")]
    for version in VERSIONS:
        if version in offered:
            return version
    raise Refused("Version mismatch", f"Supported versions are {','.join(reversed(VERSIONS))}", code="not_implemented")


def heart_beat_of(headers: Mapping[str, str]) -> HeartBeat:
    """What the client of a CONNECT says of itself. Raises ``Refused`` if it cannot be read."""
    found = _HEART_BEAT.fullmatch(headers.get("heart-beat", "0,0"))
    if found is None:
        raise invalid("CONNECT", "heart-beat", "two numbers of milliseconds, such as 10000,10000")
    return HeartBeat(int(found[1]), int(found[2]))


def answer(client: HeartBeat) -> HeartBeat:
    """What the hub says of itself: as often as the client wants and can, in whole seconds."""
    return HeartBeat(_whole(client.wants_ms), _whole(client.can_ms))


def interval(can_ms: Millis, wants_ms: Millis) -> Millis:
    """How often the one who can will send to the one who wants; 0 is never."""
    return max(can_ms, wants_ms) if can_ms and wants_ms else 0


def _whole(asked_ms: Millis) -> Millis:
    return max(SHORTEST_MS, asked_ms // SHORTEST_MS * SHORTEST_MS) if asked_ms else 0
