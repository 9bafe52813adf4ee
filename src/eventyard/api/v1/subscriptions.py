"""``/v1/subscriptions``: which events go to which target, by topic, source, pattern and filter."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import Field, StringConstraints

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Description, Name, ProjectRef, Ref, Retry, unset
from eventyard.api.v1.call import Asked, Cursor, InProject, Limit
from eventyard.model import catalog
from eventyard.model.retry import RetryPolicy

router = APIRouter(prefix="/v1/subscriptions", tags=["Subscriptions"])


class Subscription(Struct):
    """An application's standing wish."""

    id: Id
    project_id: Id
    application_id: Id
    name: str
    description: str
    topic_ids: list[str]
    source_id: Annotated[str | None, Meta(description="null: any source.")]
    pattern: Annotated[str | None, Meta(description="Of the routing key; null: any.", examples=["order.#"])]
    filter: Annotated[Any, Meta(description="Conditions on the data: eq, ne, has; null: any.")]
    target_type: str
    target_id: str
    mode: catalog.Mode
    retry: Annotated[RetryPolicy | None, Meta(description="In place of the target's own policy.")]
    created_at: Time
    updated_at: Time


Pattern = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=1024)] | None,
    Field(description="Of the routing key: words between dots, * for one of them, # for any number; null: any."),
]
Filter = Annotated[
    dict[str, Any] | None,
    Field(
        description="Conditions on the data, all of which must hold; null: none.",
        examples=[{"eq": [["action", "opened"]], "has": ["pull_request"]}],
    ),
]
Mode = Annotated[catalog.Mode, Field(strict=False, description="Paused: its deliveries are not made.")]


class NewSubscription(Body):
    """A subscription to be made, on a source or on topics."""

    target_id: Ref = Field(description="Target, by id or name.")
    project_id: ProjectRef = None
    source_id: Ref | None = None
    topics: list[Ref] = Field(default=[], max_length=100, description="By id or name; without, the source's own.")
    target_type: Ref | None = Field(default=None, description="If given, what type the target must be of.")
    name: Name | None = None
    description: Description = ""
    pattern: Pattern = None
    filter: Filter = None
    mode: Mode = catalog.Mode.ENABLED
    retry: Retry | None = None
    application: Ref | None = Field(default=None, description="Whose wish it is, by id or name; else the first one.")


class SubscriptionChange(Change):
    """What to change of a subscription."""

    name: Name = unset()
    description: Description = unset()
    pattern: Pattern = unset()
    filter: Filter = unset()
    mode: Mode = unset()
    retry: Retry | None = unset()


def shown(subscription: catalog.Subscription) -> Subscription:
    """A subscription as answers have it."""
    return Subscription(
        id=subscription.id,
        project_id=subscription.project_id,
        application_id=subscription.application_id,
        name=subscription.name,
        description=subscription.description,
        topic_ids=list(subscription.topic_ids),
        source_id=subscription.source_id,
        pattern=subscription.pattern,
        filter=subscription.filter,
        target_type=subscription.target_type,
        target_id=subscription.target_id,
        mode=subscription.mode,
        retry=subscription.retry,
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
        description=body.description,
        pattern=body.pattern,
        filter=body.filter,
        mode=body.mode,
        retry=body.retry,
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
    """Change what is named. It counts for events that come from now on."""
    return reply(shown(await call.hub.subscriptions.change(call.who, subscription_id, body.given())))


@router.delete(
    "/{subscription_id}", operation_id="delete_subscription", summary="Delete a subscription", **silent("It is gone.")
)
async def delete_subscription(call: Asked, subscription_id: str) -> Response:
    """Delete a subscription. Its deliveries stay on record; those still to be made end as Error."""
    await call.hub.subscriptions.remove(call.who, subscription_id)
    return done()
