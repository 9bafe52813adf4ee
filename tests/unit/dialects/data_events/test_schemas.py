import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator

from eventyard.dialects.data_events.schemas import components
from eventyard.matching.schema import compile_schema
from eventyard.model.errors import Invalid


def translated(schema):
    compile_schema(schema)
    return components(schema, "topic.t", "part.t.")


def fits(schema, data):
    document = {"$ref": "#/components/schemas/topic.t", "components": {"schemas": translated(schema)}}
    return Draft7Validator(document).is_valid(data)


def test_a_schema_without_references_stays_as_it_is():
    schema = {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}, "required": ["a"]}
    assert translated(schema) == {"topic.t": schema}


def test_what_is_no_keyword_and_what_names_the_schema_elsewhere_is_left_out():
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://shop.example/order",
        "$defs": {"unused": {"type": "string"}},
        "externalDocs": 5,
        "discriminator": {"x": 1},
        "title": "Order",
    }
    assert translated(schema) == {"topic.t": {"title": "Order"}}


def test_a_part_that_is_referred_to_stands_beside_under_its_own_name():
    schema = {
        "properties": {"to": {"$ref": "#/$defs/address"}, "from": {"$ref": "#/$defs/address"}},
        "$defs": {"address": {"type": "string"}},
    }
    assert translated(schema) == {
        "topic.t": {
            "properties": {
                "to": {"$ref": "#/components/schemas/part.t.address"},
                "from": {"$ref": "#/components/schemas/part.t.address"},
            }
        },
        "part.t.address": {"type": "string"},
    }


def test_parts_of_one_name_or_of_none_are_told_apart():
    schema = {
        "allOf": [
            {"$ref": "#/$defs/a/properties/x"},
            {"$ref": "#/$defs/b/properties/x"},
            {"$ref": "#/$defs/%C3%B6%20.x"},
        ],
        "$defs": {
            "a": {"properties": {"x": {"minimum": 1}}},
            "b": {"properties": {"x": {"maximum": 2}}},
            "ö .x": {"multipleOf": 1},
        },
    }
    assert list(translated(schema)) == ["topic.t", "part.t.x", "part.t.x-2", "part.t.---x"]


def test_a_schema_may_come_back_to_itself():
    schema = {"type": "object", "properties": {"left": {"$ref": "#"}}, "additionalProperties": False}
    assert translated(schema)["topic.t"]["properties"]["left"] == {"$ref": "#/components/schemas/topic.t"}
    assert fits(schema, {"left": {"left": {}}})
    assert not fits(schema, {"left": {"right": {}}})


def test_a_part_may_come_back_to_itself():
    schema = {"items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}
    assert fits(schema, [[[]]])
    assert not fits(schema, [[[1]]])


@pytest.mark.parametrize("reference", [{"$ref": "#node"}, {"$dynamicRef": "#node"}, {"$ref": "#/$defs/n"}])
def test_anchors_are_followed(reference):
    schema = {"items": reference, "$defs": {"n": {"$dynamicAnchor": "node", "type": "integer"}}}
    assert fits(schema, [1])
    assert not fits(schema, ["1"])


def test_what_stands_beside_a_reference_counts_too():
    schema = {"$ref": "#/$defs/a", "maximum": 5, "allOf": [{"multipleOf": 2}], "$defs": {"a": {"minimum": 1}}}
    assert fits(schema, 4)
    assert not any(fits(schema, wrong) for wrong in (0, 3, 6))


def test_a_reference_to_a_boolean_is_followed():
    schema = {"properties": {"never": {"$ref": "#/$defs/no"}}, "$defs": {"no": False}}
    assert fits(schema, {})
    assert not fits(schema, {"never": 1})


def test_tuples_are_written_as_draft_07_writes_them():
    schema = {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}
    assert translated(schema) == {"topic.t": {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}}}
    assert fits(schema, ["a", 1])
    assert not fits(schema, ["a", "b"])


def test_data_that_looks_like_a_reference_is_left_out():
    schema = {"enum": [{"$ref": "#/nowhere"}], "default": {"a": [{"$ref": 5}]}, "examples": [{"ref": 5}]}
    assert translated(schema) == {"topic.t": {"examples": [{"ref": 5}]}}


def test_a_property_may_be_named_like_a_keyword_but_not_like_a_reference():
    schema = {"properties": {"$ref": {"type": "string"}, "items": {"type": "integer"}}}
    assert translated(schema) == {"topic.t": {"properties": {"items": {"type": "integer"}}}}


TYPES = st.sampled_from(["string", "integer", "array", "object"])
LEAVES = st.one_of(
    st.just(True),
    st.builds(lambda kind: {"type": kind}, TYPES),
    st.builds(lambda name: {"$ref": f"#/$defs/{name}"}, st.sampled_from("ab")),
    st.builds(lambda value: {"const": value}, st.one_of(st.integers(-99, 99), st.text(max_size=3), st.booleans())),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"properties": parts}, st.dictionaries(st.text(max_size=3), inner, max_size=3)),
        st.builds(lambda part: {"items": part}, inner),
        st.builds(lambda part, rest: {"prefixItems": [part], "items": rest}, inner, inner),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
DATA = st.recursive(
    st.one_of(st.integers(-99, 99), st.text(max_size=3), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=5,
)


@given(SCHEMAS, st.tuples(TYPES, TYPES), DATA)
def test_the_translation_takes_and_refuses_what_the_schema_does(schema, kinds, data):
    a, b = kinds
    whole = {"allOf": [schema], "$defs": {"a": {"type": a}, "b": {"type": b, "minProperties": 1}}}
    compiled = compile_schema(whole)
    try:
        compiled.check(data)
        expected = True
    except Invalid:
        expected = False
    assert fits(msgspec.json.decode(msgspec.json.encode(whole)), data) is expected
