import pytest

from eventyard.model.access import Scope


async def test_a_step_is_taken_and_shown(yard, client):
    application = (await client.get("/v1/applications/default")).json()["id"]
    answer = await client.post(
        "/v1/applications/default/activation",
        json={"state": "activated", "projectId": "default", "version": "2.1.0", "reason": "they paid"},
    )
    assert answer.status_code == 200
    made = answer.json()
    [key] = (await client.get("/v1/keys")).json()
    assert {name: value for name, value in made.items() if value not in (None, 0)} == {
        "application_id": application,
        "family": "activation",
        "project_id": yard.project.id,
        "state": "activated",
        "version": {"id": "2.1.0", "label": "2.1.0"},
        "reason": "they paid",
        "actor": {"_relType": "keys", "id": key["id"]},
        "changed_at": "2026-01-02T03:04:05.678Z",
        "event_id": made["event_id"],
        "entry_id": 1,
    }
    shown = {name: value for name, value in made.items() if name not in ("event_id", "entry_id", "dispatched")}
    assert (await client.get(f"/v1/applications/{application}/activation")).json() == [shown]
    assert (await client.get(f"/v1/applications/{application}/provisioning")).json() == []


async def test_an_illegal_step_is_refused_with_the_legal_ones(client, refused):
    answer = await client.post("/v1/applications/default/provisioning", json={"state": "finished"})
    assert refused(answer) == (409, "illegal_transition", "/state")
    assert answer.json()["hint"] == "legal steps: started"
    assert "started" in answer.json()["detail"]


async def test_fields_may_be_written_either_way(client):
    await client.post("/v1/applications/default/subscription", json={"state": "created", "subscriptionId": "s-1"})
    answer = await client.post(
        "/v1/applications/default/subscription",
        json={
            "state": "active",
            "organization_id": "default",
            "subscription_id": "s-1",
            "valid_from": "2026-01-01T00:00:00Z",
            "validUntil": "2027-01-01T00:00:00Z",
            "plan": "gold",
        },
    )
    shown = answer.json()
    assert (shown["subscription_id"], shown["previous_state"], shown["plan"]) == ("s-1", "created", "gold")
    assert (shown["valid_from"], shown["valid_until"]) == ("2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z")
    assert shown["project_id"] is None
    assert shown["organization_id"]


async def test_a_failed_provisioning_says_why(client):
    for body in ({"state": "started", "provisioning_id": "p-1"},
                 {"state": "failed", "error": {"code": "quota", "detail": "no room"}}):  # fmt: skip
        answer = await client.post("/v1/applications/default/provisioning", json=body)
    shown = answer.json()
    assert (shown["provisioning_id"], shown["attempt"]) == ("p-1", 1)
    assert shown["error"] == {"code": "quota", "detail": "no room"}


@pytest.mark.parametrize("version", ["2", {"id": "2"}, {"id": "2", "label": "2"}])
async def test_a_version_is_a_text_or_an_object(client, version):
    answer = await client.post("/v1/applications/default/activation", json={"state": "activated", "version": version})
    assert answer.json()["version"] == {"id": "2", "label": "2"}


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({}, 422, "invalid_body", "/state"),
        ({"state": "paused"}, 422, "invalid_body", "/state"),
        ({"state": "activated", "version": ""}, 422, "invalid_body", "/version"),
        ({"state": "activated", "version": {"label": "1"}}, 422, "invalid_body", "/version"),
        ({"state": "activated", "version": {"id": "1", "label": 1}}, 422, "invalid_body", "/version"),
        ({"state": "activated", "projectid": "default"}, 422, "invalid_body", "/projectid"),
        ({"state": "activated", "projectId": "none"}, 404, "not_found", "project_id"),
        ({"state": "activated", "organizationId": "default"}, 422, "invalid_body", "/projectId"),
        ([], 422, "invalid_body", ""),
    ],
)
async def test_what_is_no_step_is_refused_with_where(client, refused, body, status, code, pointer):
    answer = await client.post("/v1/applications/default/activation", json=body)
    assert refused(answer) == (status, code, pointer)


async def test_without_a_project_there_must_be_only_one(client, make, refused):
    await make("projects", name="second")
    answer = await client.post("/v1/applications/default/activation?project_id=default", json={"state": "activated"})
    assert refused(answer)[:2] == (400, "no_project")


async def test_the_same_key_takes_a_step_once(client):
    headers = {"idempotency-key": "k-1"}
    answers = [
        await client.post("/v1/applications/default/activation", json={"state": "activated"}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_who_may_step_and_who_may_look(yard, client_of, refused):
    path, body = "/v1/applications/default/activation", {"state": "activated"}
    reader = await client_of(await yard.key_for(Scope.CATALOG_READ))
    publisher = await client_of(await yard.key_for(Scope.EVENTS_PUBLISH))
    stranger = await client_of(await yard.stranger_key())
    assert refused(await reader.post(path, json=body))[:2] == (403, "forbidden")
    assert refused(await publisher.get(path))[:2] == (403, "forbidden")
    made = (await publisher.post(path, json=body)).json()
    assert [state["state"] for state in (await reader.get(path)).json()] == ["activated"]
    foreign = f"/v1/applications/{made['application_id']}/activation"
    assert refused(await stranger.get(foreign))[:2] == (404, "not_found")
    assert refused(await stranger.post(foreign, json=body))[:2] == (404, "not_found")
