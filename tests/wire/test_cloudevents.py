"""CloudEvents as bytes: the examples of the specification, and the promise that any bytes give events or a HubError."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventyard.model.errors import HubError
from eventyard.model.event import Event
from eventyard.wire.cloudevents import (
    decode_batch,
    decode_binary,
    decode_structured,
    encode_binary,
    encode_structured,
    mode_of,
    to_json,
)
from eventyard.wire.rfc3339 import EARLIEST, LATEST

NOW = 1_767_323_045_678

# The examples of the JSON Event Format 1.0.2, section 3.2, and the same "re-encoded using HTTP Binary Content Mode".
EXAMPLES = [
    (
        b"""{
    "specversion" : "1.0",
    "type" : "com.example.someevent",
    "source" : "/mycontext",
    "id" : "A234-1234-1234",
    "time" : "2018-04-05T17:31:00Z",
    "comexampleextension1" : "value",
    "comexampleothervalue" : 5,
    "datacontenttype" : "application/vnd.apache.thrift.binary",
    "data_base64" : "AAEC/w=="
}""",
        {"ce-id": "A234-1234-1234", "content-type": "application/vnd.apache.thrift.binary"},
        b"\x00\x01\x02\xff",
    ),
    (
        b"""{
    "specversion" : "1.0",
    "type" : "com.example.someevent",
    "source" : "/mycontext",
    "id" : "B234-1234-1234",
    "time" : "2018-04-05T17:31:00Z",
    "comexampleextension1" : "value",
    "comexampleothervalue" : 5,
    "unsetextension": null,
    "datacontenttype" : "application/xml",
    "data" : "<much wow=\\"xml\\"/>"
}""",
        {"ce-id": "B234-1234-1234", "content-type": "application/xml"},
        b'<much wow="xml"/>',
    ),
    (
        b"""{
    "specversion" : "1.0",
    "type" : "com.example.someevent",
    "source" : "/mycontext",
    "subject": null,
    "id" : "C234-1234-1234",
    "time" : "2018-04-05T17:31:00Z",
    "comexampleextension1" : "value",
    "comexampleothervalue" : 5,
    "datacontenttype" : "application/json",
    "data" : {"appinfoA" : "abc", "appinfoB" : 123, "appinfoC" : true}
}""",
        {"ce-id": "C234-1234-1234", "content-type": "application/json"},
        b'{"appinfoA" : "abc", "appinfoB" : 123, "appinfoC" : true}',
    ),
    (
        b"""{
    "specversion" : "1.0",
    "type" : "com.example.someevent",
    "source" : "/mycontext",
    "subject": null,
    "id" : "D234-1234-1234",
    "time" : "2018-04-05T17:31:00Z",
    "comexampleextension1" : "value",
    "comexampleothervalue" : 5,
    "data" : "I'm just a string"
}""",
        {"ce-id": "D234-1234-1234", "content-type": "application/json"},
        b'"I\'m just a string"',
    ),
]
COMMON = {
    "ce-specversion": "1.0",
    "ce-type": "com.example.someevent",
    "ce-source": "/mycontext",
    "ce-time": "2018-04-05T17:31:00Z",
    "ce-comexampleextension1": "value",
    "ce-comexampleothervalue": "5",
}


@pytest.mark.parametrize(("structured", "headers", "body"), EXAMPLES)
def test_the_specifications_examples_are_the_same_event_in_both_modes(
    structured: bytes, headers: dict[str, str], body: bytes
) -> None:
    event = decode_structured(structured, NOW)
    assert event == decode_binary(COMMON | headers, body, NOW)
    assert encode_binary(event) == (COMMON | headers | {"ce-time": "2018-04-05T17:31:00.000Z"}, body)
    assert decode_structured(encode_structured(event)[1], NOW) == event


def test_the_specifications_examples_make_a_batch() -> None:
    batch = b"[" + b",\n".join(structured for structured, _, _ in EXAMPLES) + b"]"
    assert decode_batch(batch, NOW, 4) == [decode_structured(structured, NOW) for structured, _, _ in EXAMPLES]


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=12)
NAMES = st.text("abcxyz019", min_size=1, max_size=24).filter(
    lambda name: (
        name not in {"specversion", "id", "source", "type", "time", "subject", "dataschema", "routingkey", "data"}
    )
)
DATA = st.one_of(
    st.tuples(st.just("application/json"), st.binary()),
    st.tuples(st.just("application/problem+json; charset=utf-8"), st.sampled_from([b"", b"null", b' {"a": [1]}\n'])),
    st.tuples(st.sampled_from(["text/plain", "image/png"]), st.binary()),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    content_type, data = draw(DATA)
    type_ = draw(TEXT)
    return Event(
        id=draw(TEXT),
        source=draw(TEXT),
        type=type_,
        time=draw(st.integers(EARLIEST, LATEST)),
        data=data,
        routing_key=draw(st.just(type_) | TEXT),
        content_type=content_type,
        subject=draw(st.none() | TEXT),
        dataschema=draw(st.none() | TEXT),
        extensions=draw(st.dictionaries(NAMES, TEXT, max_size=3)),
    )


@given(events())
def test_an_event_survives_binary_mode(event: Event) -> None:
    headers, body = encode_binary(event)
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    assert decode_binary(headers, body, NOW) == event


@given(events().filter(lambda event: not event.is_json or event.data == event.data.strip()))
def test_an_event_survives_structured_mode(event: Event) -> None:
    assert decode_structured(encode_structured(event)[1], NOW) == event


@given(events())
def test_any_event_can_be_an_answer(event: Event) -> None:
    assert json.dumps(to_json(event))


REQUIRED = {"specversion": "1.0", "id": "1", "source": "/", "type": "t"}
MEMBERS = st.dictionaries(
    st.sampled_from(["specversion", "id", "source", "type", "time", "data", "data_base64", "datacontenttype", "x"])
    | st.text(max_size=3),
    st.sampled_from(["1.0", "application/xml", "AA==", "2026-01-02T03:04:05Z"])
    | st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists),
)


@given(st.binary() | (MEMBERS | MEMBERS.map(lambda members: REQUIRED | members)).map(lambda o: json.dumps(o).encode()))
@example(body=b'{"specversion":"1.0","id":"1","source":"/","type":"t","x":' + b"9" * 5_000 + b"}")
@example(body=b'{"specversion":"1.0","id":"1","source":"/","type":"t","data":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
def test_any_body_is_an_event_or_a_hub_error(body: bytes) -> None:
    _events_or_hub_error(lambda: [decode_structured(body, NOW)])
    _events_or_hub_error(lambda: decode_batch(body, NOW, 3))
    _events_or_hub_error(lambda: decode_batch(b"[" + body + b"]", NOW, 3))


HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-x"]) | st.text(),
    st.sampled_from(["1.0", "%E2%82%AC", "%FF", '"a\\"', "application/json"]) | st.text(),
)


@given(HEADERS | HEADERS.map(lambda headers: COMMON | {"ce-id": "1"} | headers), st.binary())
def test_any_headers_are_an_event_or_a_hub_error(headers: dict[str, str], body: bytes) -> None:
    _events_or_hub_error(lambda: [decode_binary(headers, body, NOW)] if mode_of(headers) else [])


def _events_or_hub_error(decode: Any) -> None:
    try:
        decoded = decode()
    except HubError as error:
        assert error.message
    else:
        for event in decoded:
            assert encode_binary(event)
            assert encode_structured(event)
            assert to_json(event)
