"""The outbox: mails on their way out, at most so many, one after the other, beside everything else.

Nobody waits for a mail. What is put here is written when its turn comes, so that what waits is small. A mail server
that is slow, refuses, asks for patience (greylisting) or is gone is a matter of this file alone: what may be taken
later is tried a few more times, after waits that grow, and then given up, counted and logged. A restart forgets what
waits; what the mails are about stands in the journal.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush

from msgspec import Struct, structs

from eventyard.model.errors import Unavailable
from eventyard.model.ids import Millis
from eventyard.model.mail import Mail, MailError
from eventyard.model.retry import MINUTE
from eventyard.pipeline.timing import Alarm
from eventyard.ports import Clock, Mailer
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics

WAITS_MS = (MINUTE, 5 * MINUTE, 20 * MINUTE)
"""Before the second, third and fourth try of a mail; greylisting wants some minutes."""

BOUND = 1_000
"""Mails that may wait."""

Writer = Callable[[], Awaitable[Mail | None]]
"""Writes a mail, the same each time it is asked; ``None`` when there is nothing left to say."""


class _Letter(Struct, eq=False):
    write: Writer
    tries: int = 0
    left: tuple[str, ...] | None = None
    """Who did not get it yet; ``None`` before the first try."""


class Outbox:
    """Sends mails by ``mailer``."""

    def __init__(self, mailer: Mailer, metrics: Metrics, log: Log, clock: Clock, *, bound: int = BOUND) -> None:
        self._mailer = mailer
        self._metrics = metrics
        self._log = log
        self._clock = clock
        self._bound = bound
        self._ready: deque[_Letter] = deque()
        self._later: list[tuple[Millis, int, _Letter]] = []
        self._postponed = 0
        self._alarm = Alarm(clock, self.tick)
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many mails have not been taken and not been given up; one may be under way."""
        return len(self._ready) + len(self._later)

    def put(self, write: Writer) -> bool:
        """Send a mail soon. False, and nothing is sent, while as many wait as may, and once the hub stops."""
        if self._stopping or self.waiting >= self._bound:
            return False
        self._ready.append(_Letter(write))
        self._begin()
        return True

    def tick(self) -> None:
        """Try again what is due. The alarm calls this; so does a test that moved the clock."""
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heappop(self._later)[2])
        if self._later:
            self._alarm.set(self._later[0][0])
        self._begin()

    async def stop(self, timeout_ms: int) -> int:
        """Try once more what waits, for so long, and then no more. Returns how many mails were not sent."""
        self._stopping = True
        self._alarm.stop()
        self._ready.extend(letter for _, _, letter in sorted(self._later))
        self._later.clear()
        self._begin()
        if self._task is not None:
            _, running = await asyncio.wait([self._task], timeout=timeout_ms / 1000)
            if running:
                self._task.cancel()
                await asyncio.wait([self._task])
        unsent = self.waiting
        self._ready.clear()
        if unsent:
            self._log.error("mails_unsent", mails=unsent)
        return unsent

    def _begin(self) -> None:
        if self._ready and self._task is None:
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._ready:
            await self._send(self._ready[0])
            self._ready.popleft()
        self._task = None

    async def _send(self, letter: _Letter) -> None:
        try:
            mail = await letter.write()
            if mail is None:
                return
            if letter.left is not None:
                mail = structs.replace(mail, to=letter.left)
            await self._mailer.send(mail)
        except MailError as error:
            self._refused(letter, error.message, error.temporary, error.again)
        except Unavailable as error:  # the journal cannot be read now
            self._refused(letter, error.message, True, letter.left)
        except Exception as error:  # a bug in one mail must not keep the others
            self._refused(letter, repr(error), False, ())
        else:
            self._metrics.mails.labels("sent").inc()

    def _refused(self, letter: _Letter, error: str, temporary: bool, left: tuple[str, ...] | None) -> None:
        if not temporary or self._stopping or letter.tries >= len(WAITS_MS):
            self._metrics.mails.labels("failed").inc()
            self._log.error("mail_failed", error=error, tries=letter.tries + 1)
            return
        self._metrics.mails.labels("postponed").inc()
        self._log.warning("mail_postponed", error=error, tries=letter.tries + 1)
        at = self._clock() + WAITS_MS[letter.tries]
        letter.tries += 1
        letter.left = left
        self._postponed += 1
        heappush(self._later, (at, self._postponed, letter))
        self._alarm.set(at)
