"""Mail on error: who is to know is told of deliveries that failed for good, and is not told a thousand times.

:meth:`Mails.failed` is called once such an end is on disk; it counts, and returns. The first failure of a subscription
is told at once, those of the next interval in one mail at its end, which says how many they were. What waits is a few
numbers for each subscription, however many deliveries fail and however large they are: a mail is written when its turn
comes (``letters.py``), and it is the ``outbox.py``'s business to get it out.
"""

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush

from msgspec import Struct

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Recording
from eventyard.pipeline.letters import Failures, Letters
from eventyard.pipeline.outbox import Outbox
from eventyard.pipeline.timing import Alarm
from eventyard.ports import Clock
from eventyard.telemetry.log import Log


class _Failing(Struct):
    """A subscription that failed, and what there is to tell of it once its interval is over."""

    since: Millis
    count: int = 0
    last: EntryId = EntryId(0)


class Mails:
    """Tells people by mail. ``outbox`` is ``None`` where no mail server is set up; the log says so, once."""

    def __init__(
        self,
        letters: Letters,
        outbox: Outbox | None,
        log: Log,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        interval_ms: Millis,
    ) -> None:
        self.outbox = outbox
        self._letters = letters
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._interval_ms = interval_ms
        self._failing: dict[str, _Failing] = {}
        self._ends: list[tuple[Millis, str]] = []
        self._alarm = Alarm(clock, self.tick)
        self._complained = False

    def failed(self, recording: Recording) -> None:
        """A delivery ended as Error, and that is on disk. Returns at once."""
        subscription_id = recording.subscription_id
        if not self._letters.recipients(subscription_id):
            return
        if self.outbox is None:
            self._complain()
            return
        failing = self._failing.get(subscription_id)
        first = failing is None
        if failing is None:
            failing = self._failing[subscription_id] = _Failing(self._clock())
        failing.count += 1
        failing.last = recording.entry_id
        if first:
            self._tell(self.outbox, subscription_id, failing)

    def tick(self) -> None:
        """Tell what has come in the intervals that are over. The alarm calls this; so does a test."""
        now = self._clock()
        while self._ends and self._ends[0][0] <= now and self.outbox is not None:
            _, subscription_id = heappop(self._ends)
            failing = self._failing[subscription_id]
            if failing.count:
                self._tell(self.outbox, subscription_id, failing)
            else:
                del self._failing[subscription_id]
        if self._ends:
            self._alarm.set(self._ends[0][0])

    async def stop(self, timeout_ms: int) -> int:
        """Tell now what there is to tell, for so long at most. Returns how many mails were not sent."""
        self._alarm.stop()
        if self.outbox is None:
            return 0
        untold = [(of, failing) for of, failing in self._failing.items() if failing.count]
        full = [of for of, failing in untold if not self._put(self.outbox, of, failing)]
        if full:
            self._log.error("failures_untold", subscriptions=len(full))
        self._failing.clear()
        self._ends.clear()
        return await self.outbox.stop(timeout_ms)

    def _tell(self, outbox: Outbox, subscription_id: str, failing: _Failing) -> None:
        """Tell it, and then nothing for an interval. What finds the outbox full is told at the end of that."""
        self._put(outbox, subscription_id, failing)
        end = self._clock() + self._interval_ms
        heappush(self._ends, (end, subscription_id))
        self._alarm.set(end)

    def _put(self, outbox: Outbox, subscription_id: str, failing: _Failing) -> bool:
        failures = Failures(self._new_id(), subscription_id, failing.last, failing.count, failing.since)
        fits = outbox.put(partial(self._letters.write, failures))
        if fits:
            failing.count, failing.since = 0, self._clock()
        return fits

    def _complain(self) -> None:
        if not self._complained:
            self._complained = True
            self._log.warning("mail_not_set_up", detail="somebody is to be told of failed deliveries; set smtp.host")
