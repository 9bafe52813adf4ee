"""``/v1/sources``: the doors that events come in by, with everything the seed's event sources do not show."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of, time_or_none
from eventyard.api.v1.bodies import (
    Body,
    Change,
    Description,
    Labels,
    Name,
    ProjectRef,
    Ref,
    SchemaDocument,
    Secret,
    Title,
    unset,
)
from eventyard.api.v1.call import Asked, Call, Cursor, InProject, Limit
from eventyard.model import catalog

router = APIRouter(prefix="/v1/sources", tags=["Sources"])


class LiveSecret(Struct):
    """That there is a secret, and until when it counts; never the secret itself."""

    expires_at: Time | None


class Source(Struct):
    """The door through which an application publishes into a topic."""

    id: Id
    project_id: Id
    application_id: Id
    topic_id: Id
    name: str
    title: str
    description: str
    labels: dict[str, str]
    schema: Annotated[Any, Meta(description="Its own JSON Schema, checked beside the topic's; null: none.")]
    enabled: bool
    scheme: Annotated[str, Meta(description="How senders prove themselves; see /v1/schemes.", examples=["none"])]
    settings: Annotated[dict[str, Any], Meta(description="Of the scheme.")]
    secrets: Annotated[list[LiveSecret], Meta(description="The live secrets, newest first.")]
    ingest_url: Annotated[str, Meta(description="Where any sender may post events to.")]
    created_at: Time
    updated_at: Time


SchemeName = Annotated[
    str, Field(max_length=64, description="How senders prove themselves; see /v1/schemes.", examples=["github-sha256"])
]
SchemeSettings = Annotated[dict[str, Any], Field(description="Settings of the scheme; see /v1/schemes.")]


class NewSource(Body):
    """A source to be made."""

    name: Name
    project_id: ProjectRef = None
    application: Ref | None = Field(default=None, description="Whose door it is, by id or name; else the first one.")
    topic: Ref | None = Field(default=None, description="Topic, by id or name; without, one of the source's own name.")
    title: Title = ""
    description: Description = ""
    labels: Labels = Field(default_factory=dict)
    schema_: SchemaDocument = Field(default=None, alias="schema")
    enabled: bool = True
    scheme: SchemeName = "none"
    settings: SchemeSettings = Field(default_factory=dict)
    secret: Secret | None = None


class SourceChange(Change):
    """What to change of a source."""

    name: Name = unset()
    title: Title = unset()
    description: Description = unset()
    labels: Labels = unset()
    schema_: SchemaDocument = unset(alias="schema")
    enabled: bool = unset()
    scheme: SchemeName = unset()
    settings: SchemeSettings = unset()
    secret: Secret = unset(description="Takes the place of all live secrets; an empty one clears them.")


class NewSecret(Body):
    """A secret that takes over."""

    secret: Annotated[str, Field(min_length=1, max_length=4096)]
    keep_old_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = Field(
        default=86_400, description="How long the one before counts too."
    )


def shown(call: Call, source: catalog.Source) -> Source:
    """A source as answers have it."""
    return Source(
        id=source.id,
        project_id=source.project_id,
        application_id=source.application_id,
        topic_id=source.topic_id,
        name=source.name,
        title=source.title,
        description=source.description,
        labels=dict(source.labels),
        schema=source.schema,
        enabled=source.enabled,
        scheme=source.scheme,
        settings=dict(source.settings),
        secrets=[LiveSecret(time_or_none(secret.expires_at)) for secret in source.secrets],
        ingest_url=call.url(f"/in/{source.id}"),
        created_at=time_of(source.created_at),
        updated_at=time_of(source.updated_at),
    )


@router.get("", operation_id="list_sources", summary="List sources", **shows(list[Source], "Newest first.", paged=True))
async def list_sources(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The sources of a project."""
    sources = call.listed(catalog.Source, project_id)
    return call.page(sources, lambda source: shown(call, source), limit, cursor)


@router.post("", operation_id="create_source", summary="Make a source", **shows(Source, "The new source.", 201))
async def create_source(call: Asked, body: NewSource) -> Response:
    """A source, in a topic that exists or in one of its own name."""
    made = await call.hub.sources.create(
        call.who,
        project_id=body.project_id,
        name=body.name,
        title=body.title,
        description=body.description,
        labels=body.labels,
        schema=body.schema_,
        enabled=body.enabled,
        scheme=body.scheme,
        settings=body.settings,
        secret=body.secret,
        topic=body.topic,
        application=body.application,
    )
    return reply(shown(call, made), 201)


@router.get("/{source_id}", operation_id="get_source", summary="Show a source", **shows(Source, "The source."))
async def get_source(call: Asked, source_id: str) -> Response:
    """One source."""
    return reply(shown(call, call.reads().get(catalog.Source, source_id)))


@router.patch("/{source_id}", operation_id="change_source", summary="Change a source", **shows(Source, "The source."))
async def change_source(call: Asked, source_id: str, body: SourceChange) -> Response:
    """Change what is named; settings that are not named stay."""
    changes = body.given()
    if "schema_" in changes:
        changes["schema"] = changes.pop("schema_")
    return reply(shown(call, await call.hub.sources.change(call.who, source_id, changes)))


@router.delete("/{source_id}", operation_id="delete_source", summary="Delete a source", **silent("It is gone."))
async def delete_source(call: Asked, source_id: str) -> Response:
    """Delete a source and the subscriptions made on it. Its journal entries stay."""
    await call.hub.sources.remove(call.who, source_id)
    return done()


@router.post(
    "/{source_id}/rotate-secret", operation_id="rotate_source_secret", summary="Rotate the secret of a source",
    **shows(Source, "The source."),
)  # fmt: skip
async def rotate_source_secret(call: Asked, source_id: str, body: NewSecret) -> Response:
    """Put a new secret in front; for a while the one before counts too."""
    changed = await call.hub.sources.rotate_secret(call.who, source_id, body.secret, body.keep_old_seconds * 1000)
    return reply(shown(call, changed))
