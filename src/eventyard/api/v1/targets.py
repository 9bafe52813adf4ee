"""``/v1/targets``: what subscriptions drive. ``jobs.py`` shows those of type ``job`` once more, with their runs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of, time_or_none
from eventyard.api.v1.bodies import Body, Change, Description, Labels, Name, ProjectRef, Ref, Retry, Title, unset
from eventyard.api.v1.call import Asked, Call, Cursor, InProject, Limit
from eventyard.model import catalog
from eventyard.model.breaker import BreakerState
from eventyard.model.retry import RetryPolicy

router = APIRouter(prefix="/v1/targets", tags=["Targets"])

NOTHING: Mapping[str, str] = MappingProxyType({})


class Breaker(Struct):
    """The circuit breaker of a target: after failures in a row it is left alone for a while, then probed."""

    state: BreakerState
    failures: Annotated[int, Meta(description="In a row.")]
    open_until: Time | None


class Target(Struct):
    """What a subscription drives."""

    id: Id
    project_id: Id
    name: str
    title: str
    description: str
    labels: dict[str, str]
    type: Annotated[str, Meta(description="See /v1/target-types.", examples=["webhook"])]
    settings: Annotated[dict[str, Any], Meta(description='Of its type; a secret is shown as {"set": true}.')]
    enabled: bool
    disabled_reason: str | None
    concurrency: Annotated[int, Meta(description="Attempts at once, at most.")]
    timeout_ms: Annotated[int, Meta(description="How long one attempt may take; of a job, a lease between heartbeats.")]
    retry: RetryPolicy
    breaker: Breaker
    created_at: Time
    updated_at: Time


TypeSettings = Annotated[
    dict[str, Any],
    Field(
        description="Settings of its type, secrets inline; see /v1/target-types.",
        examples=[{"url": "https://receiver.example/hook"}],
    ),
]
Concurrency = Annotated[int, Field(ge=1, le=1000, description="Attempts at once, at most.")]
Timeout = Annotated[
    int,
    Field(ge=1, le=3_600_000, description="How long one attempt may take; of a job, a lease between heartbeats."),
]


class NewTarget(Body):
    """A target to be made."""

    name: Name
    type: Ref = Field(description="See /v1/target-types.", examples=["webhook"])
    project_id: ProjectRef = None
    title: Title = ""
    description: Description = ""
    labels: Labels = Field(default_factory=dict)
    settings: TypeSettings = Field(default_factory=dict)
    concurrency: Concurrency = 16
    timeout_ms: Timeout = 20_000
    retry: Retry | None = None


class TargetChange(Change):
    """What to change of a target. Settings that are not named stay; ``null`` clears one."""

    name: Name = unset()
    title: Title = unset()
    description: Description = unset()
    labels: Labels = unset()
    settings: TypeSettings = unset()
    enabled: bool = unset()
    concurrency: Concurrency = unset()
    timeout_ms: Timeout = unset()
    retry: Retry = unset()


class NewTargetSecret(Body):
    """A secret setting that takes over."""

    setting: Ref = Field(default="secret", description="Which of its secret settings.")
    secret: Annotated[str, Field(min_length=1, max_length=4096)]
    keep_old_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = Field(
        default=86_400, description="How long the one before signs too."
    )


def shown(call: Call, target: catalog.Target, told: Mapping[str, str] = NOTHING) -> Target:
    """A target as answers have it; ``told`` are secrets that were made just now, and are told this once."""
    breaker = call.hub.dispatcher.breaker_of(target.number)
    return Target(
        id=target.id,
        project_id=target.project_id,
        name=target.name,
        title=target.title,
        description=target.description,
        labels=dict(target.labels),
        type=target.type,
        settings={
            **target.settings,
            **{name: {"set": True} for name in target.secrets},
            **{name: {"set": True, "value": secret} for name, secret in told.items()},
        },
        enabled=target.enabled,
        disabled_reason=target.disabled_reason,
        concurrency=target.concurrency,
        timeout_ms=target.timeout_ms,
        retry=target.retry,
        breaker=Breaker(breaker.state(call.hub.clock()), breaker.failures, time_or_none(breaker.open_until)),
        created_at=time_of(target.created_at),
        updated_at=time_of(target.updated_at),
    )


@router.get("", operation_id="list_targets", summary="List targets", **shows(list[Target], "Newest first.", paged=True))
async def list_targets(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The targets of a project, jobs included."""
    targets = call.listed(catalog.Target, project_id)
    return call.page(targets, lambda target: shown(call, target), limit, cursor)


@router.post("", operation_id="create_target", summary="Make a target", **shows(Target, "The new target.", 201))
async def create_target(call: Asked, body: NewTarget) -> Response:
    """A target of one of the types at `/v1/target-types`.

    A webhook without a signing secret gets one; this answer shows it as `settings.secret.value`, and no other does.
    """
    made, secrets = await call.hub.targets.create(
        call.who,
        project_id=body.project_id,
        name=body.name,
        type_=body.type,
        settings=body.settings,
        title=body.title,
        description=body.description,
        labels=body.labels,
        concurrency=body.concurrency,
        timeout_ms=body.timeout_ms,
        retry=body.retry,
    )
    return reply(shown(call, made, secrets), 201)


@router.get("/{target_id}", operation_id="get_target", summary="Show a target", **shows(Target, "The target."))
async def get_target(call: Asked, target_id: str) -> Response:
    """One target, with the state of its circuit breaker."""
    return reply(shown(call, call.reads().get(catalog.Target, target_id)))


@router.patch("/{target_id}", operation_id="change_target", summary="Change a target", **shows(Target, "The target."))
async def change_target(call: Asked, target_id: str, body: TargetChange) -> Response:
    """Change what is named. A secret given anew replaces the old one at once."""
    return reply(shown(call, await call.hub.targets.change(call.who, target_id, body.given())))


@router.delete("/{target_id}", operation_id="delete_target", summary="Delete a target", **silent("It is gone."))
async def delete_target(call: Asked, target_id: str) -> Response:
    """Delete a target that no subscription drives."""
    await call.hub.targets.remove(call.who, target_id)
    return done()


@router.post(
    "/{target_id}/enable", operation_id="enable_target", summary="Enable a target", **shows(Target, "The target.")
)
async def enable_target(call: Asked, target_id: str) -> Response:
    """Switch a target on again, with its circuit breaker closed."""
    return reply(shown(call, await call.hub.targets.change(call.who, target_id, {"enabled": True})))


@router.post(
    "/{target_id}/rotate-secret", operation_id="rotate_target_secret", summary="Rotate a secret of a target",
    **shows(Target, "The target."),
)  # fmt: skip
async def rotate_target_secret(call: Asked, target_id: str, body: NewTargetSecret) -> Response:
    """Put a new secret in front; for a while both sign, newest first."""
    changed = await call.hub.targets.rotate_secret(
        call.who, target_id, body.setting, body.secret, body.keep_old_seconds * 1000
    )
    return reply(shown(call, changed))
