import pytest

from eventyard.matching.unfolding import Work, unfold
from eventyard.model.errors import Invalid


def chain(length: int, link) -> dict:
    defs = {f"d{i}": link({"$ref": f"#/$defs/d{i + 1}"}) for i in range(length)}
    return {"$defs": defs | {f"d{length}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def refused(schema) -> Invalid:
    with pytest.raises(Invalid) as info:
        unfold(schema, "/schema")
    assert info.value.code == "invalid_schema"
    assert info.value.hint
    return info.value


@pytest.mark.parametrize(
    ("schema", "work"),
    [
        (True, Work()),
        ({}, Work(checks=1)),
        ({"type": "object"}, Work(checks=1)),
        ({"properties": {"a": {}, "b": {"items": {}}}}, Work(checks=3)),
        ({"allOf": [{}, True], "not": {}}, Work(checks=4)),
        ({"oneOf": [{}, {}], "properties": {"a": {"anyOf": [{}]}}}, Work(checks=5, alternatives=3)),
        ({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}, Work(checks=3, returns=1)),
        ({"$dynamicAnchor": "n", "items": {"$dynamicRef": "#n"}}, Work(checks=3, returns=1)),
        (
            {"oneOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]},
            Work(checks=7, alternatives=2, returns=2),
        ),
        ({"dependentSchemas": {"a": {}}, "prefixItems": [{}, {}]}, Work(checks=3)),
        ({"properties": {"$id": {"type": "string"}, "$ref": {"type": "string"}}}, Work(checks=2)),
        ({"allOf": 1, "properties": [], "not": 7, "$ref": 3}, Work(checks=2)),
    ],
)
def test_the_work_of_a_schema_is_counted_along_its_costliest_path(schema, work):
    assert unfold(schema, "") == work


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_references_that_double_at_each_step_are_refused(keyword):
    bomb = chain(40, lambda link: {keyword: [link, link]})

    assert "more than 10000 checks" in refused(bomb).message


def test_references_that_double_at_each_step_into_the_data_are_refused():
    bomb = chain(20, lambda link: {"allOf": [{"properties": {"a": link}}, {"properties": {"a": link}}]})

    assert "more than 10000 checks" in refused(bomb).message


def test_a_chain_without_end_in_sight_is_refused():
    assert refused(chain(8000, lambda link: link)).message == "more than 100 subschemas lie one inside the other"


def test_a_definition_used_often_is_no_bomb():
    schema = {"$defs": {"s": {"type": "string"}}, "properties": {f"p{i}": {"$ref": "#/$defs/s"} for i in range(3000)}}

    assert unfold(schema, "").checks == 3


@pytest.mark.parametrize(
    "schema", [{"$ref": "#"}, {"$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}]
)
def test_a_schema_that_applies_itself_to_the_same_value_is_refused(schema):
    assert refused(schema).message == "the schema applies itself to the same value without end"


@pytest.mark.parametrize(
    "reference",
    ["https://example.com/x.json", "http://127.0.0.1:1/x", "file:///etc/passwd", "other.json", "urn:x:y#/a", "//h/x"],
)
def test_a_reference_out_of_the_schema_is_refused_where_it_stands(reference):
    refusal = refused({"properties": {"a/b": {"allOf": [{"$ref": reference}]}}})

    assert refusal.pointer == "/schema/properties/a~1b/allOf/0/$ref"
    assert refusal.message == f"{reference!r} lies outside this schema, and nothing is ever fetched"


@pytest.mark.parametrize(
    "reference", ["#/$defs/nope", "#nope", "#/$defs/a/type/0", "#/oneOf/9", "#/oneOf/x", "#/oneOf/²"]
)
def test_a_reference_that_leads_nowhere_is_refused(reference):
    refusal = refused({"$defs": {"a": {"type": "string"}}, "oneOf": [True], "items": {"$ref": reference}})

    assert refusal.message == f"{reference!r} leads nowhere in this schema"


@pytest.mark.parametrize("reference", ["#/$defs/a~1b%20c", "#here", "https://example.com/s#here", "#/oneOf/0"])
def test_a_reference_into_the_schema_is_followed(reference):
    schema = {
        "$id": "https://example.com/s",
        "$defs": {"a/b c": {"$anchor": "here"}},
        "oneOf": [{}],
        "items": {"$ref": reference},
    }

    assert unfold(schema, "").checks == 4


def test_a_schema_within_the_schema_is_refused():
    refusal = refused({"$defs": {"a": {"$id": "https://example.com/other"}}})

    assert (refusal.pointer, refusal.message) == ("/schema/$defs/a/$id", "only the root of the schema may have an $id")
