"""Liveness, readiness and metrics: what supervisors and Prometheus ask, answered without FastAPI.

``/livez``: the process answers. ``/readyz``: it takes events now; 503 with the reason while it starts or stops, or
while the store cannot write. ``/metrics``: the Prometheus exposition.
"""

from collections.abc import Callable
from typing import ClassVar

from eventyard.api.http import Answer
from eventyard.telemetry.metrics import Metrics

_PLAIN = "text/plain; charset=utf-8"
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class Health:
    """Answers the three. ``ready`` returns ``None``, or in one sentence why not."""

    PATHS: ClassVar[frozenset[str]] = frozenset({"/livez", "/readyz", "/metrics"})

    def __init__(self, metrics: Metrics, ready: Callable[[], str | None]) -> None:
        self._metrics = metrics
        self._ready = ready

    def answer(self, path: str) -> Answer:
        """The answer to a GET of one of :attr:`PATHS`."""
        if path == "/metrics":
            return Answer(200, self._metrics.render(), _EXPOSITION)
        reason = None if path == "/livez" else self._ready()
        return Answer(200, b"ok\n", _PLAIN) if reason is None else Answer(503, f"{reason}\n".encode(), _PLAIN)
