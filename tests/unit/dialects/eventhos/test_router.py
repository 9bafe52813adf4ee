import pytest

from tests.unit.dialects.eventhos.calls import faults


@pytest.mark.parametrize("path", ["", "/"])
async def test_whoever_asks_whether_it_is_there_is_told_ok(client_of, path):
    answer = await (await client_of(None)).get(path)
    assert (answer.status_code, answer.text) == (200, "Ok")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_path_that_is_not_there_is_missing_in_the_envelope(admin):
    for path in ("/nowhere", "/event/1/2", "/v1/projects", "/event//1"):
        answer = await admin.get(path)
        assert faults(answer) == (404, 404000, [])
        assert answer.json()["message"] == f"there is no /eventhos{path}"


async def test_a_method_that_a_path_does_not_take_is_told_with_those_it_takes(admin):
    answer = await admin.patch("/event", json={})
    assert faults(answer) == (405, 500000, [])
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["GET", "PUT", "TRACE"])
async def test_the_way_in_takes_what_is_posted(admin, method):
    answer = await admin.request(method, "/event/send")
    assert faults(answer) == (405, 500000, [])
    assert answer.headers["allow"] == "POST"


async def test_wrong_parameters_are_told_in_the_envelope(admin):
    answer = await admin.put("/contract/0", json={"order": "y"})
    assert faults(answer) == (400, 400001, ["contract_id", "order"])


async def test_a_caller_without_a_token_learns_nothing_of_the_body(client_of):
    answer = await (await client_of(None)).post("/event", json={"name": 1})
    assert faults(answer) == (403, 403002, [])


async def test_a_page_elsewhere_may_read_and_ask(admin):
    answer = await admin.options("/event", headers={"access-control-request-method": "POST"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert (await admin.get("/event")).headers["access-control-allow-origin"] == "*"
