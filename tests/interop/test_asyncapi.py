"""The AsyncAPI documents of this hub are what AsyncAPI's own JSON Schema and its own parser want."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.dialects.data_events.document import Addresses, ProjectView, document
from eventyard.dialects.data_events.seed import MESSAGES, OPERATIONS
from eventyard.dialects.data_events.topics import TopicView
from eventyard.dialects.data_events.yaml import to_yaml
from eventyard.matching.schema import compile_schema
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.testing.builders import application, project, topic

HERE = Path(__file__).parent
OFFICIAL = HERE / "node_modules/@asyncapi/specs/schemas/3.0.0.json"
NEEDED = pytest.mark.needs("npm packages on Node.js 20")
WHERE = Addresses("https://hub.example", "stomp://hub.example:61613", "amqp://hub.example:5672")

ORDER = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://shop.example/order",
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "$comment": "ours"},
        "parts": {"type": "array", "items": {"$ref": "#"}, "contains": {"$ref": "#/$defs/part"}, "minContains": 1},
        "size": {"prefixItems": [{"type": "integer"}, {"type": "integer"}], "items": False},
        "to": {"$ref": "#address", "description": "Where it goes."},
        "$ref": {"type": "string"},
        "any": True,
    },
    "patternProperties": {"^x-": {"$ref": "#/$defs/part"}},
    "dependentSchemas": {"to": {"required": ["size"]}},
    "unevaluatedProperties": False,
    "if": {"required": ["to"]},
    "then": {"required": ["parts"]},
    "discriminator": {"propertyName": "kind"},
    "externalDocs": "none",
    "default": {"$ref": "#/nowhere"},
    "examples": [{"id": "0199f3c2-7b1e-7c55-a0c9-3d5b8f1e2a44"}, {"name": "false"}],
    "$defs": {"part": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}, "a": {"$anchor": "address", "type": "string"}},
}


def of_project(*topics: TopicView) -> dict[str, Any]:
    return document(WHERE, ProjectView(project("Flotte Süd"), (application("shop"), application("crm")), topics))


EMPTY = document(Addresses("http://127.0.0.1:8080"))
FULL = of_project(
    TopicView(topic("orders", description="Of the *shop*."), ORDER),
    TopicView(topic("orders.order"), ORDER),
    TopicView(topic("north/{a}?b#c 50% Ä", number=9), {"type": "string", "examples": ["x", 5]}),
    TopicView(topic("nothing"), False),
    TopicView(topic("referring"), {"examples": [{"$ref": "#/nowhere"}]}),
    *(TopicView(topic(kind.value, exchange=ExchangeSettings(kind, durable=False))) for kind in ExchangeType),
)


@cache
def official() -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(json.loads(OFFICIAL.read_bytes()), validate_formats=True)


def found_in(*texts: bytes) -> Any:
    """What the official parser finds."""
    given = json.dumps([text.decode() for text in texts])
    done = subprocess.run(
        ["node", "parse.mjs"], cwd=HERE, input=given.encode(), capture_output=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


@NEEDED
@pytest.mark.parametrize("made", [EMPTY, document(WHERE), of_project(), FULL], ids=["bare", "any", "empty", "full"])
def test_the_official_schema_takes_every_document(made: dict[str, Any]) -> None:
    official().validate(json.loads(json.dumps(made)))


@NEEDED
def test_the_official_schema_does_not_take_anything() -> None:
    assert not official().is_valid({**EMPTY, "operations": {"x": {"action": "listen"}}})


@NEEDED
def test_the_official_parser_finds_no_fault_and_what_the_seed_has() -> None:
    bare, whole, empty, as_yaml = found_in(
        *(json.dumps(made).encode() for made in (EMPTY, FULL, of_project())), to_yaml(FULL)
    )
    title_of = {message.name: message.title for message in MESSAGES}
    seed = [[[operation.id], [title_of[operation.message]]] for operation in OPERATIONS]
    assert bare == empty == {"errors": [], "operations": seed}
    assert (whole["errors"], whole["operations"][:14]) == ([], seed)
    assert [["exchange/orders/{routingKey}"], ["orders"]] in whole["operations"]
    assert [["exchange/north%2F%7Ba%7D%3Fb%23c 50%25 %C3%84/{routingKey}"], ["north/{a}?b#c 50% Ä"]] in whole[
        "operations"
    ]
    assert len(whole["operations"]) == 14 + 5 + len(ExchangeType)
    assert as_yaml == whole


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=4), inner, max_size=2)),
    max_leaves=4,
)
SCHEMAS = st.recursive(
    st.one_of(
        st.booleans(),
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(["string", "integer", "object", "array", "null"]),
                "const": VALUES,
                "enum": st.lists(VALUES, max_size=2),
                "default": VALUES,
                "examples": st.lists(VALUES, max_size=2),
                "title": st.text(max_size=4),
                "discriminator": VALUES,
                "x-mine": VALUES,
                "unknown": VALUES,
            },
        ),
        st.just({"$ref": "#/$defs/part"}),
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.text(max_size=4), inner, max_size=2),
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "dependentSchemas": st.dictionaries(st.text(max_size=4), inner, max_size=1),
            "unevaluatedItems": inner,
            "$comment": st.text(max_size=4),
            "required": st.lists(st.text(max_size=4), max_size=2, unique=True),
        },
    ),
    max_leaves=5,
)


def whole(schema: Any) -> Any:
    return schema if isinstance(schema, bool) else {**schema, "$defs": {"part": {"type": "string"}}}


@NEEDED
@given(st.lists(st.tuples(NAMES, SCHEMAS.map(whole), st.text(max_size=9)), max_size=3, unique_by=lambda made: made[0]))
def test_the_official_schema_takes_whatever_topics_are_called_and_enforce(topics: list[tuple[str, Any, str]]) -> None:
    views = []
    for number, (name, schema, description) in enumerate(topics):
        compile_schema(schema)
        views.append(TopicView(topic(name, description=description, number=number), schema))
    official().validate(json.loads(json.dumps(of_project(*views))))
