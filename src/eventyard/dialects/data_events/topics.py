"""A project's own topics, as channels, operations and messages beside those of the seed."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from eventyard.dialects.data_events.examples import message
from eventyard.dialects.data_events.payloads import MEDIA, envelope
from eventyard.dialects.data_events.schemas import components, refers
from eventyard.matching.schema import Schema, compile_schema
from eventyard.model.catalog import Topic
from eventyard.model.errors import Invalid
from eventyard.model.reserved import APPLICATION, PROJECT
from eventyard.model.streams import DEFAULT_EXCHANGE, ExchangeSettings, ExchangeType

Json = dict[str, Any]

_KEYS: dict[ExchangeType, Json] = {
    ExchangeType.TOPIC: {"description": "The routing key, or a pattern: * is one word, # any number.", "default": "#"},
    ExchangeType.DIRECT: {"description": "The routing key, exactly."},
}
"""What to say of the key, for the types of exchange that look at it."""

_SAFE = "!$&'()*+,;=:@ "
"""What may stand in an address as it is, beside letters and digits: no slash, percent sign or brace; and, as AsyncAPI
wants it, no question mark and no number sign."""

_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
"""What a name under ``components`` may consist of; topics of other names go by their number there."""

EXAMPLES = 5
"""At most so many examples of a message; a schema may hold any number."""


class TopicView(Struct, frozen=True):
    """A topic, and the JSON Schema that it enforces now; ``None`` is none."""

    topic: Topic
    schema: Any = None


class Channel(Struct, frozen=True):
    """What a topic adds to the document: a channel, an operation and a message, all of the name ``id``.

    ``exchange`` is AMQP's view of it.
    """

    id: str
    address: str
    exchange: Json
    description: str
    parameters: dict[str, Json]
    message: Json
    schemas: dict[str, Json]


def channels(views: Iterable[TopicView]) -> list[Channel]:
    """A channel for each topic, by name. Entity and product topics stand there already, by the seed's names."""
    shown = (view for view in views if not _of_the_seed(view.topic.name))
    return [_channel(view) for view in sorted(shown, key=lambda view: view.topic.name)]


def _of_the_seed(name: str) -> bool:
    return name.startswith((PROJECT, APPLICATION)) or name == DEFAULT_EXCHANGE


def _channel(view: TopicView) -> Channel:
    topic = view.topic
    settings = topic.exchange or ExchangeSettings()
    own = f".{topic.name}" if _PLAIN.fullmatch(topic.name) else f"-{topic.number}"
    id_ = f"topic{own}"
    key = _KEYS.get(settings.type)
    schemas = components(view.schema, id_, f"part{own}.") if isinstance(view.schema, dict) else {}
    data: Any = {"$ref": f"#/components/schemas/{id_}"} if schemas else view.schema
    said: Json = {
        "name": topic.name,
        "title": topic.name,
        "summary": "An event of this topic" + (", as its schema wants it" if view.schema is not None else ""),
        "contentType": MEDIA,
        "payload": envelope(True if data is None else data),
    }
    if true := _examples(view):
        said["examples"] = true
    return Channel(
        id=id_,
        address=f"exchange/{quote(topic.name, safe=_SAFE)}{'/{routingKey}' if key else ''}",
        exchange={
            "name": topic.name,
            "type": settings.type.value,
            "durable": settings.durable,
            "autoDelete": settings.auto_delete,
            "vhost": "/",
        },
        description=topic.description,
        parameters={"routingKey": key} if key else {},
        message=said,
        schemas=schemas,
    )


def _examples(view: TopicView) -> list[Json]:
    """Messages with those examples of the schema that it accepts itself, and that tools can read."""
    given = view.schema.get("examples", []) if isinstance(view.schema, dict) else []
    if not given:
        return []
    schema = compile_schema(view.schema)
    true = [data for data in given if _fits(schema, data) and not refers(data)]
    topic = view.topic
    return [{"payload": message(f"{topic.name}.example", f"/topics/{topic.id}", data)} for data in true[:EXAMPLES]]


def _fits(schema: Schema, data: Any) -> bool:
    try:
        schema.check(data)
    except Invalid:
        return False
    return True
