"""CloudEvents 1.0.2 over HTTP <-> :class:`~eventyard.model.event.Event`: binary, structured and batched mode.

Sources: the CloudEvents specification (CE), its HTTP Protocol Binding (HTTP) and its JSON Event Format (JSON), all
1.0.2. ``data`` is kept byte for byte: the body in binary mode, the text of the JSON value in structured mode.

It must not know the clock, so the moment of an event that states none is an argument; nor who sent the bytes, which is
proven before (``verifiers/``), nor how deep they are nested, which is bounded before (``wire/json_depth.py``). The
event goes on to ``pipeline/accept.py``, and out again through ``targets/webhook.py`` and the API's answers.

More lenient than the specification: attribute names may be longer than 20 characters, and a URI is not parsed. Two
things do not survive: digits of ``time`` beyond the millisecond, and the JSON type of an extension (``5`` and ``"5"``
are both the string ``5``, its canonical form, CE 2.5).

The extension ``routingkey`` is the event's routing key; without it, or when it is empty, the type is. Extensions under
names that are the hub's own are left out: an event that comes back from it may bear them.
"""

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote, unquote_to_bytes

import msgspec
from msgspec import Meta, Raw
from msgspec.json import Decoder

from eventyard.model.errors import HubError, Invalid, TooLarge
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.model.reserved import ATTRIBUTES, UNTOLD
from eventyard.wire import rfc3339
from eventyard.wire.attribute_text import check_text
from eventyard.wire.batches import in_array

STRUCTURED_MEDIA: Final = "application/cloudevents+json"
BATCH_MEDIA: Final = "application/cloudevents-batch+json"
JSON_MEDIA: Final = "application/json"
BINARY_MEDIA: Final = "application/octet-stream"

_PREFIX = "application/cloudevents"
_HEADER = "ce-"
_REQUIRED = ("specversion", "id", "source", "type")
_DEFINED = frozenset({*_REQUIRED, "time", "subject", "datacontenttype", "dataschema"})
_NAME = re.compile(r"[a-z0-9]+")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}[ \t]*(?:;[\t -~]*)?")
_ESCAPED = re.compile(r"\\(.)")
_SAFE = "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_UNQUOTED = re.compile("[!#$&-~]*")
ATTRIBUTE_LIMIT = 2048
"""Characters of one attribute at most. CloudEvents has no bound, but each becomes a header, a key, a log field."""

_MEMBERS = Decoder(dict[str, Raw])
_STRING: Decoder[str | None] = Decoder(str | None)
_SCALAR: Decoder[str | bool | int | None] = Decoder(str | bool | Annotated[int, Meta(ge=-(2**31), lt=2**31)] | None)
_TEXT = Decoder(str)
_RAW = Decoder(Raw)
_Shape = TypeVar("_Shape")


class Mode(StrEnum):
    """How a CloudEvent travels in an HTTP message (HTTP 1.3)."""

    BINARY = "binary"
    STRUCTURED = "structured"
    BATCH = "batch"


def mode_of(headers: Mapping[str, str]) -> Mode | None:
    """The mode of a message by its headers (names in lower case), or ``None`` if it does not claim to be a CloudEvent.

    A message with any of the required attributes as a header claims to be one, so that one forgotten attribute is
    answered with its name. Raises ``Invalid`` (``unsupported_media_type``) for an event format other than JSON.
    """
    content_type = headers.get("content-type")
    if content_type is not None and content_type[: len(_PREFIX)].lower() == _PREFIX:
        media = content_type.partition(";")[0].rstrip().lower()
        if media == STRUCTURED_MEDIA:
            return Mode.STRUCTURED
        if media == BATCH_MEDIA:
            return Mode.BATCH
        raise Invalid(
            "unsupported_media_type",
            f"CloudEvents are taken in the JSON format, not as {media!r}",
            pointer="content-type",
            hint=f"use {STRUCTURED_MEDIA}, {BATCH_MEDIA}, or binary mode with ce- headers",
        )
    if "ce-specversion" in headers or "ce-id" in headers or "ce-type" in headers or "ce-source" in headers:
        return Mode.BINARY
    return None


def decode_binary(headers: Mapping[str, str], body: bytes, now: Millis) -> Event:
    """The event of a message in binary mode (HTTP 3.1); header names in lower case, values as text or Latin-1 bytes.

    A body without a ``content-type`` is ``application/octet-stream``. Raises ``Invalid`` (``invalid_cloudevent``) with
    the header at fault as pointer.
    """
    attributes: dict[str, str] = {}
    for header, value in headers.items():
        if header[:3] == _HEADER:
            name = header[3:]
            if name == "datacontenttype":
                raise _wrong("its place in binary mode is Content-Type", header)
            _check_name(name, header)
            plain = value.isascii() and "%" not in value and '"' not in value
            text = value if plain else _header_text(value, header)
            attributes[name] = text if text.isprintable() else check_text(text, header)
    attributes["datacontenttype"] = headers.get("content-type") or (BINARY_MEDIA if body else JSON_MEDIA)
    return _event(attributes, body, _HEADER, now)


def decode_structured(body: bytes, now: Millis) -> Event:
    """The event in a JSON document (JSON 3).

    Raises ``Invalid`` (``invalid_json``, or ``invalid_cloudevent`` with a JSON Pointer) and ``TooLarge``
    (``body_too_deep``).
    """
    return _from_members(_parse(_members, body, "an object"), "/", now)


def decode_each(
    body: bytes, now: Millis, limit: int, check: Callable[[bytes], None] = lambda _: None
) -> Iterator[Event | HubError]:
    """The events in a JSON array (JSON 4), which may be empty; for one that is wrong, what is wrong with it.

    Each is read when it is asked for, once ``check`` was asked about its bytes, which may raise. Raises ``Invalid``
    (``invalid_json``, ``invalid_cloudevent``) for what is no array, and ``TooLarge`` (``batch_too_large``,
    ``body_too_deep``).
    """

    def one(document: bytes) -> Event | HubError:
        try:
            check(document)
            return decode_structured(document, now)
        except HubError as error:
            return error.kept()

    return map(one, map(bytes, _parse(partial(in_array, limit=limit), body, "an array of events")))


def decode_batch(body: bytes, now: Millis, limit: int) -> list[Event]:
    """The events in a JSON array, all of them or none: raises what :func:`decode_each` says of the first wrong one."""
    events = []
    for place, event in enumerate(decode_each(body, now, limit)):
        if isinstance(event, HubError):
            raise event.below(f"/{place}")
        events.append(event)
    return events


def encode_binary(event: Event) -> tuple[dict[str, str], bytes]:
    """The headers (names in lower case, values in printable ASCII) and the body of the event in binary mode."""
    attributes = _attributes(event)
    headers = {"content-type": attributes.pop("datacontenttype")}
    for name, value in attributes.items():
        headers["ce-" + name] = value if _UNQUOTED.fullmatch(value) else quote(value, safe=_SAFE)
    return headers, event.data


def encode_structured(event: Event) -> tuple[dict[str, str], bytes]:
    """The headers and the body of the event as one JSON document; JSON data stands in it byte for byte."""
    document: dict[str, Any] = dict(_attributes(event))
    if event.data and event.is_json and _is_json_text(event.data):
        document["data"] = Raw(event.data)
    elif event.data:
        document["data_base64"] = event.data
    return {"content-type": STRUCTURED_MEDIA}, msgspec.json.encode(document)


def encode_batch(events: Iterable[Event]) -> bytes:
    """Events as the body of a batch (JSON 4): an array of what :func:`encode_structured` makes of each."""
    return b"[" + b",".join(encode_structured(event)[1] for event in events) + b"]"


def to_json(event: Event) -> dict[str, Any]:
    """The event in the JSON format as a value for an answer: JSON data as its value, all other data as base64."""
    document: dict[str, Any] = dict(_attributes(event))
    if event.data and event.is_json:
        try:
            document["data"] = msgspec.json.decode(event.data)
        except (ValueError, RecursionError):
            # It only claims to be JSON, or holds a number beyond every float: as bytes it is still all there.
            document["data_base64"] = b64encode(event.data).decode()
    elif event.data:
        document["data_base64"] = b64encode(event.data).decode()
    return document


def _attributes(event: Event) -> dict[str, str]:
    """All attributes of the event in canonical text form (CE 2.5), the required ones first."""
    attributes = {"specversion": "1.0", "id": event.id, "source": event.source, "type": event.type}
    if event.subject is not None:
        attributes["subject"] = event.subject
    attributes["time"] = rfc3339.format_millis(event.time)
    attributes["datacontenttype"] = event.content_type
    if event.dataschema is not None:
        attributes["dataschema"] = event.dataschema
    attributes.update({name: value for name, value in event.extensions.items() if name not in UNTOLD})
    if event.routing_key != event.type:
        attributes["routingkey"] = event.routing_key
    return attributes


def _is_json_text(data: bytes) -> bool:
    try:
        _RAW.decode(data)
        data.decode()  # a Raw value's strings are not looked into
    except (ValueError, RecursionError):
        return False
    return True


def _members(document: bytes) -> dict[str, Raw]:
    if not document.isascii():
        document.decode()  # as above
    return _MEMBERS.decode(document)


def _parse(decode: Callable[[bytes], _Shape], body: bytes, kind: str) -> _Shape:
    try:
        return decode(body)
    except msgspec.ValidationError:
        raise _wrong(f"it is JSON, but not {kind}", "") from None
    except ValueError as error:
        raise Invalid("invalid_json", f"the body is not JSON: {error}") from None
    except RecursionError:
        raise TooLarge("body_too_deep", "the JSON is nested deeper than can be read") from None


def _from_members(members: dict[str, Raw], at: str, now: Millis) -> Event:
    data = members.pop("data", None)
    encoded = members.pop("data_base64", None)
    attributes: dict[str, str] = {}
    for name, raw in members.items():
        text = _defined_text(name, raw, at) if name in _DEFINED else _extension_text(name, raw, at)
        if text is not None:  # null is the same as absent (JSON 2.2)
            attributes[name] = text if text.isprintable() else check_text(text, at + name)
    binary = None if encoded is None else _binary(encoded, at)
    if binary is not None and data is not None:
        raise _wrong("data and data_base64 exclude each other", at + "data_base64")
    event = _event(attributes, binary or (b"" if data is None else bytes(data)), at, now)
    if data is None or event.is_json:
        return event
    return msgspec.structs.replace(event, data=_text_content(data, at))


def _defined_text(name: str, raw: Raw, at: str) -> str | None:
    try:
        return _STRING.decode(raw)
    except msgspec.ValidationError:
        raise _wrong(f"the attribute {name!r} must be a string", at + name) from None


def _extension_text(name: str, raw: Raw, at: str) -> str | None:
    """An extension's canonical text: of a string itself, of a boolean or a 32-bit integer its JSON (CE 2.5)."""
    _check_name(name, at + name.replace("~", "~0").replace("/", "~1"))
    try:
        value = _SCALAR.decode(raw)
    except ValueError:
        raise _wrong(f"the extension {name!r} must be a string, a boolean or a 32-bit integer", at + name) from None
    if value is None or isinstance(value, str):
        return value
    return str(value).lower()


def _binary(raw: Raw, at: str) -> bytes | None:
    try:
        text = _STRING.decode(raw)
        return None if text is None else a2b_base64(text, strict_mode=True)
    except ValueError:  # the errors of msgspec and of binascii are both of its kind
        raise _wrong("data_base64 must be a string in base64", at + "data_base64") from None


def _text_content(raw: Raw, at: str) -> bytes:
    """Data that is not JSON by its content type: the content of a JSON string (JSON 3.1.2), as UTF-8."""
    if not bytes(raw).startswith(b'"'):
        raise _wrong("data must be a string, as its content type does not say that it is JSON", at + "data")
    return _TEXT.decode(raw).encode()


def _event(attributes: dict[str, str], data: bytes, at: str, now: Millis) -> Event:
    """The event of these attributes, which it consumes: what is left of them are the extensions."""
    for name in _REQUIRED:
        if not attributes.get(name):
            raise _wrong(
                f"the required attribute {name!r} is {'empty' if name in attributes else 'missing'}", at + name
            )
    if len(max(attributes.values(), key=len)) > ATTRIBUTE_LIMIT:
        name = max(attributes, key=lambda name: len(attributes[name]))
        raise _wrong(f"the attribute {name!r} is longer than {ATTRIBUTE_LIMIT} characters", at + name)
    pop = attributes.pop
    if pop("specversion") != "1.0":
        raise _wrong("the only specversion taken is '1.0'", at + "specversion")
    for name in ATTRIBUTES:
        pop(name, None)
    content_type = pop("datacontenttype", JSON_MEDIA)
    if content_type != JSON_MEDIA and _MEDIA_TYPE.fullmatch(content_type) is None:
        place = "content-type" if at == _HEADER else at + "datacontenttype"
        raise _wrong("the content type is not a media type such as application/json", place)
    type_ = pop("type")
    return Event(
        id=pop("id"),
        source=pop("source"),
        type=type_,
        time=_moment(pop("time", None), at, now),
        data=data,
        routing_key=pop("routingkey", "") or type_,
        content_type=content_type,
        subject=_unless_empty("subject", pop("subject", None), at),
        dataschema=_unless_empty("dataschema", pop("dataschema", None), at),
        extensions=attributes,
    )


def _moment(stated: str | None, at: str, now: Millis) -> Millis:
    if stated is None:
        return now
    try:
        return rfc3339.parse(stated)
    except ValueError as error:
        raise _wrong(f"the attribute 'time' cannot be used: {error}", at + "time") from None


def _unless_empty(name: str, value: str | None, at: str) -> str | None:
    if value == "":
        raise _wrong(f"the attribute {name!r} is empty; leave it out instead", at + name)
    return value


def _check_name(name: str, pointer: str) -> None:
    """Attribute names are lower-case letters and digits, and none is called data (CE 2.4)."""
    if _NAME.fullmatch(name) is None or name == "data":
        raise _wrong(f"{name!r} cannot name an attribute: use lower-case letters and digits, and not 'data'", pointer)


def _header_text(value: str, header: str) -> str:
    """Undo the quoting of older senders, then one round of percent-encoding (HTTP 3.1.3.2)."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _ESCAPED.sub(r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode()
    except UnicodeError:
        raise _wrong("the header's value is not percent-encoded UTF-8", header) from None


def _wrong(message: str, pointer: str) -> Invalid:
    return Invalid("invalid_cloudevent", message, pointer=pointer)
