"""The circuit breaker of a target: stop asking a target that keeps failing, then ask once, then go on.

closed --(threshold failures in a row)--> open --(cooldown over)--> half-open --(one probe)--> closed | open
"""

from enum import StrEnum

from msgspec import Struct

from eventyard.model.ids import Millis


class BreakerState(StrEnum):
    """The three states of a circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerPolicy(Struct, frozen=True):
    """Open after so many failures in a row; probe after the cooldown, which doubles up to ``max_cooldown_ms``."""

    threshold: int = 10
    cooldown_ms: int = 5_000
    max_cooldown_ms: int = 300_000


class Breaker(Struct, frozen=True):
    """A breaker's memory. Every step returns a new one."""

    policy: BreakerPolicy = BreakerPolicy()
    failures: int = 0
    opened: int = 0
    """How many times in a row it opened without a success between."""
    open_until: Millis | None = None
    probing: bool = False

    def state(self, now: Millis) -> BreakerState:
        """Closed, open, or half-open at this moment."""
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def permits(self, now: Millis) -> bool:
        """Whether an attempt may start now: always when closed, never when open, one at a time when half-open."""
        return self.open_until is None or (now >= self.open_until and not self.probing)

    def started(self) -> "Breaker":
        """An attempt starts: in half-open state it is the probe."""
        return (
            self if self.open_until is None else Breaker(self.policy, self.failures, self.opened, self.open_until, True)
        )

    def succeeded(self) -> "Breaker":
        """An attempt reached the target."""
        return self if not self.failures and self.open_until is None else Breaker(self.policy)

    def abandoned(self) -> "Breaker":
        """An attempt ended without saying anything about the target; a probe is to be made again."""
        return self if not self.probing else Breaker(self.policy, self.failures, self.opened, self.open_until)

    def failed(self, now: Millis) -> "Breaker":
        """An attempt did not; past the threshold, or as a probe, the breaker opens."""
        failures = self.failures + 1
        if failures < self.policy.threshold and not self.probing:
            return Breaker(self.policy, failures, self.opened, self.open_until)
        if self.open_until is not None and not self.probing:
            return Breaker(self.policy, failures, self.opened, self.open_until)
        cooldown = min(self.policy.cooldown_ms << min(self.opened, 32), self.policy.max_cooldown_ms)
        return Breaker(self.policy, failures, self.opened + 1, now + cooldown)
