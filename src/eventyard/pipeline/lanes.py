"""A lane: everything dispatch knows of one target, so that a slow or dead target harms only itself.

Each target has its own bounded queue, its own cap on attempts at once, its own circuit breaker and its own agenda of
retries. A lane decides and counts; it starts no task and asks no store. ``dispatch.py`` drives it.
"""

from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from eventyard.model.breaker import Breaker, BreakerPolicy
from eventyard.model.ids import Millis
from eventyard.model.journal import Claimed
from eventyard.model.outcome import Outcome, Result
from eventyard.pipeline.timing import Agenda


class Limits(Struct, frozen=True):
    """The bounds of dispatch, the same for every lane."""

    queue: int = 1_000
    """Deliveries of one target that wait in memory; the rest waits in the store."""
    queue_bytes: int = 8 * 1024 * 1024
    """Bytes of event data that may wait in memory for one target before no more is taken in; what is taken in last (one
    event, or a claim of ``CLAIM_BYTES``) comes on top."""
    queue_ms: int = 30_000
    """A queue is no longer than what its target works off in this time at its present pace."""
    claim: int = 256
    """Deliveries of one target claimed from the store at once."""
    unrecorded: int = 2_048
    """Attempts whose outcome is not on disk yet, over all lanes."""
    lease_margin_ms: int = 60_000
    """A lease lasts the target's time-out plus this, which covers the wait in memory."""
    pause_ms: int = 1_000
    """How long to leave the store alone after it failed to answer."""


def reached(outcome: Outcome) -> bool | None:
    """Whether an outcome speaks for the target's health; ``None`` when it says nothing about it.

    A 4xx other than 429 is an answer about this one event: the target is there.
    """
    if outcome.result in (Result.DELIVERED, Result.GONE):
        return True
    if outcome.result in (Result.REFUSED, Result.LOST):
        return None
    return outcome.result is Result.FAILED and outcome.status_code is not None and outcome.status_code < 500


class Lane:
    """One target's queue and state. ``concurrency`` and ``timeout_ms`` follow the target's record."""

    __slots__ = ("agenda", "backlog", "breaker", "bytes", "claiming", "closed", "concurrency", "limit", "limits",
                 "number", "pace_ms", "policy", "queue", "starting", "timeout_ms", "workers")  # fmt: skip

    def __init__(self, number: int, concurrency: int, timeout_ms: int, limits: Limits, policy: BreakerPolicy) -> None:
        self.number = number
        self.limits = limits
        self.policy = policy
        self.queue: deque[Claimed] = deque()
        self.bytes = 0
        self.workers = 0
        self.starting = 0
        """Workers that have not had their first turn yet: each will take one delivery."""
        self.agenda = Agenda()
        self.backlog = False
        """The store holds something due that is not in the queue."""
        self.claiming = False
        self.set(concurrency, timeout_ms)

    def set(self, concurrency: int, timeout_ms: int) -> None:
        """Start with a clean slate, under these bounds: whatever was learnt of the target before may be over."""
        self.concurrency = concurrency
        self.timeout_ms = timeout_ms
        self.breaker = Breaker(self.policy)
        self.closed = False
        """The target said it wants nothing more; true until its record changes."""
        self.pace_ms = 0.0
        self.limit = self.limits.queue

    @property
    def lease_ms(self) -> int:
        """How long a lease on a delivery of this lane lasts."""
        return self.timeout_ms + self.limits.lease_margin_ms

    def room(self, now: Millis) -> int:
        """How many more deliveries may wait in memory now."""
        if not self.breaker.permits(now):
            return 0
        if self.breaker.open_until is not None:
            return 0 if self.queue else 1  # half-open: the probe, and nothing behind it
        if self.bytes >= self.limits.queue_bytes:
            return 0
        return self.limit - len(self.queue)

    def wants(self, now: Millis) -> int:
        """How many deliveries to claim now: nothing while the queue is more than half full."""
        if not self.backlog or self.claiming or len(self.queue) * 2 > self.limit:
            return 0
        return min(self.room(now), self.limits.claim)

    def put(self, claimed: Claimed) -> None:
        """Queue a delivery that this process holds the lease of."""
        self.queue.append(claimed)
        self.bytes += len(claimed.event.data)

    def take(self, now: Millis) -> Claimed | None:
        """The next delivery to attempt, if one may be attempted now."""
        if not self.queue or self.workers > self.concurrency or not self.breaker.permits(now):
            return None
        claimed = self.queue.popleft()
        self.bytes -= len(claimed.event.data)
        return claimed

    def missing(self, now: Millis) -> int:
        """How many more workers the queue could use now."""
        if self.breaker.open_until is not None:
            able = self.queue and not self.starting and self.workers < self.concurrency
            return 1 if able and self.breaker.permits(now) else 0
        return min(len(self.queue) - self.starting, self.concurrency - self.workers)

    def learn(self, outcome: Outcome, duration_ms: float, now: Millis) -> None:
        """Take an attempt's end into account: the breaker, and the pace (a slowdown counts fast, a recovery slowly)."""
        health = reached(outcome)
        if health is None:
            self.breaker = self.breaker.abandoned()
        else:
            self.breaker = self.breaker.succeeded() if health else self.breaker.failed(now)
        self.pace_ms += (duration_ms - self.pace_ms) * (0.5 if duration_ms > self.pace_ms else 0.1)
        able = int(self.concurrency * self.limits.queue_ms / max(self.pace_ms, 1.0))
        self.limit = max(1, min(self.limits.queue, able))

    def surplus(self, now: Millis) -> Iterator[Claimed]:
        """Take out of the queue, newest first, what it should no longer hold: all of it behind an open breaker."""
        keep = self.limit if self.breaker.open_until is None else (1 if self.breaker.permits(now) else 0)
        while len(self.queue) > keep:
            claimed = self.queue.pop()
            self.bytes -= len(claimed.event.data)
            yield claimed

    def next_look(self, now: Millis) -> Millis | None:
        """When to look at this lane again if nothing happens before."""
        until = self.breaker.open_until
        if until is None or now >= until:
            return self.agenda.next()
        if self.backlog:
            return until
        due = self.agenda.next()
        return None if due is None else max(due, until)
