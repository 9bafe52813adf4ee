"""When to send a sign of life, and when to give up a client that gives none (AMQP 0-9-1, section 4.2.7). No clock.

Any octet counts as a sign of life, in both directions. Moments are given in milliseconds of any clock that does not go
backwards. The timer that asks is the gateway's.
"""

from typing import Final

from eventyard.model.ids import Millis


class Heartbeat:
    """The two duties of one connection. ``seconds`` is what the client asked for; 0 is neither duty."""

    def __init__(self, seconds: int, now: Millis) -> None:
        self.interval: Final = seconds * 1_000
        self._sent = now
        self._received = now

    def sent(self, now: Millis) -> None:
        """Something was sent."""
        self._sent = now

    def received(self, now: Millis) -> None:
        """Something came in."""
        self._received = now

    def due(self, now: Millis) -> bool:
        """Whether a heartbeat is to be sent: nothing was for half of the interval."""
        return bool(self.interval) and now - self._sent >= self.interval // 2

    def dead(self, now: Millis) -> bool:
        """Whether the client is to be given up: nothing came for two intervals."""
        return bool(self.interval) and now - self._received >= 2 * self.interval

    def next(self, now: Millis) -> Millis | None:
        """How long from now either may become true, if nothing happens before; ``None`` is never."""
        if not self.interval:
            return None
        return max(0, min(self._sent + self.interval // 2, self._received + 2 * self.interval) - now)
