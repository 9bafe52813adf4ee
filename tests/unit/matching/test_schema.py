import socket

import pytest

from eventyard.matching.schema import compile_schema
from eventyard.model.errors import Invalid

ORDER = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "lines/all": {"type": "array", "items": {"type": "object", "properties": {"sku": {"pattern": "^[A-Z]+$"}}}},
        "state": {"enum": ["new", "paid"]},
    },
}


def refused(schema, at: str = "/schema") -> Invalid:
    with pytest.raises(Invalid) as info:
        compile_schema(schema, at=at)
    assert info.value.code == "invalid_schema"
    assert info.value.hint
    return info.value


def mismatch(schema, data) -> tuple[str | None, str]:
    with pytest.raises(Invalid) as info:
        compile_schema(schema).check(data)
    assert info.value.code == "schema_mismatch"
    return info.value.pointer, info.value.message


@pytest.mark.parametrize("data", [{"id": 1}, {"id": 1.0, "more": None}, {"id": 2**70, "lines/all": [{"sku": "AB"}]}])
def test_data_that_fits_is_let_through(data):
    compile_schema(ORDER).check(data)


@pytest.mark.parametrize(
    ("data", "pointer", "message"),
    [
        ([], "", 'the data: the value is not of type "object" (type)'),
        ({}, "", 'the data: "id" is a required property (required)'),
        ({"id": "7"}, "/id", '/id: the value is not of type "integer" (type)'),
        ({"id": 1, "state": "gone"}, "/state", '/state: the value is not one of "new" or "paid" (enum)'),
        (
            {"id": 1, "lines/all": [{"sku": "A"}, {"sku": "b"}]},
            "/lines~1all/1/sku",
            '/lines~1all/1/sku: the value does not match "^[A-Z]+$" (pattern)',
        ),
    ],
)
def test_data_that_does_not_fit_is_told_where_and_why(data, pointer, message):
    assert mismatch(ORDER, data) == (pointer, message)


def test_the_message_never_repeats_the_value():
    assert "hunter2" not in mismatch({"properties": {"password": {"type": "integer"}}}, {"password": "hunter2"})[1]


def test_a_long_message_is_cut():
    assert len(mismatch({"const": "x" * 1000}, 1)[1]) == 300


def test_true_takes_everything_and_false_nothing():
    compile_schema(True).check({"a": 1})

    assert mismatch(False, 1)[0] == ""


@pytest.mark.parametrize(
    ("schema", "pointer", "message"),
    [
        (None, "/schema", "a schema is an object, true or false"),
        ('{"type": "object"}', "/schema", "a schema is an object, true or false"),
        ([], "/schema", "a schema is an object, true or false"),
        (
            {"properties": {"a": {"type": "strng"}}},
            "/schema/properties/a/type",
            "the value is not valid under any of the schemas listed in the 'anyOf' keyword",
        ),
        ({"minLength": -1}, "/schema/minLength", "the value is less than the minimum of 0"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#"},
            "/schema/$schema",
            "schemas are of JSON Schema 2020-12, and this names another dialect",
        ),
        ({"const": {1}}, "/schema", "the schema is not JSON: Type is not JSON serializable: set"),
        ({"const": "x" * 262_144}, "/schema", "the schema is 262156 bytes long, and 262144 are the most"),
    ],
)
def test_what_is_no_schema_is_refused_where_it_is_wrong(schema, pointer, message):
    refusal = refused(schema)

    assert (refusal.pointer, refusal.message) == (pointer, message)


@pytest.mark.parametrize("pattern", ["^(?=a)b", "(a)\\1", "(?<!x)y", "(", "^(((a{1,100}){1,100}){1,100}){1,100}$"])
@pytest.mark.parametrize("where", ["pattern", "patternProperties"])
def test_a_regular_expression_that_could_run_away_is_refused(pattern, where):
    refusal = refused({"items": {where: pattern if where == "pattern" else {pattern: True}}})

    assert refusal.pointer is not None
    assert refusal.pointer.startswith(f"/schema/items/{where}")
    assert "linear time" in (refusal.hint or "")


def test_a_regular_expression_runs_in_linear_time():
    compile_schema({"pattern": "^(a+)+$"}).check("a" * 200_000)

    assert mismatch({"pattern": "^(a+)+$"}, "a" * 200_000 + "b")[0] == ""


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_nothing_is_ever_fetched(keyword, tmp_path, monkeypatch):
    there = tmp_path / "there.json"
    there.write_text("true")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        for uri in (f"http://127.0.0.1:{server.getsockname()[1]}/schema", there.as_uri(), str(there)):
            assert "nothing is ever fetched" in refused({"items": {keyword: uri}}).message
        refused({"$id": tmp_path.as_uri() + "/", keyword: "there.json"})
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_dialect_is_not_fetched_either():
    assert refused({"$schema": "https://example.com/meta"}).pointer == "/schema/$schema"


def test_a_schema_whose_references_multiply_is_refused():
    bomb = {"$defs": {f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(30)}, "$ref": "#/$defs/d0"}
    bomb["$defs"]["d30"] = {"type": "string"}

    assert "more than 10000 checks" in refused(bomb).message


def union() -> dict:
    def branch(kind: str) -> dict:
        return {"type": "object", "properties": {"left": {"$ref": "#/$defs/e"}, "type": {"const": kind}}}

    return {"$defs": {"e": {"oneOf": [branch("and"), branch("or"), {"type": "integer"}]}}, "$ref": "#/$defs/e"}


def nested(depth: int, innermost: object) -> object:
    for _ in range(depth):
        innermost = {"left": innermost, "type": "or"}
    return innermost


def test_a_schema_may_refer_to_itself_in_alternatives():
    compile_schema(union()).check(nested(60, 1))

    assert mismatch(union(), nested(3, "x")) == (
        "",
        "the data: the value is not valid under any of the schemas listed in the 'oneOf' keyword (oneOf)",
    )


def test_where_a_deep_event_fails_such_a_schema_is_not_searched_for_without_end():
    assert mismatch(union(), nested(60, "x")) == (
        "",
        "the data does not match the schema, and is too large to say where in reasonable time",
    )


def test_where_a_large_event_fails_many_alternatives_is_not_searched_for_without_end():
    schema = {"anyOf": [{"required": [f"k{i}"]} for i in range(1000)]}

    assert "too large to say where" in mismatch(schema, {f"x{i}": "y" for i in range(1000)})[1]


def test_what_the_validator_cannot_take_is_a_mismatch():
    deep: list = []
    for _ in range(5000):
        deep = [deep]

    assert mismatch({"type": "object"}, deep)[1] == "the data cannot be checked: Recursion limit reached"
    assert mismatch({"type": "string"}, "\ud800")[1].startswith("the data cannot be checked: ")
