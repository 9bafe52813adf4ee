import pytest

from eventyard.model.access import Scope

STATE = b'{"name": "e-1", "mass": 1.50}'


async def told(yard, entry_id):
    """The event of an entry, as it is in the journal."""
    return (await yard.store.detail(entry_id)).event


@pytest.mark.parametrize("event", ["create", "update", "delete"])
async def test_what_happened_is_committed_before_the_answer(yard, client, event):
    path = f"/v1/projects/default/entities/vehicles/v-1/{event}?changed=name,mass&revision=7"
    answer = await client.post(path, content=STATE)
    assert answer.status_code == 202
    assert answer.json().keys() == {"event_id", "entry_id", "dispatched"}
    found = await told(yard, answer.json()["entry_id"])
    assert (found.type, found.routing_key) == (f"entity.vehicles.{event}", f"vehicles.v-1.{event}")
    assert found.source == f"/projects/{yard.project.id}"
    assert found.data.endswith(b'"changed":["name","mass"],"revision":7,"state":' + STATE + b"}")


async def test_that_of_an_application_is_its_own(yard, client):
    application = (await client.get("/v1/applications/default")).json()["id"]
    for name in ("default", application):
        answer = await client.post(f"/v1/applications/{name}/entities/users/u-1/create", content=STATE)
        found = await told(yard, answer.json()["entry_id"])
        assert found.source == f"/applications/{application}"


async def test_a_delete_may_say_nothing_more(yard, client):
    for body in (b"", b"null"):
        answer = await client.post("/v1/projects/default/entities/vehicles/v-1/delete", content=body)
        assert b"state" not in (await told(yard, answer.json()["entry_id"])).data


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"1"])
async def test_a_create_says_what_there_is_now(client, refused, body):
    answer = await client.post("/v1/projects/default/entities/vehicles/v-1/create", content=body)
    assert refused(answer) == (422, "invalid_body", "")


@pytest.mark.parametrize(
    ("path", "status", "code", "pointer"),
    [
        ("/v1/projects/default/entities/a.b/v-1/create", 400, "invalid_parameter", "entity_type"),
        ("/v1/projects/default/entities/product/v-1/create", 400, "invalid_parameter", "entity_type"),
        ("/v1/projects/default/entities/vehicles/v*/create", 400, "invalid_parameter", "entity_id"),
        ("/v1/projects/default/entities/vehicles/" + "v" * 250 + "/create", 400, "invalid_parameter", "entity_id"),
        ("/v1/projects/default/entities/" + "v" * 256 + "/v/create", 400, "invalid_parameter", "entity_type"),
        ("/v1/projects/default/entities/vehicles/v-1/created", 400, "invalid_parameter", "event"),
        ("/v1/projects/default/entities/vehicles/v-1/create?revision=-1", 400, "invalid_parameter", "revision"),
        ("/v1/projects/none/entities/vehicles/v-1/create", 404, "not_found", "project_id"),
        ("/v1/applications/none/entities/vehicles/v-1/create", 404, "not_found", None),
    ],
)
async def test_what_cannot_be_told_is_refused_with_where(client, refused, path, status, code, pointer):
    assert refused(await client.post(path, json={})) == (status, code, pointer)


async def test_it_takes_the_right_to_publish_in_that_project(yard, client_of, refused):
    path = "/v1/projects/{}/entities/vehicles/v-1/create"
    reader = await client_of(await yard.key_for(Scope.EVENTS_READ))
    stranger = await client_of(await yard.stranger_key())
    publisher = await client_of(await yard.key_for(Scope.EVENTS_PUBLISH, project_id=yard.project.id))
    assert refused(await reader.post(path.format("default"), json={}))[:2] == (403, "forbidden")
    assert refused(await stranger.post(path.format(yard.project.id), json={}))[:2] == (404, "not_found")
    assert (await publisher.post(path.format(yard.project.id), json={})).status_code == 202
    many = path.format("default").removesuffix("/vehicles/v-1/create")
    assert refused(await reader.post(many, json=[]))[:2] == (403, "forbidden")


async def test_the_same_key_tells_it_once_whoever_remembers(yard, client):
    path, headers = "/v1/projects/default/entities/vehicles/v-1/create", {"idempotency-key": "k-1"}
    first = await client.post(path, json={"a": 1}, headers=headers)
    again = await client.post(path, json={"a": 1}, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post(path + "?revision=1", json={"a": 1}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    same = await client.post(path + "?", json={"a": 1}, headers=headers)
    assert same.json() == first.json()


async def test_many_have_a_result_each(yard, client):
    answer = await client.post(
        "/v1/projects/default/entities",
        json=[
            {"entity_type": "vehicles", "entity_id": "v-1", "event": "create", "data": {"a": 1}, "revision": 1},
            {"entity_type": "a.b", "entity_id": "v-1", "event": "create", "data": {}},
            {"entity_type": "vehicles", "entity_id": "v-1", "event": "create"},
            {"entity_type": "vehicles", "entity_id": "v-1", "event": "moved"},
            {"entity_type": "vehicles", "entity_id": "v-1", "event": "delete", "changed": ["a"]},
            {"entity_type": "vehicles", "event": "delete"},
            7,
        ],
    )
    assert answer.status_code == 200
    lines = answer.json()
    assert [(line["status"], line.get("code"), line.get("pointer")) for line in lines] == [
        (202, None, None),
        (422, "invalid_body", "/1/entity_type"),
        (422, "invalid_body", "/2/data"),
        (422, "invalid_body", "/3/event"),
        (202, None, None),
        (422, "invalid_body", "/5"),
        (422, "invalid_body", "/6"),
    ]
    first = await told(yard, lines[0]["entry_id"])
    assert first.data.endswith(b'"revision":1,"state":{"a":1}}')
    assert (await told(yard, lines[4]["entry_id"])).data.endswith(b'"changed":["a"]}')


async def test_many_of_an_application(yard, client):
    items = [{"entity_type": "users", "entity_id": str(number), "event": "delete"} for number in range(3)]
    lines = (await client.post("/v1/applications/default/entities", json=items)).json()
    assert [(await told(yard, line["entry_id"])).subject for line in lines] == ["users/0", "users/1", "users/2"]


async def test_a_batch_is_an_array_and_has_its_bounds(yard, client, refused):
    path, item = "/v1/projects/default/entities", {"entity_type": "a", "entity_id": "b", "event": "delete"}
    assert refused(await client.post(path, json={}))[:2] == (422, "invalid_body")
    assert refused(await client.post(path, content=b""))[:2] == (400, "invalid_json")
    assert (await client.post(path, json=[])).json() == []
    many = [item] * (yard.hub.limits.batch_events + 1)
    assert refused(await client.post(path, json=many))[:2] == (413, "batch_too_large")
    large = {**item, "data": {"text": "x" * yard.hub.limits.body_bytes}}
    deep = {**item, "data": {"a": 1}}
    for _ in range(yard.hub.limits.depth):
        deep["data"] = {"a": deep["data"]}
    lines = (await client.post(path, json=[large, item, deep])).json()
    assert [(line["status"], line.get("code")) for line in lines] == [
        (413, "body_too_large"), (202, None), (413, "body_too_deep"),
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b'{"a": "\\ud800"}', b'{"a": "\xff"}', b'{"a": [}'])
async def test_data_that_only_seems_to_be_json_is_refused(client, data):
    item = b'{"entity_type": "a", "entity_id": "b", "event": "create", "data": %s}' % data
    for body in (b"[%s]" % item, b'[{"entity_type": "a", "entity_id": "b", "event": "delete"}, %s]' % item):
        answer = await client.post("/v1/projects/default/entities", content=body)
        lines = answer.json() if answer.status_code == 200 else [answer.json()]
        assert (lines[-1]["status"], lines[-1]["code"]) == (400, "invalid_json")


async def test_who_may_not_publish_has_no_more_room_than_for_one(yard, client_of, refused):
    other = await client_of(await yard.key_for(Scope.JOBS_WORK))
    body = b"[" + b"[]," * (yard.hub.limits.body_bytes // 3) + b"[]]"
    answer = await other.post("/v1/projects/default/entities", content=body)
    assert refused(answer)[:2] == (413, "body_too_large")


async def test_subscriptions_to_the_exchange_are_made_like_any_other(yard, client, make):
    await client.post("/v1/projects/default/entities/vehicles/v-1/create", json={})
    job = await make("jobs", name="sync")
    topic = f"project.{yard.project.id}"
    await make("subscriptions", topics=[topic], target_id=job["id"], pattern="vehicles.*.update")
    for event, dispatched in (("create", 0), ("update", 1)):
        answer = await client.post(f"/v1/projects/default/entities/vehicles/v-1/{event}", json={})
        assert answer.json()["dispatched"] == dispatched


async def test_nobody_posts_into_the_exchange_in_any_other_way(client, refused):
    await client.post("/v1/projects/default/entities/vehicles/v-1/create", json={})
    [source] = (await client.get("/v1/sources")).json()
    assert (source["scheme"], source["name"]) == ("internal", f"project.{source['project_id']}")
    assert refused(await client.post(f"/in/{source['id']}", json={}))[:2] == (403, "forbidden")
    asked = {"source": source["id"], "payload": {}}
    assert refused(await client.post("/v1/events/dispatch", json=asked))[:2] == (403, "forbidden")
    batch = [{"source": source["name"], "data": {}}]
    [line] = (await client.post("/v1/events/batch", json=batch)).json()
    assert (line["status"], line["code"]) == (403, "forbidden")
