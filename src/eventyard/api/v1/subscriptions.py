"""``/v1/subscriptions``: which events go to which target, by topic, source, pattern and filter."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import Field, StringConstraints, WithJsonSchema

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Description, Labels, Name, ProjectRef, Ref, Retry, Title, unset
from eventyard.api.v1.call import Asked, Cursor, InProject, Limit
from eventyard.model import catalog
from eventyard.model import schedule as waiting
from eventyard.model.addresses import MOST_ADDRESSES
from eventyard.model.retry import RetryPolicy
from eventyard.pipeline.consume import MOST
from eventyard.wire.cloudevents import to_json

router = APIRouter(prefix="/v1/subscriptions", tags=["Subscriptions"])


class Subscription(Struct):
    """An application's standing wish."""

    id: Id
    project_id: Id
    application_id: Id
    name: str
    title: str
    description: str
    labels: dict[str, str]
    topic_ids: list[str]
    source_id: Annotated[str | None, Meta(description="null: any source.")]
    pattern: Annotated[str | None, Meta(description="Of the routing key; null: any.", examples=["order.#"])]
    filter: Annotated[Any, Meta(description="Conditions on the data: eq, ne, has; null: any.")]
    target_type: str
    target_id: str
    mode: catalog.Mode
    retry: Annotated[RetryPolicy | None, Meta(description="In place of the target's own policy.")]
    order: Annotated[int | None, Meta(description="Deliveries of a lower one are ended first; null: no part in that.")]
    stop_on_error: Annotated[bool, Meta(description="When its delivery fails, those of higher orders are discarded.")]
    mail_to: Annotated[list[str], Meta(description="Told by mail when its delivery fails for good.")]
    notify: Annotated[str | None, Meta(description="Target that is told when something waits; null: none.")]
    backlog: Annotated[waiting.Backlog, Meta(description="What becomes of what comes while it is paused.")]
    schedule: Annotated[waiting.Schedule, Meta(description="When its deliveries are made.")]
    delivery_scope: Annotated[waiting.DeliveryScope, Meta(description="Which of those that waited are made.")]
    compound: Annotated[
        waiting.Compound | None, Meta(description="Its deliveries are made in sets; null: each for itself.")
    ]
    unbound: Annotated[bool, Meta(description="It is told what there is to read, and gets no single events.")]
    overlap: Annotated[waiting.Overlap, Meta(description="What becomes of a bundle while another one is under way.")]
    created_at: Time
    updated_at: Time


Pattern = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=1024)] | None,
    Field(description="Of the routing key: words between dots, * for one of them, # for any number; null: any."),
]
Filter = Annotated[
    Any,
    WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}]}),
    Field(
        description="Conditions on the data, all of which must hold; null: none.",
        examples=[{"eq": [["action", "opened"]], "has": ["pull_request"]}],
    ),
]
Mode = Annotated[
    catalog.Mode,
    Field(strict=False, description="Paused: its deliveries wait, or not, as backlog says. Disabled: none are made."),
]
Backlog = Annotated[
    waiting.Backlog, Field(strict=False, description="What becomes of the events that come while it is paused.")
]
DeliveryScope = Annotated[
    waiting.DeliveryScope,
    Field(
        strict=False,
        description="Of the deliveries that waited, make all, the latest and discard the others, or all as one.",
    ),
]
Unbound = Annotated[
    bool,
    Field(description="No deliveries of single events: each run tells the target what its topics hold to be read."),
]
Overlap = Annotated[
    waiting.Overlap,
    Field(
        strict=False, description="While another bundle of it is under way, the next one waits, is made, or discarded."
    ),
]

Order = Annotated[
    int | None,
    Field(
        ge=-(2**31),
        lt=2**31,
        description="An event's deliveries are made in groups of the same order, the lowest first, each when the one "
        "before has ended; null: at once, and nobody waits for it.",
    ),
]
StopOnError = Annotated[
    bool, Field(description="When its delivery ends in Error, those of the event's higher orders are discarded.")
]
MailTo = Annotated[
    list[Annotated[str, StringConstraints(max_length=254)]],
    Field(
        max_length=MOST_ADDRESSES,
        description="Mail addresses to tell when its delivery fails for good.",
        examples=[["ops@shop.example"]],
    ),
]

Notify = Annotated[
    Ref | None,
    Field(
        description="Target, by id or name, that is told when something waits for it, once for a burst: a webhook, say."
    ),
]


class NewSchedule(Body):
    """When the deliveries of a subscription are to be made. What waits until then is Delayed."""

    when: Annotated[waiting.When, Field(strict=False, description="At once, at moments, when run, after another.")]
    cron: str | None = Field(
        default=None, max_length=200, description="Minute, hour, day, month, weekday.", examples=["30 2 * * MON-FRI"]
    )
    time_zone: str = Field(default="UTC", max_length=64, description="IANA name.", examples=["Europe/Berlin"])
    missed: Annotated[waiting.Missed, Field(strict=False, description="Of moments missed: once for all, or not.")] = (
        waiting.Missed.ONCE
    )
    after: Ref | None = Field(default=None, description="Id of the subscription it follows.")

    def schedule(self) -> waiting.Schedule:
        """What it says."""
        return waiting.Schedule(self.when, self.cron, self.time_zone, self.missed, self.after)


class NewCompound(Body):
    """Sets of deliveries that are made as one: each topic gives a part to a set, optional ones if there is any."""

    optional_topics: list[Ref] = Field(default=[], max_length=100, description="Of its topics, by id or name.")
    wait_minutes: int | None = Field(
        default=None, ge=1, le=43_200, description="How long after its first a set may be incomplete in silence."
    )

    def compound(self) -> waiting.Compound:
        """What it says."""
        return waiting.Compound(tuple(self.optional_topics), self.wait_minutes)


class NewSubscription(Body):
    """A subscription to be made, on a source or on topics."""

    target_id: Ref = Field(description="Target, by id or name.")
    project_id: ProjectRef = None
    source_id: Ref | None = None
    topics: list[Ref] = Field(default=[], max_length=100, description="By id or name; without, the source's own.")
    target_type: Ref | None = Field(default=None, description="If given, what type the target must be of.")
    name: Name | None = None
    title: Title = ""
    description: Description = ""
    labels: Labels = Field(default_factory=dict)
    pattern: Pattern = None
    filter: Filter = None
    mode: Mode = catalog.Mode.ENABLED
    retry: Retry | None = None
    order: Order = None
    stop_on_error: StopOnError = False
    mail_to: MailTo = Field(default_factory=list)
    notify: Notify = None
    backlog: Backlog = waiting.Backlog.KEEP
    schedule: NewSchedule | None = Field(default=None, description="Without one, deliveries are made at once.")
    delivery_scope: DeliveryScope = waiting.DeliveryScope.ALL
    compound: NewCompound | None = Field(default=None, description="Make its deliveries in sets.")
    unbound: Unbound = False
    overlap: Overlap = waiting.Overlap.WAIT
    application: Ref | None = Field(default=None, description="Whose wish it is, by id or name; else the first one.")


class SubscriptionChange(Change):
    """What to change of a subscription."""

    name: Name = unset()
    title: Title = unset()
    description: Description = unset()
    labels: Labels = unset()
    pattern: Pattern = unset()
    filter: Filter = unset()
    mode: Mode = unset()
    retry: Retry | None = unset()
    order: Order = unset()
    stop_on_error: StopOnError = unset()
    mail_to: MailTo = unset()
    notify: Notify = unset()
    backlog: Backlog = unset()
    schedule: NewSchedule = unset()
    delivery_scope: DeliveryScope = unset()
    compound: NewCompound | None = unset()
    unbound: Unbound = unset()
    overlap: Overlap = unset()


class RunSubscription(Body):
    """How to run a subscription."""

    force: bool = Field(default=False, description="Run it though it is disabled.")


class SubscriptionRun(Struct):
    """What became of the deliveries that waited."""

    released: Annotated[int, Meta(description="Deliveries that are made now.")]
    discarded: Annotated[int, Meta(description="Older ones that were discarded, by the delivery scope.")]


class Consumption(Body):
    """How much to take."""

    aggregated: bool = Field(default=False, description="As one: an aggregated subscription entry, and its members.")
    limit: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="How many deliveries at most, the oldest first; null: one, or as many as go.",
    )


class Consumed(Struct):
    """What was taken: nothing, if nothing waits."""

    entry_ids: Annotated[list[int], Meta(description="Deliveries and bundles, by their journal ids; complete now.")]
    events: Annotated[list[dict[str, Any]], Meta(description="Their events, in the same order, as CloudEvents JSON.")]


def shown(subscription: catalog.Subscription) -> Subscription:
    """A subscription as answers have it."""
    return Subscription(
        id=subscription.id,
        project_id=subscription.project_id,
        application_id=subscription.application_id,
        name=subscription.name,
        title=subscription.title,
        description=subscription.description,
        labels=dict(subscription.labels),
        topic_ids=list(subscription.topic_ids),
        source_id=subscription.source_id,
        pattern=subscription.pattern,
        filter=subscription.filter,
        target_type=subscription.target_type,
        target_id=subscription.target_id,
        mode=subscription.mode,
        retry=subscription.retry,
        order=subscription.order,
        stop_on_error=subscription.stop_on_error,
        mail_to=list(subscription.mail_to),
        notify=subscription.notify,
        backlog=subscription.backlog,
        schedule=subscription.schedule,
        delivery_scope=subscription.delivery_scope,
        compound=subscription.compound,
        unbound=subscription.unbound,
        overlap=subscription.overlap,
        created_at=time_of(subscription.created_at),
        updated_at=time_of(subscription.updated_at),
    )


@router.get(
    "", operation_id="list_subscriptions", summary="List subscriptions",
    **shows(list[Subscription], "Newest first.", paged=True),
)  # fmt: skip
async def list_subscriptions(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The subscriptions of a project."""
    return call.page(call.listed(catalog.Subscription, project_id), shown, limit, cursor)


@router.post(
    "", operation_id="create_subscription", summary="Make a subscription",
    **shows(Subscription, "The new subscription.", 201),
)  # fmt: skip
async def create_subscription(call: Asked, body: NewSubscription) -> Response:
    """A subscription on a source or on topics. Pattern and filter are checked now, not when events come."""
    made = await call.hub.subscriptions.create(
        call.who,
        target_id=body.target_id,
        project_id=body.project_id,
        target_type=body.target_type,
        source_id=body.source_id,
        topics=body.topics,
        name=body.name,
        title=body.title,
        description=body.description,
        labels=body.labels,
        pattern=body.pattern,
        filter=body.filter,
        mode=body.mode,
        retry=body.retry,
        order=body.order,
        stop_on_error=body.stop_on_error,
        mail_to=body.mail_to,
        notify=body.notify,
        backlog=body.backlog,
        schedule=body.schedule.schedule() if body.schedule else None,
        delivery_scope=body.delivery_scope,
        compound=body.compound.compound() if body.compound else None,
        unbound=body.unbound,
        overlap=body.overlap,
        application=body.application,
    )
    return reply(shown(made), 201)


@router.get(
    "/{subscription_id}", operation_id="get_subscription", summary="Show a subscription",
    **shows(Subscription, "The subscription."),
)  # fmt: skip
async def get_subscription(call: Asked, subscription_id: str) -> Response:
    """One subscription."""
    return reply(shown(call.reads().get(catalog.Subscription, subscription_id)))


@router.patch(
    "/{subscription_id}", operation_id="change_subscription", summary="Change a subscription",
    **shows(Subscription, "The subscription."),
)  # fmt: skip
async def change_subscription(call: Asked, subscription_id: str, body: SubscriptionChange) -> Response:
    """Change what is named. It counts for events that come from now on, and for deliveries that wait."""
    changes = body.given()
    if "schedule" in changes:
        changes["schedule"] = changes["schedule"].schedule()
    if changes.get("compound") is not None:
        changes["compound"] = changes["compound"].compound()
    return reply(shown(await call.hub.subscriptions.change(call.who, subscription_id, changes)))


@router.post(
    "/{subscription_id}/run", operation_id="run_subscription", summary="Run a subscription",
    **shows(SubscriptionRun, "How many deliveries were let go."),
)  # fmt: skip
async def run_subscription(call: Asked, subscription_id: str, body: RunSubscription | None = None) -> Response:
    """Release what waits for a subscription that is paused or has a schedule. What comes later waits again."""
    made = await call.hub.subscriptions.run(call.who, subscription_id, force=body.force if body else False)
    return reply(SubscriptionRun(made.released, made.discarded))


@router.post(
    "/{subscription_id}/consume", operation_id="consume_subscription", summary="Consume what waits",
    **shows(Consumed, "What was taken."),
)  # fmt: skip
async def consume_subscription(call: Asked, subscription_id: str, body: Consumption | None = None) -> Response:
    """Take the oldest deliveries that wait for a subscription of a job: they are Complete before they are answered, and
    are given once only. Reprocess a delivery to take it again; claim runs of the job to say how they went.
    """
    limit = body.limit if body else None
    if body is not None and body.aggregated:
        bundle = await call.hub.consuming.gather(call.who, subscription_id, limit=limit or MOST)
        taken = [] if bundle is None else [bundle]
    else:
        taken = await call.hub.consuming.consume(call.who, subscription_id, limit=limit or 1)
    return reply(Consumed([one.entry_id for one in taken], [to_json(item[1]) for one in taken for item in one.items]))


@router.delete(
    "/{subscription_id}", operation_id="delete_subscription", summary="Delete a subscription", **silent("It is gone.")
)
async def delete_subscription(call: Asked, subscription_id: str) -> Response:
    """Delete a subscription. Its deliveries stay on record; those still to be made end as Error."""
    await call.hub.subscriptions.remove(call.who, subscription_id)
    return done()
