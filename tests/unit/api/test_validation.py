import pytest


@pytest.mark.parametrize(
    ("body", "pointer", "detail", "hint"),
    [
        ({"nmae": "a"}, "/nmae", "there is no field 'nmae'", "did you mean 'name'?"),
        ({"name": "a", "a/b~c": 1}, "/a~1b~0c", "there is no field 'a/b~c'", "fields here: name, description"),
        ({}, "/name", "Field required", None),
        ({"name": 7}, "/name", "Input should be a valid string", None),
        ({"name": "a\nb"}, "/name", "String should match pattern", None),
        ({"name": " "}, "/name", "String should match pattern", None),
        ({"name": " a"}, "/name", "String should match pattern", None),
        ({"name": "a\u00a0"}, "/name", "String should match pattern", None),
        ({"name": "a\u202eb"}, "/name", "String should match pattern", None),
        ({"name": "a\u200bb"}, "/name", "String should match pattern", None),
        ({"name": "a\x85b"}, "/name", "String should match pattern", None),
        ({"name": ""}, "/name", "String should have at least 1 character", None),
        ({"name": "x" * 256}, "/name", "String should have at most 255 characters", None),
        ({"name": "a", "description": "x" * 2001}, "/description", "String should have at most 2000 characters", None),
        ([], "", "Input should be", None),
        (None, "", "the call needs a body", None),
    ],
)
async def test_a_fault_of_the_body_is_told_with_its_place(client, body, pointer, detail, hint):
    answer = await client.post("/v1/projects", **({} if body is None else {"json": body}))
    told = answer.json()
    assert (answer.status_code, told["code"], told["pointer"]) == (422, "invalid_body", pointer)
    assert told["detail"].startswith(detail)
    assert told.get("hint") == hint


@pytest.mark.parametrize("name", ["a", "a b", "Größe 7", "نام\u200cه", "👩\u200d🚀"])
async def test_a_name_is_whatever_people_write(client, name):
    assert (await client.post("/v1/projects", json={"name": name})).status_code == 201


async def test_all_faults_are_told_at_once(client):
    answer = await client.post("/v1/projects", json={"name": "", "description": 1})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/name", "/description"]


async def test_a_fault_never_repeats_the_value(client):
    body = {"name": "a", "scheme": "hmac-sha256", "secret": ["hunter2"]}
    answer = await client.post("/v1/sources", json=body)
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/events?limit=0", "limit"),
        ("/v1/events?limit=501", "limit"),
        ("/v1/events?limit=many", "limit"),
        ("/v1/events?from=yesterday", "from"),
        ("/v1/events?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("/v1/events?cursor=%21", "cursor"),
        ("/v1/events?status=lost", "status"),
        ("/v1/events?kind=", "kind"),
        ("/v1/events?entry_id=0", "entry_id"),
        ("/v1/events?entry_id=99999999999999999999", "entry_id"),
        ("/v1/projects?cursor=%21", "cursor"),
    ],
)
async def test_a_fault_of_a_parameter_names_it(client, path, pointer):
    answer = await client.get(path)
    told = answer.json()
    assert (answer.status_code, told["code"], told["pointer"]) == (400, "invalid_parameter", pointer)


@pytest.mark.parametrize(
    ("path", "pointers", "hint"),
    [
        ("/v1/events?statsu=error", ["statsu"], "did you mean 'status'?"),
        ("/v1/event-sources?page=2&limit=5", ["page"], "parameters here: project_id, limit, cursor"),
        ("/v1/schemes?a=&b=1", ["a", "b"], "parameters here: none"),
    ],
)
async def test_a_parameter_that_is_not_there_is_refused(client, path, pointers, hint):
    answer = await client.get(path)
    told = answer.json()
    assert (answer.status_code, told["code"], told["hint"]) == (400, "invalid_parameter", hint)
    assert [fault["pointer"] for fault in told.get("errors", [told])] == pointers


@pytest.mark.parametrize(
    "path", ["/v1/events?status=error&status=discarded&from=2026-01-01T00:00:00Z", "/v1/topics?limit=5"]
)
async def test_a_parameter_that_is_there_is_taken(client, path):
    assert (await client.get(path)).status_code == 200


async def test_a_path_that_is_not_there_is_a_problem_too(client):
    answer = await client.get("/v1/projects/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/projects", "GET, HEAD, POST"),
        ("POST", "/v1/projects/default", "DELETE, GET, HEAD, PATCH"),
        ("TRACE", "/docs", "GET, HEAD"),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_told_those_it_does(client, method, path, allowed):
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed
