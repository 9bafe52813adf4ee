"""The target type ``job``: deliveries that wait for a worker to claim them.

Nothing is sent. Workers claim runs by long poll, keep a lease alive and say how the run ended (``/v1/jobs/{id}/runs``);
the lease lasts the target's ``timeout_ms`` between heartbeats. The client for that is ``eventyard.worker``.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery, Egress, Setting


class JobTarget:
    """A job: each delivery is one run of it."""

    kind = "job"
    summary = "Keeps each event as a run until a worker claims it."
    pull = True
    settings: Sequence[Setting] = ()

    def __init__(self, egress: Egress | None = None) -> None:
        """A job goes nowhere."""

    async def start(self, stack: AsyncExitStack) -> None:
        """A job needs nothing open."""

    def check(self, settings: Mapping[str, Any]) -> None:
        """A job has no settings."""

    async def examine(self, settings: Mapping[str, Any]) -> None:
        """A job has no settings."""

    async def send(self, delivery: Delivery) -> Outcome:
        """Refuse: a run is claimed, never sent."""
        return Outcome(Result.REFUSED, error="a job's runs are claimed by workers, not sent")
