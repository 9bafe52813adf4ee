import msgspec

from eventyard.api.v1.answers import COMPONENTS, body_of, done, reply, shows, silent, time_of, time_or_none
from eventyard.testing.builders import NOW


class Thing(msgspec.Struct):
    name: str


def test_times_are_rfc_3339_in_utc_with_milliseconds():
    assert time_of(NOW) == "2026-01-02T03:04:05.678Z"
    assert time_or_none(NOW) == "2026-01-02T03:04:05.678Z"
    assert time_or_none(None) is None


def test_an_answer_is_json():
    answer = reply([Thing("a")], 201, {"Link": "<x>"})
    assert (answer.status_code, answer.body) == (201, b'[{"name":"a"}]')
    assert (answer.headers["content-type"], answer.headers["link"]) == ("application/json", "<x>")


def test_done_has_no_body():
    assert (done().status_code, done().body) == (204, b"")


def test_a_route_shows_the_shape_of_its_answer():
    shown = shows(list[Thing], "Things.", 201, paged=True)
    response = shown["responses"][201]
    assert shown["status_code"] == 201
    assert response["description"] == "Things."
    assert "Link" in response["headers"]
    assert response["content"] == {
        "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}
    }
    assert response[COMPONENTS].keys() == {"Thing"}


def test_a_route_without_a_body_says_so():
    assert silent("Gone.") == {"status_code": 204, "responses": {204: {"description": "Gone."}}}


def test_a_body_carries_the_schemas_it_refers_to():
    assert body_of(Thing, "A thing.")[COMPONENTS]["Thing"]["required"] == ["name"]
