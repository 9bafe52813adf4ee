"""Backlogs: the deliveries of a subscription that wait because it is paused or has a schedule, and how they are let go.

A delivery that waits is Delayed and in no work queue; nothing here knows of it while it does. A backlog is released
when somebody asks, when its moment has come (``schedules.py``), or when its subscription waits no more. How far goes on
record before the first delivery is let go, so that the next process can go on where one was killed. Those that are made
as one are left to ``bundles.py`` and ``compounds.py``, and those that wait for others of the same event, by their
order, to ``release.py``. What waits for a subscription that is gone ends as Error.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from functools import partial

from eventyard.model.catalog import Mode, Record, Subscription
from eventyard.model.errors import Conflict, HubError, Unavailable
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Delayed, HistoryLine
from eventyard.model.lifecycle import Status, Trigger
from eventyard.model.schedule import DeliveryScope, ReleaseState
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.recorder import FIRST_PAUSE, LONGEST_PAUSE
from eventyard.pipeline.release import Releases
from eventyard.pipeline.waiting.asks import Ask, answer
from eventyard.pipeline.waiting.bundles import OLDER, Bundles, Cause, Released
from eventyard.pipeline.waiting.compounds import Compounds
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

BY_HAND, ENABLED = "released by hand", "released: its subscription waits no more"
GONE = "its subscription was deleted"
"""History comments of deliveries that waited."""

ROUND = 64
"""Backlogs that are released side by side, or asked about one by one."""

PAGE = 500
"""Deliveries that are moved at a time."""


class Backlogs:
    """Releases backlogs. ``due`` tells dispatch of a delivery for a target, due at a moment."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        releases: Releases,
        bundles: Bundles,
        compounds: Compounds,
        due: Callable[[int, Millis], None],
        log: Log,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._releases = releases
        self._bundles = bundles
        self._compounds = compounds
        self._due = due
        self._log = log
        self._clock = clock
        self._pause = pause
        self._asked: dict[str, list[Ask]] = {}
        self._held: set[str] = set()
        self._heard: set[asyncio.Future[Released]] = set()
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(ROUND)
        self._ready = asyncio.Event()
        """Which bundles are under way is known."""
        self._ready.set()
        self._working: asyncio.Task[None] | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Find, in the background, what a process before this one did not come to."""
        self._ready.clear()
        self._held |= {one.id for one in self._catalog.all(Subscription) if one.may_delay}
        self._resuming = asyncio.create_task(self._resume())

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        self._stopped = True
        tasks = [task for task in (self._working, self._resuming, *self._serving.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for heard in self._heard:
            heard.set_exception(Unavailable("shutting_down", "the hub stops; the rest is released after its start"))

    # What comes in

    async def run(self, subscription: Subscription, actor: str, *, force: bool = False) -> Released:
        """Release what waits for a subscription now, at somebody's wish; the work goes on if they do not wait for it.

        Raises ``Conflict`` (``illegal_transition``) for one that is disabled, unless forced, and ``Unavailable``.
        """
        if subscription.mode is Mode.DISABLED and not force:
            raise Conflict(
                "illegal_transition", f"subscription {subscription.name!r} is disabled", hint="enable it, or force it"
            )
        heard: asyncio.Future[Released] = asyncio.get_running_loop().create_future()
        self._heard.add(heard)
        heard.add_done_callback(self._heard.discard)
        self._put(subscription.id, Ask(BY_HAND, actor, None, heard))
        return await asyncio.shield(heard)

    def ask(self, subscription_id: str, comment: str, until: Millis | None = None) -> None:
        """Release what waits for a subscription, or what came until a moment; not for the caller to wait for."""
        self._put(subscription_id, Ask(comment, until=until))

    def look(self, subscription_id: str) -> None:
        """Do what follows for a subscription from what is on record; not for the caller to wait for."""
        self._put(subscription_id, Ask())

    def changed(self, records: Sequence[Record]) -> None:
        """The catalog changed: a subscription whose deliveries waited may be gone, or let them wait no more."""
        for record in records:
            if not isinstance(record, Subscription):
                continue
            now = self._catalog.seek(Subscription, record.id)
            if now is None or record.id in self._held:
                self.look(record.id)
            if now is not None and now.may_delay:
                self._held.add(record.id)
            else:
                self._held.discard(record.id)

    def _put(self, subscription_id: str, ask: Ask) -> None:
        asks = self._asked.setdefault(subscription_id, [])
        if ask.heard is not None or not any((one.comment, one.until) == (ask.comment, ask.until) for one in asks):
            asks.append(ask)
        self._begin()

    # Rounds

    def _begin(self) -> None:
        free = self._working is None or self._working.done()
        if free and not self._stopped and not self._asked.keys() <= self._serving.keys():
            self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        """Serve backlogs side by side, so that none waits for a large one."""
        await self._ready.wait()
        while names := self._asked.keys() - self._serving.keys():
            asked = {name: self._asked.pop(name) for name in list(self._asked) if name in names}
            numbers = await self._survey([ask for asks in asked.values() for ask in asks], asked)
            for name, asks in asked.items():
                await self._places.acquire()
                serving = self._serving[name] = asyncio.create_task(self._serve(name, numbers.get(name), asks))
                serving.add_done_callback(partial(self._served, name))

    def _served(self, name: str, _: asyncio.Task[None]) -> None:
        del self._serving[name]
        self._places.release()
        self._begin()

    async def _resume(self) -> None:
        await self._persist(self._find_bundles, Ask())
        self._ready.set()
        numbers = await self._survey(())
        states = (one.id for one in self._catalog.all(ReleaseState))
        gone = (name for name in states if self._catalog.seek(Subscription, name) is None)
        for name in dict.fromkeys((*numbers, *gone)):
            self.look(name)

    async def _find_bundles(self) -> Released:
        await self._bundles.resume()
        return Released()

    async def _survey(self, asks: Collection[Ask], names: Collection[str] = ()) -> dict[str, int]:
        """Whose deliveries wait, by the number of the subscription; or the numbers of a few, of which some may wait."""
        found = [self._catalog.seek(Subscription, name) for name in names]
        few = {one.id: one.number for one in found if one is not None}
        while True:
            try:
                # What was accepted before now is committed when this is: one after another, and so it is found.
                await self._store.move((), Trigger.START, HistoryLine(self._clock(), Status.PROCESSING), None)
                if found and len(found) == len(few) <= ROUND:
                    return few
                return {one.subscription_id: one.number for one in await self._store.delaying()}
            except Unavailable as error:
                for ask in asks:
                    answer(ask, error)
                await self._pause(LONGEST_PAUSE)

    async def _serve(self, subscription_id: str, number: int | None, asks: Sequence[Ask]) -> None:
        """Do what is asked of one backlog, one after another; without a number, nothing waits there."""
        if self._catalog.seek(Subscription, subscription_id) is None:
            await self._persist(partial(self._end, subscription_id, number), Ask())
            number = None
        subscription = self._catalog.seek(Subscription, subscription_id)
        for ask in asks:
            if number is None and (subscription is None or not subscription.unbound):
                answer(ask, Released())
            elif ask.heard is None or not ask.heard.done():
                await self._persist(partial(self._do, subscription_id, ask), ask)

    async def _persist(self, work: Callable[[], Awaitable[Released]], ask: Ask) -> None:
        """Do it, and while the store cannot write, try again, unless somebody waits who can."""
        wait = FIRST_PAUSE
        while True:
            try:
                answer(ask, await work())
                return
            except Unavailable as error:
                if answer(ask, error):
                    return
                self._log.error("release_postponed", error=error.message)
                await self._pause(wait)
                wait = min(wait * 2, LONGEST_PAUSE)
            except HubError as error:  # it cannot be done as things are
                answer(ask, error)
                return
            except Exception as error:  # a bug must not stop the others; the next start finds these again
                self._log.error("release_failed", error=repr(error))
                answer(ask, error)
                return

    # One backlog

    async def _do(self, subscription_id: str, ask: Ask) -> Released:
        subscription = self._catalog.get(Subscription, subscription_id)
        if subscription.unbound:
            if ask.heard is not None and not self._bundles.may_begin(subscription):
                why = f"a run of subscription {subscription.name!r} is under way"
                raise Conflict("illegal_transition", why, hint="wait until it is over, or set overlap to allow")
            return await self._bundles.tell(subscription, Cause(ask.comment, ask.actor) if ask.comment else None)
        if subscription.waits and ask.comment is None:
            return await self._proceed(subscription)
        if subscription.waits or subscription.order is None:
            return await self._release(subscription, ask.comment or ENABLED, ask.actor, ask.until)
        async for page in self._pages(subscription.number, None):
            for one in page:
                self._releases.look(one.publication_id)
        return Released()

    async def _release(
        self, subscription: Subscription, comment: str, actor: str | None, until: Millis | None
    ) -> Released:
        """Put on record how far, and go there."""
        through = await self._newest(subscription, until)
        known = self._catalog.seek(ReleaseState, subscription.id)
        if through is not None and (known is None or known.through < through):
            state = ReleaseState(subscription.id, through, self._clock(), comment, actor)
            await self._catalog.commit((state,), (), ())
        return await self._proceed(subscription)

    async def _newest(self, subscription: Subscription, until: Millis | None) -> EntryId | None:
        """The newest delivery that waits, of those that came until a moment."""
        through: EntryId | None = None
        while page := await self._store.delayed(
            subscription.number, EntryId(0), through, 1 if until is None else PAGE, newest=True
        ):
            for one in page:
                if until is None or one.created_at <= until:
                    return one.entry_id
            through = EntryId(page[-1].entry_id - 1)
        return None

    async def _proceed(self, subscription: Subscription) -> Released:
        """Let go what waits, as far as is on record."""
        state = self._catalog.seek(ReleaseState, subscription.id)
        if subscription.compound is not None and not subscription.is_held:
            return await self._compounds.release(subscription, Cause())
        if state is None:
            return Released()
        cause = Cause(state.comment, state.actor, state.through)
        if subscription.compound is not None:
            return await self._compounds.release(subscription, cause)
        if subscription.delivery_scope is DeliveryScope.AGGREGATED:
            return await self._bundles.aggregate(subscription, cause)
        return await self._let_go(subscription, state)

    async def _let_go(self, subscription: Subscription, state: ReleaseState) -> Released:
        """Start what waits, each for itself; or the newest, and discard the others."""
        done = Released()
        latest = subscription.delivery_scope is DeliveryScope.LATEST
        async for page in self._pages(subscription.number, state.through):
            old = [one for one in page if latest and one.entry_id < state.through]
            discarded = len(await self._discard(old, state))
            started = await self._start(page[len(old) :], state)
            done += Released(len(started), discarded, started[0] if started else None)
        return done

    async def _start(self, waiting: Sequence[Delayed], state: ReleaseState) -> Sequence[EntryId]:
        now = self._clock()
        targets = {one.entry_id: one.target_number for one in waiting}
        line = HistoryLine(now, Status.PROCESSING, state.comment, state.actor)
        moved = await self._store.move(list(targets), Trigger.START, line, now) if waiting else []
        for number in dict.fromkeys(targets[entry_id] for entry_id in moved):
            self._due(number, now)
        return moved

    async def _discard(self, waiting: Sequence[Delayed], state: ReleaseState) -> Sequence[EntryId]:
        line = HistoryLine(self._clock(), Status.DISCARDED, OLDER, state.actor)
        ids = [one.entry_id for one in waiting]
        moved = await self._store.move(ids, Trigger.DISCARD, line, None) if ids else ()
        self._releases.moved(moved, line.status, line.comment)
        return moved

    async def _end(self, subscription_id: str, number: int | None) -> Released:
        """End what waits for a subscription that is gone, and forget how far it was released."""
        if number is not None:
            async for page in self._pages(number, None):
                line = HistoryLine(self._clock(), Status.ERROR, GONE)
                ended = await self._store.move([one.entry_id for one in page], Trigger.FAIL, line, None)
                self._releases.moved(ended, line.status, line.comment)
        state = self._catalog.seek(ReleaseState, subscription_id)
        if state is not None:
            await self._catalog.commit((), (state,), ())
        return Released()

    async def _pages(self, number: int, through: EntryId | None) -> AsyncIterator[list[Delayed]]:
        after = EntryId(0)
        while page := await self._store.delayed(number, after, through, PAGE):
            yield page
            after = page[-1].entry_id
