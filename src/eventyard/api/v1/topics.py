"""``/v1/topics``: named channels, and the versions of their JSON Schema."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from msgspec import Meta, Struct
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE, mark_of
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Categories, Change, Description, Name, ProjectRef, SchemaDocument, unset
from eventyard.api.v1.call import Asked, Cursor, InProject, Limit
from eventyard.model import catalog, retention

router = APIRouter(prefix="/v1/topics", tags=["Topics"])


class Retention(Struct):
    """How long a topic's publications are kept, in days; null: for ever."""

    consumed_days: Annotated[int | None, Meta(description="From the end of the last delivery, once all are over.")]
    unconsumed_days: Annotated[int | None, Meta(description="From the creation, while somebody has not consumed it.")]
    payload_days: Annotated[
        int | None, Meta(description="From the creation: then the event goes, and its record stays.")
    ]


class Topic(Struct):
    """A named channel in a project."""

    id: Id
    project_id: Id
    name: str
    description: str
    schema_version: Annotated[int | None, Meta(description="The version enforced now; null: anything goes.")]
    locked: Annotated[bool, Meta(description="It takes no new sources and subscriptions.")]
    retention: Retention
    categories: list[str]
    created_at: Time
    updated_at: Time


class TopicSchema(Struct):
    """One version of a topic's JSON Schema; a version never changes."""

    topic_id: Id
    version: int
    schema: Any
    created_at: Time


class OverInTopic(Struct):
    """What is over in a topic."""

    consumed: Annotated[int, Meta(description="Publications of which every delivery is over.")]
    unconsumed: Annotated[int, Meta(description="Publications that somebody has not consumed.")]
    payloads: Annotated[int, Meta(description="Events whose record stays.")]
    entries: Annotated[int, Meta(description="Entries in all: publications and their deliveries.")]
    dry_run: bool


Days = Annotated[int, Field(ge=1, le=retention.MOST_DAYS)]


class Periods(Body):
    """How long a topic's publications are kept, in days; a period that is left out is for ever."""

    consumed_days: Days | None = Field(
        default=None, description="From the end of the last delivery, once all are over."
    )
    unconsumed_days: Days | None = Field(
        default=None, description="From the creation, while somebody has not consumed it; no less than consumed_days."
    )
    payload_days: Days | None = Field(
        default=None, description="From the creation: then the event goes, and its record stays."
    )

    def made(self) -> retention.Retention:
        """The periods as the model has them."""
        return retention.Retention(self.consumed_days, self.unconsumed_days, self.payload_days)


class NewTopic(Body):
    """A topic to be made."""

    name: Name
    project_id: ProjectRef = None
    description: Description = ""
    schema_: SchemaDocument = Field(default=None, alias="schema")
    retention: Periods = Periods()
    categories: Categories = Field(default_factory=list)


class TopicChange(Change):
    """What to change of a topic."""

    name: Name = unset()
    description: Description = unset()
    locked: bool = unset()
    schema_version: Annotated[int, Field(ge=1)] | None = unset(description="The version to enforce; null: none.")
    retention: Periods = unset(description="Takes the place of all three periods.")
    categories: Categories = unset()


class NewSchema(Body):
    """The next schema version of a topic."""

    schema_: SchemaDocument = Field(alias="schema")
    enforce: bool = Field(default=True, description="Whether it is enforced from now on.")


def shown(topic: catalog.Topic) -> Topic:
    """A topic as answers have it."""
    return Topic(
        topic.id,
        topic.project_id,
        topic.name,
        topic.description,
        topic.schema_version,
        topic.locked,
        Retention(*(getattr(topic.retention, name) for name in Retention.__struct_fields__)),
        list(topic.categories),
        time_of(topic.created_at),
        time_of(topic.updated_at),
    )


def version_shown(version: catalog.TopicSchema) -> TopicSchema:
    """A schema version as answers have it."""
    return TopicSchema(version.topic_id, version.version, version.schema, time_of(version.created_at))


@router.get("", operation_id="list_topics", summary="List topics", **shows(list[Topic], "Newest first.", paged=True))
async def list_topics(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The topics of a project."""
    return call.page(call.listed(catalog.Topic, project_id), shown, limit, cursor)


@router.post("", operation_id="create_topic", summary="Make a topic", **shows(Topic, "The new topic.", 201))
async def create_topic(call: Asked, body: NewTopic) -> Response:
    """A topic, and with `schema` its first schema version, enforced at once."""
    made = await call.hub.topics.create(
        call.who, project_id=body.project_id, name=body.name, description=body.description, schema=body.schema_,
        retention=body.retention.made(),
        categories=body.categories,
    )  # fmt: skip
    return reply(shown(made), 201)


@router.get("/{topic_id}", operation_id="get_topic", summary="Show a topic", **shows(Topic, "The topic."))
async def get_topic(call: Asked, topic_id: str) -> Response:
    """One topic."""
    return reply(shown(call.reads().get(catalog.Topic, topic_id)))


@router.patch("/{topic_id}", operation_id="change_topic", summary="Change a topic", **shows(Topic, "The topic."))
async def change_topic(call: Asked, topic_id: str, body: TopicChange) -> Response:
    """Rename or redescribe a topic, lock it, keep what is in it for so long, or enforce another schema version."""
    fields = body.given()
    if "retention" in fields:
        fields["retention"] = body.retention.made()
    return reply(shown(await call.hub.topics.change(call.who, topic_id, fields)))


@router.delete("/{topic_id}", operation_id="delete_topic", summary="Delete a topic", **silent("It is gone."))
async def delete_topic(call: Asked, topic_id: str) -> Response:
    """Delete a topic that nobody publishes into or subscribes to. Its journal entries stay."""
    await call.hub.topics.remove(call.who, topic_id)
    return done()


@router.post(
    "/{topic_id}/purge", operation_id="purge_topic", summary="Purge a topic", **shows(OverInTopic, "What is over.")
)
async def purge_topic(
    call: Asked, topic_id: str, dry_run: Annotated[bool, Query(description="Count, and take nothing away.")] = True
) -> Response:
    """What is over in a topic by its retention. Without `dry_run` it goes from now on, beside all else.

    The hub does so by itself every few minutes.
    """
    over = await call.hub.retain.purge(call.who, topic_id, dry_run=dry_run)
    return reply(OverInTopic(over.consumed, over.unconsumed, over.payloads, over.entries, dry_run))


@router.get(
    "/{topic_id}/schemas", operation_id="list_topic_schemas", summary="List the schema versions of a topic",
    **shows(list[TopicSchema], "Newest first.", paged=True),
)  # fmt: skip
async def list_topic_schemas(call: Asked, topic_id: str, limit: Limit = FIRST_PAGE, cursor: Cursor = None) -> Response:
    """The schema versions of a topic, also those that are not enforced."""
    topic = call.reads().get(catalog.Topic, topic_id)
    versions = call.hub.catalog.schemas(topic.id)
    return call.page(versions, version_shown, limit, cursor, mark=lambda version: mark_of(version.version))


@router.post(
    "/{topic_id}/schemas", operation_id="add_topic_schema", summary="Add a schema version to a topic",
    **shows(TopicSchema, "The new version.", 201),
)  # fmt: skip
async def add_topic_schema(call: Asked, topic_id: str, body: NewSchema) -> Response:
    """The next version of the topic's JSON Schema."""
    made = await call.hub.topics.add_schema(call.who, topic_id, body.schema_, enforce=body.enforce)
    return reply(version_shown(made), 201)
