"""Subscriptions: standing wishes, validated when they are written, so that none can silently never match."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count
from typing import Any

import msgspec

from eventyard.matching.filters import compile_filter
from eventyard.matching.patterns import compile_pattern
from eventyard.model.access import Principal, Scope
from eventyard.model.addresses import check_addresses
from eventyard.model.catalog import Mode, Project, Source, Subscription, Target, Topic
from eventyard.model.errors import Conflict, Invalid, NotFound
from eventyard.model.retry import RetryPolicy
from eventyard.model.schedule import Backlog, Compound, DeliveryScope, Overlap, Schedule
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.projects import changed_fields
from eventyard.pipeline.view import View
from eventyard.pipeline.waiting.backlogs import Backlogs
from eventyard.pipeline.waiting.bundles import Released, check_bundles
from eventyard.pipeline.waiting.schedules import check_schedule
from eventyard.ports import Clock, TargetType

WAITING = ("schedule", "delivery_scope", "compound", "unbound", "order", "pattern", "filter")
"""Fields that say when and how deliveries are made, and that have to agree."""


class Subscriptions:
    """What an operator does with subscriptions."""

    def __init__(
        self,
        catalog: Catalog,
        target_types: Mapping[str, TargetType],
        backlogs: Backlogs,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._catalog = catalog
        self._backlogs = backlogs
        self._target_types = target_types
        self._clock = clock
        self._new_id = new_id

    @in_turn
    async def create(
        self,
        who: Principal,
        *,
        target_id: str,
        project_id: str | None = None,
        target_type: str | None = None,
        source_id: str | None = None,
        topics: Sequence[str] = (),
        name: str | None = None,
        title: str = "",
        description: str = "",
        labels: Mapping[str, str] | None = None,
        pattern: str | None = None,
        filter: Any = None,
        mode: Mode = Mode.ENABLED,
        retry: RetryPolicy | None = None,
        order: int | None = None,
        stop_on_error: bool = False,
        mail_to: Sequence[str] = (),
        notify: str | None = None,
        backlog: Backlog = Backlog.KEEP,
        schedule: Schedule | None = None,
        delivery_scope: DeliveryScope = DeliveryScope.ALL,
        compound: Compound | None = None,
        unbound: bool = False,
        overlap: Overlap = Overlap.WAIT,
        application: str | None = None,
    ) -> Subscription:
        """A new subscription, on a source or on topics. What it names may be named by id or by name.

        Without a name it is called after its source or topic and its target; on a source, where no two have the same
        target, so that no other is called like it.

        Raises ``NotFound`` for a source, topic or target that is not in the project, ``Conflict`` (``duplicate``,
        ``topic_locked``), ``Invalid`` (``invalid_filter``, ``invalid_pattern``, ``invalid_body``).
        """
        view = View(self._catalog, who).need(Scope.CATALOG_WRITE)
        source = view.reach(Source, source_id, project_id, at="/source_id") if source_id is not None else None
        project = view.project(source.project_id if source else project_id)
        self._check(pattern, filter, mail_to)
        if target_type is not None and target_type not in self._target_types:
            raise Invalid(
                "invalid_body",
                f"there is no target type {target_type!r}",
                pointer="/target_type",
                hint=f"target types here: {', '.join(sorted(self._target_types))}",
            )
        channels = [view.named(Topic, project, topic, at=f"/topics/{place}") for place, topic in enumerate(topics)]
        if source is not None and not channels:
            channels = [self._catalog.get(Topic, source.topic_id)]
        if not channels:
            raise Invalid("invalid_body", "a subscription needs a source or at least one topic", pointer="/topics")
        for channel in channels:
            if channel.locked:
                raise Conflict("topic_locked", f"topic {channel.name!r} is locked", hint="unlock the topic first")
        target = view.named(Target, project, target_id, at="/target_id")
        if target_type is not None and target.type != target_type:
            raise Invalid(
                "invalid_body",
                f"target {target.name!r} is of type {target.type!r}, not {target_type!r}",
                pointer="/target_type",
            )
        called = name or f"{source.name if source else channels[0].name} to {target.name}"
        if name is None and source is not None:
            called = free_name(self._catalog, project, called)
        self._check_name(project, called)
        now = self._clock()
        made = Subscription(
            id=self._new_id(),
            project_id=project.id,
            application_id=view.application(project, application).id,
            name=called,
            topic_ids=tuple(channel.id for channel in channels),
            target_type=target.type,
            target_id=target.id,
            created_at=now,
            updated_at=now,
            description=description,
            source_id=source.id if source else None,
            pattern=pattern,
            filter=filter,
            mode=mode,
            retry=retry,
            order=order,
            stop_on_error=stop_on_error,
            mail_to=tuple(mail_to),
            notify=None if notify is None else view.named(Target, project, notify, at="/notify").id,
            backlog=backlog,
            schedule=self._schedule(view, project, schedule or Schedule()),
            delivery_scope=delivery_scope,
            compound=self._compound(view, project, compound),
            unbound=unbound,
            overlap=overlap,
            title=title,
            labels=labels or {},
        )
        check_schedule(made, self._find)
        check_bundles(made)
        self._check_notify(made)
        return await self._catalog.save_one(made)

    @in_turn
    async def change(self, who: Principal, subscription_id: str, changes: Mapping[str, Any]) -> Subscription:
        """Change any of name, title, description, labels, pattern, filter, mode, retry, order, stop_on_error, mail_to,
        notify, backlog, schedule, delivery_scope, compound, unbound and overlap.
        """
        view = View(self._catalog, who).operating(changes, "mode")
        subscription = view.get(Subscription, subscription_id)
        fields = changed_fields(changes)
        project = self._catalog.get(Project, subscription.project_id)
        if fields.get("name", subscription.name) != subscription.name:
            self._check_name(project, fields["name"])
        if "compound" in fields:
            fields["compound"] = self._compound(view, project, fields["compound"])
        if "schedule" in fields:
            fields["schedule"] = self._schedule(view, project, fields["schedule"])
        self._check(fields.get("pattern"), fields.get("filter"), fields.get("mail_to", ()))
        if "mail_to" in fields:
            fields["mail_to"] = tuple(fields["mail_to"])
        if fields.get("notify") is not None:
            fields["notify"] = view.named(Target, project, fields["notify"], at="/notify").id
        changed = msgspec.structs.replace(subscription, **fields, updated_at=self._clock())
        if not fields.keys().isdisjoint(WAITING):
            check_schedule(changed, self._find)
            check_bundles(changed)
        if not fields.keys().isdisjoint(("notify", "schedule", "compound")):
            self._check_notify(changed)
        return await self._catalog.save_one(changed)

    async def run(self, who: Principal, subscription_id: str, *, force: bool = False) -> Released:
        """Release what waits for a subscription now: a paused one's backlog, or a scheduled one's before its time.

        Raises ``NotFound``, and ``Conflict`` (``illegal_transition``) for one that is disabled, unless forced.
        """
        subscription = View(self._catalog, who).need(Scope.EVENTS_MANAGE).get(Subscription, subscription_id)
        return await self._backlogs.run(subscription, who.name, force=force)

    @in_turn
    async def reorder(self, who: Principal, orders: Mapping[str, int | None]) -> None:
        """Give subscriptions, by their ids, a new order; all of them or none."""
        view = View(self._catalog, who).need(Scope.CATALOG_WRITE)
        now = self._clock()
        await self._catalog.save(
            *(
                msgspec.structs.replace(view.get(Subscription, subscription_id), order=order, updated_at=now)
                for subscription_id, order in orders.items()
            )
        )

    @in_turn
    async def remove(self, who: Principal, subscription_id: str) -> None:
        """Remove a subscription. Its deliveries stay on record; those still to be made end as Error."""
        await self._catalog.remove(
            View(self._catalog, who).need(Scope.CATALOG_WRITE).get(Subscription, subscription_id)
        )

    def _check(self, pattern: str | None, filter_: Any, mail_to: Sequence[str]) -> None:
        if pattern is not None:
            compile_pattern(pattern, at="/pattern")
        if filter_ is not None:
            compile_filter(filter_, at="/filter")
        check_addresses(mail_to, at="/mail_to")

    def _check_name(self, project: Project, name: str) -> None:
        if self._catalog.named(Subscription, project.id, name) is not None:
            raise Conflict(
                "duplicate", f"project {project.name!r} has a subscription {name!r} already", pointer="/name",
                hint="give it another name",
            )  # fmt: skip

    def _schedule(self, view: View, project: Project, schedule: Schedule) -> Schedule:
        """With the subscription that it follows by its id."""
        if schedule.after is None:
            return schedule
        try:
            leader = view.named(Subscription, project, schedule.after)
        except NotFound as error:
            hint = "name a subscription of the same project"
            raise Invalid("invalid_body", error.message, pointer="/schedule/after", hint=hint) from None
        return msgspec.structs.replace(schedule, after=leader.id)

    def _compound(self, view: View, project: Project, compound: Compound | None) -> Compound | None:
        """With its topics by their ids."""
        if compound is None:
            return None
        at = "/compound/optional_topics"
        topics = [
            view.named(Topic, project, topic, at=f"{at}/{place}").id
            for place, topic in enumerate(compound.optional_topic_ids)
        ]
        return msgspec.structs.replace(compound, optional_topic_ids=tuple(topics))

    def _check_notify(self, subscription: Subscription) -> None:
        """Raise ``Invalid`` for a target that cannot be told, or where nothing waits that one could be told of."""
        told = None if subscription.notify is None else self._catalog.get(Target, subscription.notify)
        if told is None:
            return
        if self._target_types[told.type].pull:
            why, hint = f"target {told.name!r} is of type {told.type!r}, which is not sent to", "name a webhook"
        elif not subscription.waits and not self._target_types[subscription.target_type].pull:
            why, hint = "nothing waits for this subscription", "its target may be a job, or its schedule on_demand"
        else:
            return
        raise Invalid("invalid_body", why, pointer="/notify", hint=hint)

    def _find(self, subscription_id: str) -> Subscription | None:
        return self._catalog.seek(Subscription, subscription_id)


def free_name(catalog: Catalog, project: Project, name: str, own: Subscription | None = None) -> str:
    """The name, or the first like it that no subscription has but perhaps its ``own``."""
    names = chain([name], (f"{name} ({number})" for number in count(1)))
    return next(one for one in names if catalog.named(Subscription, project.id, one) in (None, own))
