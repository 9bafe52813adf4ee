import base64

import pytest

from eventyard.dialects.informatica.access import SESSION_HEADERS
from eventyard.dialects.informatica.profiles import CIH, DIH
from eventyard.model.access import Scope
from eventyard.testing.hub import memory_hub


def basic(name, password):
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
async def yard():
    async with memory_hub(password="correct horse battery") as yard:
        yield yard


async def admin_of(yard):
    return await yard.security.authenticate(yard.headers(), "test")


@pytest.mark.parametrize("profile", [DIH, CIH])
async def test_a_user_an_api_key_and_a_bearer_are_let_in(yard, client_of, profile):
    client = await client_of(profile, None)
    for headers in (basic("admin", "correct horse battery"), basic("any", yard.key), yard.headers()):
        assert (await client.post("/events", headers=headers)).status_code == 200


@pytest.mark.parametrize("profile", [DIH, CIH])
@pytest.mark.parametrize(
    "headers",
    [{}, basic("admin", "wrong"), basic("nobody", "x"), {"authorization": "Basic ?"}, {"authorization": "Bearer x"}],
)
async def test_nobody_else_is(client_of, profile, headers):
    client = await client_of(profile, None)
    refused = await client.post("/events", headers=headers)
    assert (refused.status_code, refused.json()["responseCode"]) == (401, "UNAUTHORIZED")
    assert refused.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("profile", [DIH, CIH])
@pytest.mark.parametrize("name", SESSION_HEADERS)
async def test_a_session_id_is_a_token_or_api_key(yard, client_of, profile, name):
    client = await client_of(profile, None)
    assert (await client.post("/events", headers={name: yard.key})).status_code == 200
    everything = dict.fromkeys(SESSION_HEADERS, yard.key)
    assert (await client.post("/events", headers={**everything, **basic("any", yard.key)})).status_code == 200
    assert (await client.post("/events", headers=everything)).status_code == 200
    for headers in ({name: "x"}, {name: ""}, {**everything, name: "x"}, {name: yard.key, **basic("any", "wrong")}):
        refused = await client.post("/events", headers=headers)
        assert (refused.status_code, refused.json()["responseCode"]) == (401, "UNAUTHORIZED")
        assert refused.headers["www-authenticate"].startswith("Basic realm=")


async def test_an_access_token_is_a_session_id_until_its_client_is_revoked(yard, client_of):
    who = await admin_of(yard)
    role = next(role for role in yard.hub.identity.roles.list(who) if role.name == "admin")
    made, secret = await yard.hub.identity.clients.create(who, name="shop", role_ids=[role.id])
    client = await client_of(CIH, None)
    form = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": secret}
    token = (await client.post("http://hub.example/oauth2/token", data=form)).json()["access_token"]
    assert (await client.post("/events", headers={"INFA-SESSION-ID": token})).status_code == 200
    await yard.hub.identity.clients.revoke(who, made.id)
    assert (await client.post("/events", headers={"INFA-SESSION-ID": token})).status_code == 401


async def test_a_client_shows_its_id_and_secret_until_it_is_revoked(yard, client_of):
    who = await admin_of(yard)
    role = next(role for role in yard.hub.identity.roles.list(who) if role.name == "admin")
    made, secret = await yard.hub.identity.clients.create(who, name="shop", role_ids=[role.id])
    client = await client_of(DIH, None)
    shown = basic(made.client_id, secret)
    assert (await client.post("/events", headers=shown)).status_code == 200
    escaped = basic(made.client_id.replace(":", "%3A"), secret)
    assert (await client.post("/events", headers=escaped)).status_code == 200
    assert (await client.post("/events", headers=basic(made.client_id, "x"))).status_code == 401
    await yard.hub.identity.clients.revoke(who, made.id)
    assert (await client.post("/events", headers=shown)).status_code == 401


async def test_who_may_not_read_events_is_told_so(yard, client_of):
    client = await client_of(DIH, await yard.key_for(Scope.CATALOG_READ))
    refused = await client.post("/events")
    assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")
