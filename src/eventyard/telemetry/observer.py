"""What the pipeline tells of itself: each fact becomes a count and, where it is worth one, a wide log line."""

from collections import Counter
from functools import lru_cache

from eventyard.model.catalog import Source, Subscription, Target
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import Claimed
from eventyard.model.outcome import Attempt
from eventyard.model.retry import Decision
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics

_LABELS_KEPT = 1024
"""Looking a label up costs more than counting does."""


class Observer:
    """Turns what happens into metrics and wide lines. Knows nothing of why."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics = metrics
        self._log = log
        self._accepted = lru_cache(_LABELS_KEPT)(metrics.accepted.labels)
        self._attempts = lru_cache(_LABELS_KEPT)(metrics.attempts.labels)
        self._attempt_seconds = lru_cache(_LABELS_KEPT)(metrics.attempt_seconds.labels)

    def accepted(
        self, source: Source, event: Event, *, entry_id: EntryId, deliveries: int, duplicate: bool, ms: int
    ) -> None:
        """An event was committed, or answered from an earlier commit."""
        metrics = self._metrics
        if duplicate:
            metrics.duplicates.labels(source.name).inc()
        else:
            self._accepted(source.name).inc()
            if deliveries:
                metrics.deliveries.inc(deliveries)
        metrics.accept_seconds.observe(ms / 1000)
        self._log.info(
            "accepted",
            source=source.name,
            project=source.project_id,
            entry_id=entry_id,
            event_id=event.id,
            type=event.type,
            bytes=len(event.data),
            deliveries=deliveries,
            duplicate=duplicate,
            ms=ms,
        )

    def accepted_batch(
        self, accepted: Counter[str], *, size: int, deliveries: int, duplicates: Counter[str], refused: int, ms: int
    ) -> None:
        """A batch was committed: how many per source, how many were duplicates, how many were refused."""
        metrics = self._metrics
        for source, count in accepted.items():
            self._accepted(source).inc(count)
        for source, count in duplicates.items():
            metrics.duplicates.labels(source).inc(count)
        if deliveries:
            metrics.deliveries.inc(deliveries)
        metrics.accept_seconds.observe(ms / 1000)
        self._log.info(
            "accepted_batch",
            events=size,
            accepted=accepted.total(),
            duplicates=duplicates.total(),
            refused=refused,
            deliveries=deliveries,
            ms=ms,
        )

    def rejected(self, code: str, *, source: str | None = None, detail: str = "") -> None:
        """A request or an event of a batch was refused."""
        self._metrics.rejected.labels(code).inc()
        self._log.info("rejected", code=code, source=source, detail=detail)

    def attempted(
        self, claimed: Claimed, target: Target, subscription: Subscription | None, attempt: Attempt, decision: Decision
    ) -> None:
        """An attempt ended, and the policy decided what follows."""
        outcome = attempt.outcome
        result = outcome.result.name.lower()
        self._attempts(target.type, result).inc()
        self._attempt_seconds(target.type).observe(attempt.duration_ms / 1000)
        self._log.info(
            "attempted",
            target=target.name,
            target_type=target.type,
            subscription=None if subscription is None else subscription.name,
            entry_id=claimed.entry_id,
            publication_id=claimed.publication_id,
            attempt=attempt.number,
            result=result,
            status_code=outcome.status_code,
            error=outcome.error,
            decision=type(decision).__name__,
            ms=round(attempt.duration_ms, 1),
        )
