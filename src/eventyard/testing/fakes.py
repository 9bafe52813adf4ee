"""Stand-ins for what surrounds dispatch: a clock moved by hand, a target that does as told, a directory of records."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from eventyard.model.catalog import Record, Subscription, Target
from eventyard.model.errors import Unavailable
from eventyard.model.ids import Millis
from eventyard.model.journal import Claimed, Recorded, Recording
from eventyard.model.mail import Mail
from eventyard.model.outcome import Attempt, Outcome, Result
from eventyard.model.retry import Decision
from eventyard.ports import Clock, Delivery, Setting
from eventyard.stores.memory import MemoryStore
from eventyard.testing.builders import NOW


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: Millis = NOW) -> None:
        self.now = now

    def __call__(self) -> Millis:
        """The moment it shows."""
        return self.now

    def advance(self, by_ms: int) -> Millis:
        """Move it on; the moment it shows then."""
        self.now += by_ms
        return self.now


class ScriptedTarget:
    """A target type that keeps what it is sent and ends each attempt as the script for that target says.

    Without a script every attempt is delivered. A target that is held answers nothing until it is let go.
    """

    kind = "webhook"
    summary = "Does as told."
    pull = False
    settings: Sequence[Setting] = ()

    def __init__(self) -> None:
        self.sent: list[Delivery] = []
        self._script: dict[str, deque[Outcome | Exception]] = defaultdict(deque)
        self._held: dict[str, asyncio.Event] = {}
        self._arrivals: list[tuple[int, asyncio.Event]] = []

    async def start(self, stack: AsyncExitStack) -> None:
        """Nothing to open."""

    def check(self, settings: Mapping[str, Any]) -> None:
        """Everything is fine."""

    async def examine(self, settings: Mapping[str, Any]) -> None:
        """Everything is fine."""

    def script(self, target: Target, *outcomes: Outcome | Exception) -> None:
        """End the next attempts on that target so, in this order."""
        self._script[target.id].extend(outcomes)

    def hold(self, target: Target) -> None:
        """Let no attempt on that target end."""
        self._held[target.id] = asyncio.Event()

    def let_go(self, target: Target) -> None:
        """Let attempts on that target end again."""
        self._held.pop(target.id).set()

    async def arrived(self, count: int) -> list[Delivery]:
        """Wait until so many attempts have begun; all of them."""
        reached = asyncio.Event()
        self._arrivals.append((count, reached))
        self._announce()
        await reached.wait()
        return self.sent

    async def send(self, delivery: Delivery) -> Outcome:
        """Begin an attempt, and end it as told."""
        self.sent.append(delivery)
        self._announce()
        held = self._held.get(delivery.target.id)
        if held is not None:
            await held.wait()
        script = self._script[delivery.target.id]
        ending = script.popleft() if script else Outcome(Result.DELIVERED, 200)
        if isinstance(ending, Exception):
            raise ending
        return ending

    def _announce(self) -> None:
        for count, reached in self._arrivals:
            if len(self.sent) >= count:
                reached.set()


class Shelf:
    """A directory of records put there by hand."""

    def __init__(self, *records: Record) -> None:
        self._targets: dict[int, Target] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self.clear: dict[str, Mapping[str, tuple[str, ...]]] = {}
        """Secrets in clear by target id."""
        self.put(*records)

    def put(self, *records: Record) -> None:
        """Put records there, in place of those with the same number or id."""
        for record in records:
            if isinstance(record, Target):
                self._targets[record.number] = record
            elif isinstance(record, Subscription):
                self._subscriptions[record.id] = record

    def drop(self, target: Target) -> None:
        """Forget a target."""
        del self._targets[target.number]

    def target(self, number: int) -> Target | None:
        """See ``attempt.Directory``."""
        return self._targets.get(number)

    def subscription(self, subscription_id: str) -> Subscription | None:
        """See ``attempt.Directory``."""
        return self._subscriptions.get(subscription_id)

    def secrets(self, target: Target) -> Mapping[str, tuple[str, ...]]:
        """See ``attempt.Directory``."""
        return self.clear.get(target.id, {})


class Witness:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.attempts: list[tuple[Claimed, Attempt, Decision]] = []

    def attempted(
        self, claimed: Claimed, target: Target, subscription: Subscription | None, attempt: Attempt, decision: Decision
    ) -> None:
        """See ``attempt.AttemptObserver``."""
        self.attempts.append((claimed, attempt, decision))


class FrailStore(MemoryStore):
    """A store in memory that cannot write while it is ``down``."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.down = False
        self.refused = 0
        """How many recordings it could not take."""

    def record(self, recording: Recording) -> Awaitable[Recorded]:
        """Refuse while down."""
        if not self.down:
            return super().record(recording)
        self.refused += 1
        failed: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        failed.set_exception(Unavailable("store_full", "the disk is full"))
        return failed

    async def claim(self, room: Mapping[int, int], lease_until: Millis, now: Millis) -> list[Claimed]:
        """Refuse while down."""
        if self.down:
            raise Unavailable("store_full", "the disk is full")
        return await super().claim(room, lease_until, now)


class Postbox:
    """A mailer that keeps what it is given, and refuses as the script says.

    One that is held takes nothing until it is let go.
    """

    def __init__(self) -> None:
        self.taken: list[Mail] = []
        self.refusals: deque[Exception] = deque()
        self.asked = 0
        """How often it was to send a mail."""
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        """Take nothing, and refuse nothing either."""
        self._open.clear()

    def let_go(self) -> None:
        """Go on."""
        self._open.set()

    async def send(self, mail: Mail) -> None:
        """See the port."""
        self.asked += 1
        await self._open.wait()
        if self.refusals:
            raise self.refusals.popleft()
        self.taken.append(mail)


async def settle(turns: int = 100) -> None:
    """Let everything that is ready to run run; for tests in which nothing waits for the world outside."""
    for _ in range(turns):
        await asyncio.sleep(0)
