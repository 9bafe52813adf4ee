"""How many calls an organization may make within a minute: a window that moves, of the calls that were let in.

A call that is refused does not count, so waiting always helps. What counts as a call is decided by the route.
"""

import math
from collections import deque

from eventyard.model.errors import TooMany
from eventyard.model.ids import Millis

WINDOW_MS = 60_000


class CallLimit:
    """So many calls for each organization; 0 is no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._calls: dict[str, deque[Millis]] = {}

    def take(self, organization_id: str, now: Millis) -> None:
        """Count a call, or raise :class:`TooMany`, which says when the oldest call will have left the window."""
        if not self._most:
            return
        calls = self._calls.setdefault(organization_id, deque())
        while calls and not now - WINDOW_MS < calls[0] <= now:  # after now, too, if the clock was put back
            calls.popleft()
        if len(calls) >= self._most:
            wait = max(1, math.ceil((calls[0] + WINDOW_MS - now) / 1000))
            raise TooMany(f"an organization may make {self._most} of these calls a minute", retry_after=wait)
        calls.append(now)
