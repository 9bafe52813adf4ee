"""The AsyncAPI 3.0.0 document of a hub: the seed's channels and messages, and those of a project.

It is written from the client's side, as the seed is: ``receive`` is what a client does. Where the servers are is for
the caller to say (``router.py``), and so is which project the caller may read.
"""

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from msgspec import Struct

from eventyard import __version__
from eventyard.dialects.data_events import seed, topics
from eventyard.dialects.data_events.examples import examples
from eventyard.dialects.data_events.payloads import MEDIA, payloads, schemas
from eventyard.dialects.data_events.topics import Channel, TopicView
from eventyard.matching.pointer import pointer
from eventyard.model.catalog import Application, Project

Json = dict[str, Any]

DESCRIPTION = """\
Data events keep you connected to the latest state of resources. They are the journal of this hub as a live stream,
over STOMP and AMQP, with replay from any entry on.

Every message is a CloudEvent. A client subscribes to a channel's address, over STOMP with a slash before it
(`/exchange/project.…/vehicles.*.update`); over AMQP it binds a queue to the exchange with the routing key that follows
the last slash. `*` stands for one word, `#` for any number; the `$` before a parameter is notation and no part of the
key.
"""

IN_OPERATION = "subscribe.message"
"""What a message of the seed is called within its channel."""


class Addresses(Struct, frozen=True):
    """Where clients reach the hub, as URLs: ``https://hub.example``, ``stomp://hub.example:61613``, ``amqps://…``.

    What is ``None`` is not listened on.
    """

    http: str
    stomp: str | None = None
    amqp: str | None = None


class ProjectView(Struct, frozen=True):
    """What a reader may know of a project."""

    project: Project
    applications: tuple[Application, ...] = ()
    topics: tuple[TopicView, ...] = ()


def document(addresses: Addresses, view: ProjectView | None = None) -> Json:
    """The whole document; without a project, what holds for each of them."""
    own = topics.channels(view.topics) if view is not None else []
    servers = _servers(addresses)
    title = "Eventyard data events"
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title if view is None else f"{title}: {view.project.name}",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
            "externalDocs": {"url": f"{addresses.http}/docs", "description": "The HTTP API of the same hub."},
        },
        "defaultContentType": MEDIA,
        "servers": servers,
        "channels": {
            **{operation.id: _seed_channel(operation, view, addresses, servers) for operation in seed.OPERATIONS},
            **{channel.id: _channel(channel, servers) for channel in own},
        },
        "operations": {
            **{operation.id: _operation(operation.id, operation.summary) for operation in seed.OPERATIONS},
            **{channel.id: _operation(channel.id) for channel in own},
        },
        "components": {
            "messages": _messages(own),
            "schemas": {**schemas(), **{name: part for channel in own for name, part in channel.schemas.items()}},
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


_SECURITY_SCHEMES: Json = {
    "userPassword": {
        "type": "userPassword",
        "description": "The name and password of a user; or any name, and an API key as password.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key in the request that opens the WebSocket; CONNECT needs no login then.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "As userPassword, in the request that opens the WebSocket; CONNECT needs no login then.",
    },
}


def _servers(addresses: Addresses) -> dict[str, Json]:
    http = urlsplit(addresses.http)
    servers = {
        "stomp": {
            "host": http.netloc,
            "pathname": http.path.rstrip("/") + "/ws",
            "protocol": "wss" if http.scheme == "https" else "ws",
            "description": "Access to the data-events based on STOMP on top of WebSockets",
            "security": _secured_by("userPassword", "bearer", "basic"),
        }
    }
    if addresses.stomp is not None:
        servers["stomp-tcp"] = {
            "host": urlsplit(addresses.stomp).netloc,
            "protocol": urlsplit(addresses.stomp).scheme,
            "protocolVersion": "1.2",
            "description": "Access to the data-events based on STOMP",
            "security": _secured_by("userPassword"),
        }
    if addresses.amqp is not None:
        servers["amqp"] = {
            "host": urlsplit(addresses.amqp).netloc,
            "protocol": urlsplit(addresses.amqp).scheme,
            "protocolVersion": "0.9.1",
            "description": "Access to the data-events based on AMQP",
            "security": _secured_by("userPassword"),
        }
    return servers


def _secured_by(*names: str) -> list[Json]:
    return [{"$ref": f"#/components/securitySchemes/{name}"} for name in names]


def _seed_channel(
    operation: seed.Operation, view: ProjectView | None, addresses: Addresses, servers: Collection[str]
) -> Json:
    exchange = {"name": operation.exchange, "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"}
    link = f"[documentation]({addresses.http}/docs)"
    return {
        "address": operation.id,
        "description": operation.description.replace("in the documentation", f"in the {link}"),
        "servers": _on(servers),
        "parameters": {name: _parameter(name, view) for name in operation.parameters},
        "messages": {IN_OPERATION: {"$ref": _ref("components", "messages", operation.message)}},
        **_bindings(exchange, servers),
    }


def _parameter(name: str, view: ProjectView | None) -> Json:
    said: Json = {"description": seed.PARAMETERS[name]}
    if name == "event":
        said["enum"] = list(seed.EVENTS)
    elif name == "entityType":
        said["examples"] = ["vehicles", "vehicle-groups", "*"]
    elif name == "projectId" and view is not None:
        said |= {"enum": [view.project.id], "default": view.project.id}
    elif name == "applicationId" and view is not None and view.applications:
        said["enum"] = [application.id for application in view.applications]
        said["description"] += ": " + ", ".join(f"{a.id} is {a.name}" for a in view.applications)
    return said


def _channel(channel: Channel, servers: Collection[str]) -> Json:
    said: Json = {
        "address": channel.address,
        "servers": _on(servers),
        "messages": {IN_OPERATION: {"$ref": _ref("components", "messages", channel.id)}},
        **_bindings(channel.exchange, servers),
    }
    if channel.description:
        said["description"] = channel.description
    if channel.parameters:
        said["parameters"] = channel.parameters
    return said


def _on(servers: Iterable[str]) -> list[Json]:
    return [{"$ref": _ref("servers", name)} for name in servers]


def _bindings(exchange: Mapping[str, Any], servers: Container[str]) -> Json:
    """Where the channel is in AMQP, if that is spoken here."""
    if "amqp" not in servers:
        return {}
    return {"bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}}}


def _operation(channel: str, summary: str | None = None) -> Json:
    said: Json = {
        "action": "receive",
        "channel": {"$ref": _ref("channels", channel)},
        "messages": [{"$ref": _ref("channels", channel, "messages", IN_OPERATION)}],
    }
    if summary is not None:
        said["summary"] = summary
    return said


def _messages(own: Iterable[Channel]) -> dict[str, Json]:
    payload_of, examples_of = payloads(), examples()
    messages: dict[str, Json] = {
        message.name: {
            "name": message.name,
            "title": message.title,
            "summary": message.summary,
            "contentType": MEDIA,
            "payload": payload_of[message.name],
            "examples": [{"name": name, "payload": payload} for name, payload in examples_of[message.name].items()],
        }
        for message in seed.MESSAGES
    }
    return messages | {channel.id: channel.message for channel in own}


def _ref(*tokens: str) -> str:
    """A reference within the document (RFC 6901, section 6): a pointer, as a URI's fragment."""
    return "#" + quote(pointer("", *tokens), safe=_IN_FRAGMENT)


_IN_FRAGMENT = "/?:@!$&'()*+,;=-._~"
