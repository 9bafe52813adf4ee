"""A token bucket: how often something may happen. A policy that is told the time and does nothing itself."""

import math

from msgspec import Struct

from eventyard.model.ids import Millis


class Bucket(Struct):
    """``rate`` tokens a second, at most ``burst`` of them kept."""

    rate: float
    burst: float
    tokens: float
    at: Millis

    def fill(self, now: Millis) -> None:
        """Add what has dripped in since the last look. A clock that was set back adds nothing."""
        self.tokens = min(self.burst, self.tokens + self.rate * max(0, now - self.at) / 1000)
        self.at = now

    def take(self, now: Millis) -> int:
        """Take a token. Returns 0, or after how many whole seconds to come back."""
        wait = self.wait(now)
        if not wait:
            self.tokens -= 1
        return wait

    def put_back(self) -> None:
        """Undo a :meth:`take`."""
        self.tokens = min(self.burst, self.tokens + 1)

    def wait(self, now: Millis) -> int:
        """0 if there is a token, or in how many whole seconds there will be one."""
        self.fill(now)
        return 0 if self.tokens >= 1 else max(1, math.ceil((1 - self.tokens) / self.rate))
