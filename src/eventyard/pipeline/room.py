"""Room: how many bytes of requests may be on their way in at once, so that no crowd of senders fills the memory.

Each may be within its own bound and all of them together beyond every machine: one who sends slowly, and on many
connections, needs no key for that.
"""

from eventyard.model.errors import TooMany

FREE = 64 * 1024
"""Bytes of each request that are not counted: nearly all events are smaller."""


class Room:
    """Bytes that are left for all."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = size


class Share:
    """What one request has taken of the room. It is given back when nobody holds the share any more."""

    __slots__ = ("_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0

    def cover(self, size: int) -> None:
        """Take what a request of so many bytes in all needs. Raises ``TooMany`` (``busy``) where that is not left."""
        more = size - FREE - self._size
        if more <= 0:
            return
        if more > self._room.left:
            raise TooMany("too much is on its way in at the moment", retry_after=1, code="busy")
        self._room.left -= more
        self._size += more

    def __del__(self) -> None:
        self._room.left += self._size
