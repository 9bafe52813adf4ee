"""``/v1/connections``, ``/v1/queues``, ``/v1/exchanges``: the streams as operators see them, whatever the protocol.

Streams themselves are read over AMQP, STOMP, or server-sent events (``gateways/``).
"""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from msgspec import Meta, Struct

from eventyard.api.paging import FIRST_PAGE, mark_of
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.call import Asked, Call, Cursor, InProject, Limit
from eventyard.model.streams import ExchangeType, Overflow
from eventyard.pipeline.streams import inventory
from eventyard.pipeline.streams.inventory import REASON_LENGTH
from eventyard.pipeline.streams.limited import categories_of
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.queue import Queue as LiveQueue

router = APIRouter(prefix="/v1", tags=["Streams"])

ExchangeName = Annotated[
    str, Meta(description="As clients call it; that of the default exchange is empty.", examples=["orders"])
]
Arguments = Annotated[dict[str, Any], Meta(description="As the client gave them.")]
ConnectionId = Annotated[int, Path(ge=1, description="Counts from 1 since the hub began.")]
Reason = Annotated[str, Query(max_length=REASON_LENGTH, description="Told to the client.")]


class Connection(Struct):
    """A client that is connected."""

    id: int
    project_id: Id
    protocol: Annotated[str, Meta(examples=["amqp"])]
    peer: Annotated[str, Meta(description="Its address.", examples=["192.0.2.7:51234"])]
    name: Annotated[str, Meta(description="What the client calls itself.")]
    caller: Annotated[str, Meta(description="The name of the key or user that it came in with.")]
    key_id: Annotated[str | None, Meta(description="Its key; null: it came in with a user's password.")]
    since: Time
    channels: Annotated[int | None, Meta(description="Open ones; null: its protocol has none.")]
    consumers: int
    unacked: Annotated[int, Meta(description="Messages that its consumers have and did not settle.")]
    paused: Annotated[bool, Meta(description="It does not take what it is sent, so it is sent nothing for now.")]
    delivered: Annotated[int, Meta(description="Messages that it was given.")]
    published: Annotated[int, Meta(description="Messages of it that were committed.")]


class QueueBinding(Struct):
    """What a queue is given: messages that were sent to an exchange, and fit."""

    exchange: ExchangeName
    key: str
    arguments: Arguments


class QueueSettings(Struct):
    """What was asked of a queue when it was declared. Times are in milliseconds, null is no bound."""

    expires_ms: int | None
    ttl_ms: int | None
    max_length: int | None
    max_bytes: int | None
    max_priority: int | None
    overflow: Overflow
    dead_letter_exchange: str | None
    dead_letter_key: str | None
    single_active: bool
    arguments: Arguments


class Queue(Struct):
    """A cursor over the journal."""

    id: Id
    project_id: Id
    name: str
    durable: bool
    auto_delete: bool
    exclusive: bool
    ready: Annotated[int, Meta(description="Messages that wait.")]
    unacked: Annotated[int, Meta(description="Messages that were given to somebody and not settled.")]
    consumers: int
    lag: Annotated[
        int, Meta(description="Entries of the journal from its next message to the newest; 0: nothing waits.")
    ]
    bindings: list[QueueBinding]
    options: QueueSettings
    key_id: Annotated[str | None, Meta(description="The key that declared it.")]
    categories: Annotated[
        list[str] | None, Meta(description="Those of who declared it: it is given what they may see. Null: everything.")
    ]
    created_at: Time


class Exchange(Struct):
    """A topic, as clients of streams see it."""

    id: Annotated[str, Meta(description="The topic's.")]
    project_id: Id
    name: ExchangeName
    type: ExchangeType
    durable: bool
    auto_delete: bool
    internal: Annotated[bool, Meta(description="Only other exchanges publish to it.")]
    alternate: Annotated[str | None, Meta(description="The exchange that is given what fits no binding of this one.")]
    arguments: Arguments
    bindings: Annotated[int, Meta(description="How many lead out of it, to what the caller may see.")]
    created_at: Time


class ExchangeBinding(Struct):
    """A way out of an exchange."""

    to: Annotated[str, Meta(description="queue or exchange.", examples=["queue"])]
    name: Annotated[str, Meta(description="That queue's or exchange's.")]
    key: str
    arguments: Arguments


class Purged(Struct):
    """What was dropped."""

    purged: Annotated[int, Meta(description="How many messages.")]


def connection_shown(link: Link) -> Connection:
    """A connection as answers have it."""
    return Connection(
        id=link.number,
        project_id=link.project.id,
        protocol=link.protocol,
        peer=link.peer,
        name=link.name,
        caller=link.who.name,
        key_id=link.who.key_id,
        since=time_of(link.since),
        channels=None if link.channels is None else link.channels(),
        consumers=len(link.consumers),
        unacked=link.unacked,
        paused=link.paused,
        delivered=link.delivered,
        published=link.published,
    )


def queue_shown(call: Call, queue: LiveQueue) -> Queue:
    """A queue as answers have it."""
    streams, options, held = call.hub.inventory, queue.options, categories_of(queue)
    return Queue(
        id=queue.id,
        project_id=queue.project_id,
        name=queue.name,
        durable=queue.durable,
        auto_delete=queue.auto_delete,
        exclusive=queue.owner is not None,
        ready=queue.depth,
        unacked=len(queue.unacked),
        consumers=len(queue.consumers),
        lag=queue.lag,
        bindings=[
            QueueBinding(streams.name_of(binding.exchange), binding.key, dict(binding.arguments))
            for binding in streams.bindings(call.who, queue)
        ],
        options=QueueSettings(
            expires_ms=options.expires_ms,
            ttl_ms=options.ttl_ms,
            max_length=options.max_length,
            max_bytes=options.max_bytes,
            max_priority=options.max_priority,
            overflow=options.overflow,
            dead_letter_exchange=options.dead_letter_exchange,
            dead_letter_key=options.dead_letter_key,
            single_active=options.single_active,
            arguments=dict(options.arguments),
        ),
        key_id=queue.key_id,
        categories=None if held is None else sorted(held),
        created_at=time_of(queue.created_at),
    )


def exchange_shown(call: Call, exchange: inventory.Exchange) -> Exchange:
    """An exchange as answers have it."""
    topic, settings = exchange.topic, exchange.settings
    return Exchange(
        id=topic.id,
        project_id=topic.project_id,
        name=call.hub.inventory.name_of(topic.id),
        type=settings.type,
        durable=settings.durable,
        auto_delete=settings.auto_delete,
        internal=settings.internal,
        alternate=settings.alternate,
        arguments=dict(settings.arguments),
        bindings=exchange.bindings,
        created_at=time_of(topic.created_at),
    )


def outlet_shown(outlet: inventory.Outlet) -> ExchangeBinding:
    """A way out of an exchange as answers have it."""
    return ExchangeBinding(outlet.kind, outlet.name, outlet.binding.key, dict(outlet.binding.arguments))


@router.get(
    "/connections", operation_id="list_connections", summary="List connections",
    **shows(list[Connection], "Newest first.", paged=True),
)  # fmt: skip
async def list_connections(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The clients that are connected to a project's streams, over any protocol."""
    links = call.hub.inventory.connections(call.who, project_id)
    return call.page(links, connection_shown, limit, cursor)


@router.get(
    "/connections/{connection_id}", operation_id="get_connection", summary="Show a connection",
    **shows(Connection, "The connection."),
)  # fmt: skip
async def get_connection(call: Asked, connection_id: ConnectionId) -> Response:
    """One client that is connected."""
    return reply(connection_shown(call.hub.inventory.connection(call.who, connection_id)))


@router.delete(
    "/connections/{connection_id}", operation_id="end_connection", summary="End a connection",
    **silent("The client is told, and let go."),
)  # fmt: skip
async def end_connection(call: Asked, connection_id: ConnectionId, reason: Reason = "") -> Response:
    """Disconnect a client, which is told why. It may come back; revoke its key to keep it out."""
    call.hub.inventory.disconnect(call.who, connection_id, reason)
    return done()


@router.get(
    "/queues", operation_id="list_queues", summary="List queues", **shows(list[Queue], "Newest first.", paged=True)
)
async def list_queues(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The queues of a project, those of its connected clients included."""
    queues = call.hub.inventory.queues(call.who, project_id)
    return call.page(queues, partial(queue_shown, call), limit, cursor, mark=lambda queue: queue.id)


@router.get("/queues/{queue_id}", operation_id="get_queue", summary="Show a queue", **shows(Queue, "The queue."))
async def get_queue(call: Asked, queue_id: str) -> Response:
    """One queue: how much waits in it, and what it is given."""
    return reply(queue_shown(call, call.hub.inventory.queue(call.who, queue_id)))


@router.post(
    "/queues/{queue_id}/purge", operation_id="purge_queue", summary="Purge a queue",
    **shows(Purged, "What was dropped."),
)  # fmt: skip
async def purge_queue(call: Asked, queue_id: str) -> Response:
    """Drop what waits in a queue. What its consumers have stays theirs, and the journal keeps everything."""
    return reply(Purged(call.hub.inventory.purge(call.who, queue_id)))


@router.delete("/queues/{queue_id}", operation_id="delete_queue", summary="Delete a queue", **silent("It is gone."))
async def delete_queue(call: Asked, queue_id: str) -> Response:
    """End a queue with whatever waits in it. Its consumers are told; the journal keeps everything."""
    await call.hub.inventory.delete(call.who, queue_id)
    return done()


@router.get(
    "/exchanges", operation_id="list_exchanges", summary="List exchanges",
    **shows(list[Exchange], "Newest first.", paged=True),
)  # fmt: skip
async def list_exchanges(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The topics of a project as clients of streams see them; they are made and changed as topics."""
    exchanges = call.hub.inventory.exchanges(call.who, project_id)
    show = partial(exchange_shown, call)
    return call.page(exchanges, show, limit, cursor, mark=lambda exchange: mark_of(exchange.topic.number))


@router.get(
    "/exchanges/{exchange}/bindings", operation_id="list_exchange_bindings", summary="List where an exchange leads",
    **shows(list[ExchangeBinding], "Newest first.", paged=True),
)  # fmt: skip
async def list_exchange_bindings(
    call: Asked, exchange: str, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The queues and exchanges that are given what an exchange is sent; the exchange by its name or its topic's id."""
    streams = call.hub.inventory
    outlets = streams.outlets(call.who, streams.exchange(call.who, exchange, project_id))
    return call.page(outlets, outlet_shown, limit, cursor, mark=lambda outlet: mark_of(outlet.number))
