"""Schedules: when a backlog is released that has a time for it, or that follows another subscription.

One timer for the next moment of all; ten thousand schedules are a heap of moments. That the clock jumps is noticed
within ``LOOK_MS``: what it jumped over has been missed, as what came while no hub ran. A missed moment is made up for
once, for the deliveries that came before it, unless the schedule says to skip it.

No schedule has a state of its own. Whatever waits though it came before the last moment of its schedule, or before the
last completion of the subscription that it follows, was missed: so a hub that is killed needs to remember nothing. What
becomes of the deliveries is told in ``backlogs.py``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from heapq import heapify, heappop, heappush

from eventyard.model.catalog import Mode, Project, Record, Subscription
from eventyard.model.errors import Invalid, Unavailable
from eventyard.model.ids import Millis
from eventyard.model.journal import Query, Recording
from eventyard.model.lifecycle import DELIVERIES, Kind, Status
from eventyard.model.schedule import DeliveryScope, Missed, When
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.recorder import LONGEST_PAUSE
from eventyard.pipeline.timing import Alarm
from eventyard.pipeline.waiting.backlogs import Backlogs
from eventyard.pipeline.waiting.cron import check_cron, last_moment, next_moment
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

ON_TIME, MADE_UP, FOLLOWED = "released by its schedule", "released: its schedule was missed", "released after {}"
"""History comments of deliveries that waited."""

LOOK_MS = 60_000
"""How long the timer sleeps at most, so that a clock that jumps is noticed."""

LATEST_ENDS = 100
"""Completed deliveries that are looked at to find when the last one was completed."""


def check_schedule(subscription: Subscription, find: Callable[[str], Subscription | None]) -> None:
    """Raise ``Invalid`` (``invalid_body``) for a schedule that says nothing, or that a subscription cannot have."""
    schedule = subscription.schedule
    if (schedule.cron is not None) != (schedule.when is When.CRON):
        raise _invalid("cron", "there is a cron where when is cron, and nowhere else", "set both, or neither")
    if (schedule.after is not None) != (schedule.when is When.AFTER):
        raise _invalid("after", "there is an after where when is after, and nowhere else", "set both, or neither")
    if schedule.when is When.CRON:
        check_cron(schedule)
    leader = None if schedule.after is None else find(schedule.after)
    if schedule.after is not None and (leader is None or leader.project_id != subscription.project_id):
        hint = "give the id of a subscription of the same project"
        raise _invalid("after", f"there is no subscription {schedule.after!r} here", hint)
    while leader is not None:
        if leader.id == subscription.id:
            raise _invalid("after", "it would wait for itself", "name a subscription that does not follow this one")
        leader = None if leader.schedule.after is None else find(leader.schedule.after)
    scheduled = schedule.when is not When.READY or subscription.delivery_scope is not DeliveryScope.ALL
    if (scheduled or subscription.gathers or subscription.unbound) and subscription.order is not None:
        why = "a subscription whose deliveries wait, or are made as one, takes no part in groups"
        raise Invalid("invalid_body", why, pointer="/order", hint="leave the order out")


def _invalid(field: str, why: str, hint: str) -> Invalid:
    return Invalid("invalid_body", why, pointer=f"/schedule/{field}", hint=hint)


class Schedules:
    """Asks for the release of backlogs when their time has come."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        backlogs: Backlogs,
        log: Log,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._backlogs = backlogs
        self._log = log
        self._clock = clock
        self._pause = pause
        self._moments: list[tuple[Millis, str]] = []
        self._at: dict[str, Millis] = {}
        self._followers: dict[str, set[str]] = {}
        self._follows: dict[str, str] = {}
        self._alarm = Alarm(clock, self.tick)
        self._looked_at: Millis | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._started = False

    def start(self) -> None:
        """Plan, and make up, in the background, for what was missed while no hub ran."""
        self._started = True
        self.changed(list(self._catalog.all(Subscription)))
        self._resuming = asyncio.create_task(self._make_up())

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        self._alarm.stop()
        if self._resuming is not None:
            self._resuming.cancel()
            await asyncio.gather(self._resuming, return_exceptions=True)

    # What comes in

    def changed(self, records: Sequence[Record]) -> None:
        """The catalog changed: plan for subscriptions as they are now."""
        if not self._started:
            return
        now = self._clock()
        for record in records:
            if isinstance(record, Subscription):
                self._plan(record.id, self._catalog.seek(Subscription, record.id), now)
        self._set_alarm(now)

    def ended(self, recording: Recording) -> None:
        """The status of a delivery changed, and that is on record."""
        followers = self._followers.get(recording.subscription_id)
        if followers and recording.line is not None and recording.line.status is Status.COMPLETE:
            self._follow(recording.subscription_id, followers)

    def tick(self) -> None:
        """Release what is due. The alarm calls this; so does a test that moved the clock."""
        now = self._clock()
        if self._looked_at is not None and now < self._looked_at:
            self._replan(now)
        while self._moments and self._moments[0][0] <= now:
            at, subscription_id = heappop(self._moments)
            if self._at.get(subscription_id) == at:
                self._fire(subscription_id, at, now)
        self._set_alarm(now)

    # Moments

    def _plan(self, subscription_id: str, subscription: Subscription | None, now: Millis) -> None:
        self._at.pop(subscription_id, None)
        before = self._follows.pop(subscription_id, None)
        if before is not None:
            self._followers[before].discard(subscription_id)
            if not self._followers[before]:
                del self._followers[before]
        if subscription is None or subscription.mode is not Mode.ENABLED:
            return
        schedule = subscription.schedule
        if schedule.when is When.CRON:
            at = self._at[subscription_id] = next_moment(schedule, now)
            heappush(self._moments, (at, subscription_id))
        elif schedule.when is When.AFTER and schedule.after is not None:
            self._follows[subscription_id] = schedule.after
            self._followers.setdefault(schedule.after, set()).add(subscription_id)

    def _replan(self, now: Millis) -> None:
        """The clock was put back: the moments are those after now."""
        self._moments.clear()
        for subscription_id in list(self._at):
            self._plan(subscription_id, self._catalog.seek(Subscription, subscription_id), now)

    def _fire(self, subscription_id: str, at: Millis, now: Millis) -> None:
        subscription = self._catalog.get(Subscription, subscription_id)
        missed = now - at > LOOK_MS
        if not missed:
            self._backlogs.ask(subscription_id, ON_TIME)
        elif subscription.schedule.missed is Missed.ONCE:
            self._backlogs.ask(subscription_id, MADE_UP, last_moment(subscription.schedule, now))
        self._plan(subscription_id, subscription, now)

    def _set_alarm(self, now: Millis) -> None:
        if len(self._moments) > 2 * len(self._at) + LATEST_ENDS:  # mostly moments of schedules that were changed
            self._moments = [(at, name) for name, at in self._at.items()]
            heapify(self._moments)
        self._looked_at = now
        if self._moments:
            self._alarm.set(min(self._moments[0][0], now + LOOK_MS))

    # What was missed

    def _follow(self, subscription_id: str, followers: set[str], until: Millis | None = None) -> None:
        leader = self._catalog.seek(Subscription, subscription_id)
        comment = FOLLOWED.format(repr(leader.name) if leader is not None else "another subscription")
        for follower in followers:
            self._backlogs.ask(follower, comment, until)

    async def _make_up(self) -> None:
        while True:
            try:
                waiting = [one.subscription_id for one in await self._store.delaying()]
                unbound = [one.id for one in self._catalog.all(Subscription) if one.unbound]
                completed: dict[str, Millis | None] = {}  # a leader may have many followers
                for subscription_id in (*waiting, *unbound):
                    await self._look_back(subscription_id, completed)
                return
            except Unavailable as error:
                self._log.error("schedule_unavailable", error=error.message)
                await self._pause(LONGEST_PAUSE)

    async def _look_back(self, subscription_id: str, completed: dict[str, Millis | None]) -> None:
        subscription = self._catalog.seek(Subscription, subscription_id)
        if subscription is None or subscription.mode is not Mode.ENABLED:
            return
        schedule = subscription.schedule
        if schedule.when is When.CRON and schedule.missed is Missed.ONCE:
            missed = last_moment(schedule, self._clock())
            if not subscription.unbound or await self._is_behind(subscription, missed):
                self._backlogs.ask(subscription_id, MADE_UP, missed)
        elif schedule.when is When.AFTER and schedule.after is not None:
            if schedule.after not in completed:
                completed[schedule.after] = await self._completed_at(schedule.after)
            moment = completed[schedule.after]
            if moment is not None:
                self._follow(schedule.after, {subscription_id}, moment)

    async def _is_behind(self, subscription: Subscription, missed: Millis) -> bool:
        """Whether an unbound subscription was made before a moment, and has not been run since."""
        if subscription.created_at >= missed:
            return False
        project = self._catalog.get(Project, subscription.project_id)
        kinds = (Kind.UNBOUND_SUBSCRIPTION,)
        query = Query(projects=(project.number,), kinds=kinds, name=subscription.name, limit=LATEST_ENDS)
        page = await self._store.find(query)
        return all(one.created_at < missed for one in page.entries if one.name_id == subscription.id)

    async def _completed_at(self, subscription_id: str) -> Millis | None:
        """When the last of a subscription's newest deliveries was completed."""
        leader = self._catalog.seek(Subscription, subscription_id)
        project = None if leader is None else self._catalog.seek(Project, leader.project_id)
        if leader is None or project is None:
            return None
        page = await self._store.find(
            Query(
                projects=(project.number,), kinds=DELIVERIES, statuses=(Status.COMPLETE,),
                name=leader.name, limit=LATEST_ENDS,
            )
        )  # fmt: skip
        ends = [entry.completed_at for entry in page.entries if entry.name_id == leader.id and entry.completed_at]
        return max(ends, default=None)
