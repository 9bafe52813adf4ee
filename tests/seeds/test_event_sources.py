"""The event-sources API, row by row: every path, field and status code, and the examples as they were written."""

import hashlib
import hmac

import httpx
import pytest

from eventyard.model.access import Scope

TIME = "2026-01-02T03:04:05.678Z"
SOURCE_FIELDS = {
    "id", "project_id", "name", "description", "schema", "enabled", "signature_header", "signature_algorithm",
    "created_at", "updated_at",
}  # fmt: skip
SUBSCRIPTION_FIELDS = {"id", "source_id", "target_type", "target_id", "filter_expr", "enabled", "created_at"}
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def source(yard, client):
    return (await create(client, yard)).json()


@pytest.fixture
async def job(client):
    return (await client.post("/v1/jobs", json={"name": "job"})).json()


async def create(client, yard, **body):
    return await client.post("/v1/event-sources", json={"project_id": yard.project.id, "name": "string", **body})


async def subscribe(client, source, job, **body):
    return await client.post(
        f"/v1/event-sources/{source['id']}/subscribe", json={"target_type": "job", "target_id": job["id"], **body}
    )


async def dispatch(client, yard, payload, *, source="string", headers=None):
    body = {"source": source, "project_id": yard.project.id, "payload": payload}
    return await client.post("/v1/events/dispatch", json=body, headers=headers)


# List event sources


async def test_list(yard, client, source):
    answer = await client.get(f"/v1/event-sources?project_id={yard.project.id}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [source]


async def test_list_is_newest_first_and_whole(yard, client):
    for number in range(60):
        await create(client, yard, name=f"source-{number}")
    answer = await client.get(f"/v1/event-sources?project_id={yard.project.id}")
    assert [found["name"] for found in answer.json()] == [f"source-{number}" for number in reversed(range(60))]
    assert "link" not in answer.headers


async def test_list_of_a_project_unknown_to_the_key(yard, client):
    assert (await client.get("/v1/event-sources?project_id=unknown")).status_code == 404


async def test_list_without_a_project_when_there_are_several(client):
    await client.post("/v1/projects", json={"name": "second"})
    assert (await client.get("/v1/event-sources")).status_code == 400


# Create an event source


async def test_create(yard, client):
    answer = await create(client, yard)
    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "name": "string",
        "description": "",
        "schema": None,
        "enabled": True,
        "signature_header": None,
        "signature_algorithm": None,
        "created_at": TIME,
        "updated_at": TIME,
    }
    assert made["id"][14] == "7"


async def test_create_with_every_field(yard, client):
    answer = await create(
        client,
        yard,
        description="All of it",
        schema={},
        enabled=False,
        signature_header="X-Signature",
        signature_algorithm="hmac-sha256",
        signature_secret="not to be seen",
    )
    made = answer.json()
    assert made.keys() == SOURCE_FIELDS
    assert (made["description"], made["schema"], made["enabled"]) == ("All of it", {}, False)
    assert (made["signature_header"], made["signature_algorithm"]) == ("X-Signature", "hmac-sha256")
    assert "not to be seen" not in answer.text


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "stripe-v1", "github-sha256"])
async def test_create_with_each_algorithm(yard, client, algorithm):
    answer = await create(client, yard, signature_algorithm=algorithm, signature_secret="s3cret")
    assert (answer.status_code, answer.json()["signature_algorithm"]) == (201, algorithm)


@pytest.mark.parametrize("field", ["signature_header", "signature_secret"])
async def test_create_with_a_header_or_secret_but_no_algorithm(yard, client, field):
    answer = await create(client, yard, **{field: "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "no_algorithm")


async def test_create_a_second_one_of_the_name(yard, client, source):
    assert (await create(client, yard)).status_code == 409


async def test_create_in_another_project_than_the_keys(yard, client):
    other = (await client.post("/v1/projects", json={"name": "other"})).json()
    key = await yard.key_for(Scope.ADMIN, project_id=yard.project.id)
    body = {"project_id": other["id"], "name": "string"}
    answer = await client.post("/v1/event-sources", json=body, headers=yard.headers(key))
    assert answer.status_code == 403


async def test_create_with_the_longest_name_and_description(yard, client):
    assert (await create(client, yard, name="é" * 255, description="é" * 2000)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"description": "x" * 2001},
        {"enabled": "yes"},
        {"name": None},
        {"unknown": 1},
    ],
)
async def test_create_with_a_body_that_is_not_valid(yard, client, body):
    assert (await create(client, yard, **body)).status_code == 422


async def test_create_again_with_the_same_idempotency_key(yard, client):
    headers = {"idempotency-key": "k"}
    body = {"project_id": yard.project.id, "name": "string"}
    first, again = [await client.post("/v1/event-sources", json=body, headers=headers) for _ in range(2)]
    assert (first.json(), again.status_code) == (again.json(), 201)
    assert again.headers["idempotency-replayed"] == "true"


# Get an event source


async def test_get(yard, client, source):
    answer = await client.get(f"/v1/event-sources/{source['id']}?project_id={yard.project.id}")
    assert (answer.status_code, answer.json()) == (200, source)


async def test_get_an_unknown_one(client):
    assert (await client.get(f"/v1/event-sources/{UNKNOWN}")).status_code == 404


async def test_get_anothers(yard, client, source):
    stranger = yard.headers(await yard.stranger_key())
    answers = [await client.get(f"/v1/event-sources/{found}", headers=stranger) for found in (source["id"], UNKNOWN)]
    told = [answer.json() | {"request_id": "", "detail": ""} for answer in answers]
    assert told[0] == told[1]
    assert [answer.status_code for answer in answers] == [404, 404]


# Update an event source


async def test_update(yard, client, source):
    path = f"/v1/event-sources/{source['id']}?project_id={yard.project.id}"
    yard.clock.advance(1000)
    answer = await client.patch(path, json={"name": "renamed", "description": "New", "schema": {}, "enabled": False})
    assert (answer.status_code, answer.content) == (204, b"")
    changed = {"name": "renamed", "description": "New", "schema": {}, "enabled": False}
    assert (await client.get(path)).json() == {**source, **changed, "updated_at": "2026-01-02T03:04:06.678Z"}


async def test_update_of_nothing(client, source):
    assert (await client.patch(f"/v1/event-sources/{source['id']}", json={})).status_code == 400


async def test_update_clears_the_secret_with_an_empty_one(yard, client):
    made = (await create(client, yard, signature_algorithm="hmac-sha256", signature_secret="s3cret")).json()
    path = f"/v1/event-sources/{made['id']}"
    assert (await client.patch(path, json={"signature_secret": ""})).status_code == 204
    assert (await client.get(f"/v1/sources/{made['id']}")).json()["secrets"] == []
    assert (await dispatch(client, yard, {})).status_code == 500


@pytest.mark.parametrize("field", ["signature_header", "signature_secret"])
async def test_update_with_a_header_or_secret_but_no_algorithm(client, source, field):
    assert (await client.patch(f"/v1/event-sources/{source['id']}", json={field: "x"})).status_code == 400


async def test_update_an_unknown_one(client):
    assert (await client.patch(f"/v1/event-sources/{UNKNOWN}", json={"enabled": True})).status_code == 404


async def test_update_to_a_name_that_is_taken(yard, client, source):
    await create(client, yard, name="taken")
    answer = await client.patch(f"/v1/event-sources/{source['id']}", json={"name": "taken"})
    assert answer.status_code == 409


# Delete an event source


async def test_delete_takes_the_subscriptions_along(yard, client, source, job):
    await subscribe(client, source, job)
    answer = await client.delete(f"/v1/event-sources/{source['id']}?project_id={yard.project.id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(f"/v1/event-sources/{source['id']}")).status_code == 404
    assert (await client.get(f"/v1/event-sources/{source['id']}/subscriptions")).status_code == 404
    assert (await client.get("/v1/subscriptions")).json() == []


async def test_delete_an_unknown_one(client):
    assert (await client.delete(f"/v1/event-sources/{UNKNOWN}")).status_code == 404


# List subscriptions for an event source, subscribe, delete a subscription


async def test_subscribe(client, source, job):
    answer = await subscribe(client, source, job)
    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "source_id": source["id"],
        "target_type": "job",
        "target_id": job["id"],
        "filter_expr": {},
        "enabled": True,
        "created_at": TIME,
    }
    listed = await client.get(f"/v1/event-sources/{source['id']}/subscriptions")
    assert (listed.status_code, listed.json()) == (200, [made])


async def test_subscribe_with_a_filter(client, source, job):
    filter_expr = {"eq": [["action", "opened"]], "ne": [["sender.type", "Bot"]], "has": ["pull_request"]}
    made = (await subscribe(client, source, job, filter_expr=filter_expr)).json()
    assert made.keys() == SUBSCRIPTION_FIELDS
    assert made["filter_expr"] == filter_expr


@pytest.mark.parametrize(
    ("filter_expr", "pointer"),
    [
        ({"type": "invoice.paid"}, "/filter_expr/type"),
        ({"eq": [["a"]]}, "/filter_expr/eq/0"),
        ({"has": "a"}, "/filter_expr/has"),
        ("payload.action == 'created'", "/filter_expr"),
    ],
)
async def test_subscribe_with_a_filter_that_could_never_match(client, source, job, filter_expr, pointer):
    answer = await subscribe(client, source, job, filter_expr=filter_expr)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


async def test_subscribe_an_unknown_target(client, source):
    assert (await subscribe(client, source, {"id": UNKNOWN})).status_code == 404


async def test_subscribe_a_target_of_another_project(client, source):
    await client.post("/v1/projects", json={"name": "second"})
    elsewhere = (await client.post("/v1/jobs", json={"name": "job", "project_id": "second"})).json()
    assert (await subscribe(client, source, elsewhere)).status_code == 404


async def test_subscribe_the_same_target_twice(client, source, job):
    await subscribe(client, source, job)
    assert (await subscribe(client, source, job)).status_code == 409


async def test_subscribe_to_an_unknown_source(client, job):
    assert (await subscribe(client, {"id": UNKNOWN}, job)).status_code == 404


async def test_delete_a_subscription(client, source, job):
    made = (await subscribe(client, source, job)).json()
    path = f"/v1/event-sources/{source['id']}/subscriptions/{made['id']}"
    answer = await client.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.delete(path)).status_code == 404


# Dispatch an event


async def test_dispatch_to_nobody(yard, client, source):
    answer = await dispatch(client, yard, {})
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("dispatched", "source")} == {"dispatched": 0, "source": "string"}


async def test_dispatch_makes_a_run_of_each_job_that_matches(yard, client, source, job):
    other = (await client.post("/v1/jobs", json={"name": "other"})).json()
    await subscribe(client, source, job, filter_expr={"eq": [["action", "opened"]]})
    await subscribe(client, source, other, filter_expr={"eq": [["action", "closed"]]})
    answer = await dispatch(client, yard, {"action": "opened"})
    assert answer.json()["dispatched"] == 1
    [run] = (await client.post(f"/v1/jobs/{job['id']}/runs/claim", json={"worker": "w"})).json()
    assert (run["attempt"], run["event"]["data"]) == (1, {"action": "opened"})


async def test_dispatch_as_it_was_written(yard, client, source):
    body = {"source": "string", "project_id": yard.project.id}
    assert (await client.post("/v1/events/dispatch", json=body)).status_code == 200


async def test_dispatch_to_a_target_that_is_disabled_is_skipped(yard, client, source, job):
    await subscribe(client, source, job)
    await client.patch(f"/v1/jobs/{job['id']}", json={"enabled": False})
    answer = await dispatch(client, yard, {})
    assert (answer.status_code, answer.json()["dispatched"]) == (200, 0)
    assert answer.json()["results"][0]["status"] == "skipped"


async def test_dispatch_to_an_unknown_source_or_project(yard, client, source):
    assert (await dispatch(client, yard, {}, source="unknown")).status_code == 404
    body = {"source": "string", "project_id": UNKNOWN, "payload": {}}
    assert (await client.post("/v1/events/dispatch", json=body)).status_code == 404


async def test_dispatch_to_a_source_that_is_disabled(yard, client, source):
    await client.patch(f"/v1/event-sources/{source['id']}", json={"enabled": False})
    assert (await dispatch(client, yard, {})).status_code == 400


async def test_dispatch_what_the_schema_does_not_take(yard, client):
    await create(client, yard, schema={"type": "object", "required": ["order"]})
    assert (await dispatch(client, yard, {})).status_code == 422
    assert (await dispatch(client, yard, {"order": 1})).status_code == 200


async def test_dispatch_signed(yard, client):
    await create(client, yard, signature_algorithm="hmac-sha256", signature_header="X-Sig", signature_secret="s3cret")
    payload = b'{"order": 1}'
    signature = "sha256=" + hmac.new(b"s3cret", payload, hashlib.sha256).hexdigest()
    body = b'{"source": "string", "project_id": "%s", "payload": %s}' % (yard.project.id.encode(), payload)

    async def send(headers):
        return (await client.post("/v1/events/dispatch", content=body, headers=headers)).status_code

    assert await send({}) == 401
    assert await send({"X-Sig": "sha256=" + "0" * 64}) == 401
    assert await send({"X-Sig": signature}) == 200
    assert await send({"X-Sig": signature}) == 401


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "github-sha256", "stripe-v1"])
async def test_dispatch_signed_with_each_algorithm_in_its_exact_form(yard, client, algorithm):
    await create(client, yard, signature_algorithm=algorithm, signature_header="X-Sig", signature_secret="s3cret")
    payload, now = b'{ "order" : 1 }', yard.clock() // 1000
    if algorithm == "stripe-v1":
        signed = hmac.new(b"s3cret", b"%d." % now + payload, hashlib.sha256).hexdigest()
        signature, stale = f"t={now},v1={signed}", f"t={now - 301},v1={signed}"
    else:
        signature = "sha256=" + hmac.new(b"s3cret", payload, hashlib.sha256).hexdigest()
        stale = signature.upper()
    body = b'{"source": "string", "project_id": "%s", "payload": %s}' % (yard.project.id.encode(), payload)
    for sent, status in ((stale, 401), (signature, 200), (signature, 401)):
        answer = await client.post("/v1/events/dispatch", content=body, headers={"X-Sig": sent})
        assert answer.status_code == status


async def test_dispatch_to_another_project_than_the_keys(yard, client, source):
    await client.post("/v1/projects", json={"name": "other"})
    key = await yard.key_for(Scope.EVENTS_PUBLISH, project_id=yard.project.id)
    body = {"source": "string", "project_id": "other", "payload": {}}
    assert (await client.post("/v1/events/dispatch", json=body, headers=yard.headers(key))).status_code == 404


@pytest.mark.parametrize("filter_expr", [{}, {"filter_expr": None}, {"filter_expr": {}}])
async def test_dispatch_to_a_subscription_without_a_filter(yard, client, source, job, filter_expr):
    await subscribe(client, source, job, **filter_expr)
    for payload in ({}, {"any": ["thing"]}, None, "text"):
        assert (await dispatch(client, yard, payload)).json()["dispatched"] == 1


@pytest.mark.parametrize(
    ("filter_expr", "matches"),
    [
        ({"eq": [["n", "1.5"]]}, True),
        ({"eq": [["yes", "true"]]}, True),
        ({"eq": [["nothing", "<nil>"]]}, True),
        ({"eq": [["deep.er", "x"]]}, True),
        ({"eq": [["list.0", "a"]]}, False),
        ({"ne": [["missing", "x"]]}, True),
        ({"has": ["nothing"]}, False),
        ({"has": ["deep.er"]}, True),
        ({"has": ["deep.er"], "eq": [["n", "2"]]}, False),
    ],
)
async def test_dispatch_compares_as_the_original_does(yard, client, source, job, filter_expr, matches):
    await subscribe(client, source, job, filter_expr=filter_expr)
    payload = {"n": 1.5, "yes": True, "nothing": None, "deep": {"er": "x"}, "list": ["a"]}
    assert (await dispatch(client, yard, payload)).json()["dispatched"] == int(matches)


async def test_dispatch_too_much(yard, client, source):
    assert (await dispatch(client, yard, "x" * (1 << 20))).status_code == 413


# Authorization: bearerAuth in header


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/event-sources?project_id=string"),
        ("POST", "/v1/event-sources"),
        ("GET", "/v1/event-sources/string?project_id=string"),
        ("PATCH", "/v1/event-sources/string?project_id=string"),
        ("DELETE", "/v1/event-sources/string?project_id=string"),
        ("GET", "/v1/event-sources/string/subscriptions"),
        ("POST", "/v1/event-sources/string/subscribe"),
        ("DELETE", "/v1/event-sources/string/subscriptions/string"),
        ("POST", "/v1/events/dispatch"),
    ],
)
async def test_every_call_wants_a_key(yard, method, path):
    transport = httpx.ASGITransport(yard.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as nobody:
        assert (await nobody.request(method, path)).status_code == 401
    weak = yard.headers(await yard.key_for(Scope.JOBS_WORK))
    body = {"source": "s", "name": "n", "target_type": "job", "target_id": "t"}
    if method == "PATCH":
        body = {"enabled": True}
    elif path.endswith("subscribe"):
        body = {"target_type": "job", "target_id": "t"}
    elif path == "/v1/event-sources":
        body = {"name": "n"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example", headers=weak) as weakling:
        sent = {} if method in ("GET", "DELETE") else {"json": body}
        assert (await weakling.request(method, path, **sent)).status_code == 403
