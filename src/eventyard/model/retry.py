"""When to try again: a policy that looks at an outcome and returns a decision. It does nothing itself."""

from typing import Annotated

from msgspec import Meta, Struct

from eventyard.model.ids import Millis
from eventyard.model.outcome import Outcome, Result

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

STANDARD_SCHEDULE: tuple[int, ...] = (
    5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
)  # fmt: skip
"""Waits between attempts, in milliseconds, as Standard Webhooks 1.0.0 suggests: ten attempts in about three days."""


class Succeeded(Struct, frozen=True):
    """The delivery is complete."""


class TryAgain(Struct, frozen=True):
    """Another attempt is due at ``due_at``."""

    due_at: Millis


class GiveUp(Struct, frozen=True):
    """No further attempt; ``reason`` becomes the comment of the history line."""

    reason: str
    disable_target: bool = False


Decision = Succeeded | TryAgain | GiveUp


class RetryPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Either a ``schedule_ms`` of waits, or waits that grow from ``first_ms`` by ``factor`` up to ``max_ms``.

    ``max_attempts`` counts the first one too; with a schedule it is cut to the schedule's length plus one.
    ``jitter`` spreads each wait by up to that fraction in both directions.
    """

    schedule_ms: tuple[Annotated[int, Meta(ge=0, le=30 * DAY)], ...] | None = STANDARD_SCHEDULE
    max_attempts: Annotated[int, Meta(ge=1, le=1000)] = 10
    first_ms: Annotated[int, Meta(ge=0, le=30 * DAY)] = SECOND
    factor: Annotated[float, Meta(ge=1, le=100)] = 2.0
    max_ms: Annotated[int, Meta(ge=0, le=30 * DAY)] = HOUR
    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.2

    def decide(self, outcome: Outcome, attempt: int, now: Millis, chance: float) -> Decision:
        """What follows attempt number ``attempt`` (from 1). ``chance`` in [0, 1) places the wait within its jitter."""
        if outcome.result is Result.DELIVERED:
            return Succeeded()
        if outcome.result is Result.GONE:
            return GiveUp("the target answered 410 Gone and was disabled", disable_target=True)
        if outcome.result is Result.REFUSED:
            return GiveUp(outcome.error or "the request could not be made")
        if attempt >= self.attempts:
            return GiveUp(f"attempt {attempt} of {self.attempts} failed: {outcome.error or outcome.status_code}")
        wait = self.wait_ms(attempt)
        wait = int(wait * (1 + self.jitter * (2 * chance - 1)))
        return TryAgain(now + max(wait, outcome.retry_after_ms or 0))

    @property
    def attempts(self) -> int:
        """How many attempts there are at most."""
        return self.max_attempts if self.schedule_ms is None else min(self.max_attempts, len(self.schedule_ms) + 1)

    def wait_ms(self, attempt: int) -> int:
        """The wait after attempt number ``attempt``, before jitter."""
        if self.schedule_ms is not None:
            return self.schedule_ms[attempt - 1]
        return int(min(self.first_ms * self.factor ** min(attempt - 1, 64), self.max_ms))
