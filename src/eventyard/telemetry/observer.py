"""What the pipeline tells of itself: each fact becomes a count and, where it is worth one, a wide log line."""

from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache

from eventyard.model.catalog import Source, Subscription, Target
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import Claimed
from eventyard.model.outcome import Attempt
from eventyard.model.retry import Decision
from eventyard.telemetry.log import Log, soon
from eventyard.telemetry.metrics import Metrics
from eventyard.telemetry.wide import AcceptLine, AttemptLine

_LABELS_KEPT = 1024
"""Looking a label up costs more than counting does."""


class Observer:
    """Turns what happens into metrics and wide lines. Knows nothing of why."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics = metrics
        self._log = log
        self._lines: list[AcceptLine | AttemptLine] = []
        self._accepted = lru_cache(_LABELS_KEPT)(metrics.accepted.labels)
        self._attempts = lru_cache(_LABELS_KEPT)(metrics.attempts.labels)
        self._attempt_seconds = lru_cache(_LABELS_KEPT)(metrics.attempt_seconds.labels)

    def accepted(
        self, source: Source, event: Event, *, entry_id: EntryId, deliveries: int, duplicate: bool, ms: int
    ) -> None:
        """An event was committed, or answered from an earlier commit."""
        self._note(
            AcceptLine(
                at=datetime.now(UTC),
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

    def rejected(self, code: str, *, path: str, detail: str, request_id: str) -> None:
        """A request that brought events was refused."""
        self._metrics.rejected.labels(code).inc()
        self._log.info("rejected", code=code, path=path, detail=detail, request_id=request_id)

    def attempted(
        self, claimed: Claimed, target: Target, subscription: Subscription | None, attempt: Attempt, decision: Decision
    ) -> None:
        """An attempt ended, and the policy decided what follows."""
        outcome = attempt.outcome
        self._note(
            AttemptLine(
                at=datetime.now(UTC),
                target=target.name,
                target_type=target.type,
                subscription=None if subscription is None else subscription.name,
                entry_id=claimed.entry_id,
                publication_id=claimed.publication_id,
                attempt=attempt.number,
                result=outcome.result.name.lower(),
                status_code=outcome.status_code,
                error=outcome.error,
                decision=type(decision).__name__,
                ms=round(attempt.duration_ms, 1),
            )
        )

    def _note(self, line: AcceptLine | AttemptLine) -> None:
        self._lines.append(line)
        if len(self._lines) == 1:
            soon(self._settle)

    def _settle(self) -> None:
        """Count and log what happened in this turn of the loop, all at once."""
        lines, self._lines = self._lines, []
        metrics = self._metrics
        fresh: Counter[str] = Counter()
        deliveries = 0
        for line in lines:
            if isinstance(line, AttemptLine):
                self._attempts(line.target_type, line.result).inc()
                self._attempt_seconds(line.target_type).observe(line.ms / 1000)
                continue
            metrics.accept_seconds.observe(line.ms / 1000)
            if line.duplicate:
                metrics.duplicates.labels(line.source).inc()
            else:
                fresh[line.source] += 1
                deliveries += line.deliveries
        for source, count in fresh.items():
            self._accepted(source).inc(count)
        if deliveries:
            metrics.deliveries.inc(deliveries)
        self._log.wide(lines)
