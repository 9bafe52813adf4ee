"""One attempt: the only way a delivery is tried, be it the first try, a retry or a reprocessed one.

Target and secrets in, ``targets/<kind>.send()``, an outcome out, the retry policy's decision, and the recording that
commits all of it. An answer that is to become an event becomes one before that (``replies.py``). :func:`conclude` is
the decision alone: job runs (``work.py``), which end when a worker says so, go through it too. What it must not know:
queues, leases, concurrency. Those are ``dispatch.py``.
"""

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.catalog import Subscription, Target
from eventyard.model.errors import HubError
from eventyard.model.ids import Millis
from eventyard.model.journal import Claimed, HistoryLine, Recording
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Attempt, Outcome, Result
from eventyard.model.retry import Decision, GiveUp, Succeeded, TryAgain
from eventyard.pipeline.timing import Watch
from eventyard.ports import Clock, Delivery, TargetType
from eventyard.telemetry.log import Log

COMPLETED = "Subscription to topic completed successfully"
"""The history comment of a delivery that arrived, in the words of the DIH seed's example."""

REPLY_TO = "reply_to"
"""The setting of a target that names the source of which its answers become events."""

DISABLED = "the target is disabled; enable it, then retry the delivery"
DELETED = "the target was deleted"

GRACE_MS = 1_000
"""How long after its time-out a target type may still end the attempt by itself, with its better words."""


class Directory(Protocol):
    """The living catalog records behind the numbers and ids that a delivery carries."""

    def target(self, number: int) -> Target | None:
        """The target with this journal number."""

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The subscription with this id."""

    def secrets(self, target: Target) -> Mapping[str, tuple[str, ...]]:
        """A target's live secrets in clear, newest first. Raises ``Unavailable`` (``secret_unreadable``)."""


class AttemptObserver(Protocol):
    """Who is told of every attempt (telemetry)."""

    def attempted(
        self, claimed: Claimed, target: Target, subscription: Subscription | None, attempt: Attempt, decision: Decision
    ) -> None:
        """An attempt ended, and this follows. It is not committed yet."""


Reply = Callable[[Claimed, Target, Outcome], Awaitable[str]]
"""Makes an event of what a target answered to a delivery; what the delivery's history is to say of that."""


async def _no_reply(claimed: Claimed, target: Target, outcome: Outcome) -> str:
    return "nobody here makes events of answers"


class Concluded(Struct, frozen=True):
    """The end of an attempt: what was tried, what follows, and what is to be committed."""

    attempt: Attempt
    decision: Decision
    recording: Recording


class Attempter:
    """Makes attempts. ``chance`` gives numbers in [0, 1), for the jitter of retries."""

    def __init__(
        self,
        kinds: Mapping[str, TargetType],
        directory: Directory,
        observer: AttemptObserver,
        log: Log,
        clock: Clock,
        chance: Callable[[], float],
        reply: Reply = _no_reply,
    ) -> None:
        self._kinds = kinds
        self._directory = directory
        self._observer = observer
        self._log = log
        self._clock = clock
        self._chance = chance
        self._reply = reply
        self._watch = Watch()

    async def make(self, claimed: Claimed, target: Target) -> Concluded:
        """Try once. Nothing a target does raises here; only a cancellation leaves, and then no attempt was made."""
        started_at, started = self._clock(), perf_counter()
        outcome = await self.send(claimed, target, started_at)
        attempt = Attempt(claimed.attempt, started_at, (perf_counter() - started) * 1000, outcome)
        concluded = self.conclude(claimed, target, attempt)
        if target.settings.get(REPLY_TO) and isinstance(concluded.decision, Succeeded):
            return await self._replied(claimed, target, concluded)
        return concluded

    async def _replied(self, claimed: Claimed, target: Target, concluded: Concluded) -> Concluded:
        said = await self._reply(claimed, target, concluded.attempt.outcome)
        attempt = replace(concluded.attempt, outcome=replace(concluded.attempt.outcome, reply=None))
        line = HistoryLine(self._clock(), Status.COMPLETE, f"{COMPLETED}; {said}")
        return replace(concluded, attempt=attempt, recording=replace(concluded.recording, attempt=attempt, line=line))

    def conclude(self, claimed: Claimed, target: Target, attempt: Attempt, *, final: bool = False) -> Concluded:
        """What follows an attempt that ended. ``final`` is the target's own wish not to be asked again."""
        subscription = self._directory.subscription(claimed.subscription_id)
        concluded = conclude(claimed, target, subscription, attempt, self._clock(), self._chance(), final=final)
        self._observer.attempted(claimed, target, subscription, attempt, concluded.decision)
        return concluded

    async def send(self, claimed: Claimed, target: Target, now: Millis) -> Outcome:
        """Send once, and only that: nobody is told, nothing decided. Whatever the target does is an outcome."""
        kind = self._kinds.get(target.type)
        if kind is None:
            return Outcome(Result.REFUSED, error=f"no target type {target.type!r} is installed")
        try:
            delivery = Delivery(
                claimed.entry_id,
                claimed.publication_id,
                claimed.subscription_id,
                claimed.attempt,
                claimed.event,
                target,
                self._directory.secrets(target),
                now,
            )
            return await self._watch.within((target.timeout_ms + GRACE_MS) / 1000, kind.send(delivery))
        except TimeoutError:
            return Outcome(Result.TIMED_OUT, error=f"no end within {target.timeout_ms} ms")
        except HubError as error:
            return Outcome(Result.FAILED, error=error.message)
        except Exception as error:  # a bug in one target type must not stop the lane
            self._log.error("target_type_failed", target=target.id, target_type=target.type, error=repr(error))
            bug = f"{type(error).__name__}: {error}"
            return Outcome(Result.FAILED, error=f"the target type {target.type!r} failed: {bug}")


def conclude(
    claimed: Claimed,
    target: Target,
    subscription: Subscription | None,
    attempt: Attempt,
    now: Millis,
    chance: float,
    *,
    final: bool = False,
) -> Concluded:
    """Ask the subscription's retry policy, else the target's, and put the answer into a recording. Pure."""
    policy = (subscription.retry if subscription is not None else None) or target.retry
    outcome = attempt.outcome
    decision = policy.decide(outcome, attempt.number, now, chance)
    if final and isinstance(decision, TryAgain):
        decision = GiveUp(outcome.error or "the target wants no further attempt")
    line: HistoryLine | None = None
    due_at: Millis | None = None
    if isinstance(decision, Succeeded):
        line = HistoryLine(now, Status.COMPLETE, COMPLETED)
    elif isinstance(decision, GiveUp):
        line = HistoryLine(now, Status.ERROR, decision.reason)
    else:
        due_at = decision.due_at
    recording = Recording(
        claimed.entry_id, claimed.publication_id, attempt, line, due_at, outcome.run_id, outcome.counts,
        subscription_id=claimed.subscription_id,
    )  # fmt: skip
    return Concluded(attempt, decision, recording)


def refuse(claimed: Claimed, reason: str, now: Millis) -> Recording:
    """The end of a delivery that is not attempted at all."""
    line = HistoryLine(now, Status.ERROR, reason)
    return Recording(claimed.entry_id, claimed.publication_id, None, line, subscription_id=claimed.subscription_id)


def hand_back(claimed: Claimed) -> Recording:
    """The end of a lease without an attempt: the delivery is due again as it was, for the same attempt."""
    return Recording(claimed.entry_id, claimed.publication_id, None, None, claimed.due_at)
