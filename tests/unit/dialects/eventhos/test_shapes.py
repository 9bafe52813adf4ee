from typing import TypedDict

from eventyard.dialects.eventhos.shapes import COMPONENTS, shows


class Row(TypedDict):
    """One row."""

    id: int


def test_a_success_is_the_envelope_around_its_content():
    told = shows("The row.", Row, status=201, code=200001, example={"id": 1})
    response = told["responses"][201]
    media = response["content"]["application/json"]
    assert told["status_code"] == 201
    assert media["schema"] == {
        "type": "object",
        "required": ["code", "message", "content"],
        "properties": {
            "code": {"const": 200001},
            "message": {"type": "string"},
            "content": {"$ref": "#/components/schemas/Row"},
        },
    }
    assert media["example"] == {"code": 200001, "message": "success", "content": {"id": 1}}
    assert list(response[COMPONENTS]) == ["Row"]


def test_without_a_shape_there_is_no_content():
    media = shows("Done.")["responses"][200]["content"]["application/json"]
    assert "content" not in media["schema"]["properties"]
    assert media["example"] == {"code": 200000, "message": "success"}


def test_a_content_that_may_be_missing_is_not_required():
    schema = shows("The row, perhaps.", Row, always=False)["responses"][200]["content"]["application/json"]["schema"]
    assert schema["required"] == ["code", "message"]
    assert "content" in schema["properties"]


def test_a_shape_without_an_example_has_none():
    assert "example" not in shows("A row.", Row)["responses"][200]["content"]["application/json"]
