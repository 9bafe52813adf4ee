"""Mail on error: who is to know is told of deliveries that failed for good, and is not told a thousand times.

:meth:`Mails.failed` is called once such an end is on disk; it counts, and returns. The first failure of a subscription
is told at once, those of the next interval in one mail at its end, which says how many they were (``throttle.py``). A
mail is written when its turn comes (``letters.py``), and it is the ``outbox.py``'s business to get it out.
"""

from collections.abc import Callable
from functools import partial

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Recording
from eventyard.pipeline.letters import Failures, Letters
from eventyard.pipeline.outbox import Outbox
from eventyard.pipeline.throttle import Gathered, Throttle
from eventyard.ports import Clock
from eventyard.telemetry.log import Log


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
        self._new_id = new_id
        self._throttle: Throttle[EntryId] = Throttle(self._tell, lambda _: interval_ms, clock)
        self._complained = False

    def failed(self, recording: Recording) -> None:
        """A delivery ended as Error, and that is on disk. Returns at once."""
        subscription_id = recording.subscription_id
        if self._letters.recipients(subscription_id) and self.can_send():
            self._throttle.add(subscription_id, recording.entry_id)

    def can_send(self) -> bool:
        """Whether there is a mail server; called when there is something to tell, so without one the log complains."""
        if self.outbox is None and not self._complained:
            self._complained = True
            self._log.warning("mail_not_set_up", detail="somebody is to be told of something; set smtp.host")
        return self.outbox is not None

    def tick(self) -> None:
        """Tell what has come in the intervals that are over. The alarm calls this; so does a test."""
        self._throttle.tick()

    async def stop(self, timeout_ms: int) -> int:
        """Tell now what there is to tell, for so long at most. Returns how many mails were not sent."""
        full = self._throttle.stop()
        if full:
            self._log.error("failures_untold", subscriptions=len(full))
        return 0 if self.outbox is None else await self.outbox.stop(timeout_ms)

    def _tell(self, subscription_id: str, gathered: Gathered[EntryId]) -> bool:
        failures = Failures(self._new_id(), subscription_id, gathered.last, gathered.count, gathered.since)
        return self.outbox is not None and self.outbox.put(partial(self._letters.write, failures))
