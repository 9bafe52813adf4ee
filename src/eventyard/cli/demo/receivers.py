"""The demo's receivers: they verify, remember what they got, and one of them fails at first."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from eventyard.cli.receiver import Received, Receiver, new_secret


class Arrival(NamedTuple):
    """A delivery that a receiver took: which event, when (unix ms)."""

    event_id: str
    at: float


class Inbox:
    """A receiver of one subscription. ``failures`` requests are refused with 500 before it takes any."""

    def __init__(self, name: str, failures: int = 0) -> None:
        self.name = name
        self.arrivals: list[Arrival] = []
        self.refused: list[str] = []
        self.unverified = 0
        self.watch: Callable[[str], None] | None = None
        self.receiver = Receiver(new_secret(), self.take)
        self._failures = failures
        self._lock = threading.Lock()

    def take(self, received: Received) -> int:
        """Remember a delivery; the status to answer."""
        event_id = received.headers.get("ce-id", "")
        with self._lock:
            if not received.verified:
                self.unverified += 1
                return 401
            if len(self.refused) < self._failures:
                self.refused.append(event_id)
                return 500
            self.arrivals.append(Arrival(event_id, received.at))
        if self.watch is not None:
            self.watch(f"{self.name} got {received.headers.get('ce-type')} {event_id}")
        return 200
