"""Tokens over HTTP: given to who proves to be a client, refused in the words of the RFC, verified by anybody."""

import base64

import pytest

from eventyard.model.access import Scope
from eventyard.wire.jwt import key_id_of, key_of, verify

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def anybody(client_of):
    return await client_of(None)


@pytest.fixture
async def made(client):
    """A client that may read events, as the API made it."""
    await client.post("/v1/roles", json={"name": "readers", "permissions": ["event:select", "jobs:work"]})
    return (await client.post("/v1/clients", json={"name": "ci", "roles": ["readers"]})).json()


def proof(made):
    return {"client_id": made["client_id"], "client_secret": made["client_secret"]}


async def test_a_client_is_given_a_token_that_gets_it_in(anybody, client_of, made):
    answer = await anybody.post("/oauth2/token", data=GRANT | proof(made))
    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    token = answer.json()
    text = token.pop("access_token")
    assert token == {"token_type": "Bearer", "expires_in": 3600, "scope": "events:read jobs:work"}
    own = await client_of(text)
    assert (await own.get("/v1/events")).status_code == 200
    assert (await own.get("/v1/topics")).status_code == 403


async def test_it_may_prove_itself_by_basic(anybody, made):
    pair = f"{made['client_id']}:{made['client_secret']}".encode()
    headers = {"authorization": "Basic " + base64.b64encode(pair).decode()}
    assert (await anybody.post("/oauth2/token", data=GRANT, headers=headers)).status_code == 200


async def test_a_token_has_the_scopes_that_were_asked_for(anybody, client_of, made):
    answer = await anybody.post("/oauth2/token", data=GRANT | proof(made) | {"scope": "jobs:work"})
    assert answer.json()["scope"] == "jobs:work"
    own = await client_of(answer.json()["access_token"])
    assert (await own.get("/v1/events")).status_code == 403


async def test_it_is_verified_with_nothing_but_what_is_published(yard, anybody, made):
    text = (await anybody.post("/oauth2/token", data=GRANT | proof(made))).json()["access_token"]
    metadata = (await anybody.get("/.well-known/oauth-authorization-server")).json()
    keys = {key["kid"]: key for key in (await anybody.get(metadata["jwks_uri"])).json()["keys"]}
    claims = verify(text, key_of(keys[key_id_of(text)]), yard.clock())
    assert (claims["iss"], claims["sub"]) == (metadata["issuer"], made["client_id"])
    assert not [key for key in keys.values() if "d" in key]


async def test_what_can_be_done_here_is_said(anybody):
    answer = await anybody.get("/.well-known/oauth-authorization-server")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.json() == {
        "issuer": "http://hub.example",
        "token_endpoint": "http://hub.example/oauth2/token",
        "jwks_uri": "http://hub.example/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": [scope.value for scope in Scope],
    }
    assert (await anybody.get("/.well-known/jwks.json")).json() == {"keys": []}, "none is needed yet"


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody::default"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "catalog:write"}, 400, "invalid_scope"),
        ({"scope": "events:read admin"}, 400, "invalid_scope"),
        ({"scope": "nonsense"}, 400, "invalid_scope"),
    ],
)
async def test_a_refusal_is_in_the_words_of_the_rfc(anybody, made, changed, status, error):
    data = {name: value for name, value in (GRANT | proof(made) | changed).items() if value is not None}
    answer = await anybody.post("/oauth2/token", data=data)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("www-authenticate") == ('Basic realm="eventyard"' if status == 401 else None)


async def test_a_body_that_is_no_form_is_an_invalid_request(anybody, made):
    answer = await anybody.post("/oauth2/token", json=GRANT | proof(made))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_body_beyond_the_limit_is_not_read(anybody):
    answer = await anybody.post("/oauth2/token", data={"a": "x" * (1 << 20)})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_revoked_client_is_given_none_and_a_restored_one_is(client, anybody, made):
    await client.post(f"/v1/clients/{made['id']}/revoke")
    answer = await anybody.post("/oauth2/token", data=GRANT | proof(made))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    await client.post(f"/v1/clients/{made['id']}/restore")
    assert (await anybody.post("/oauth2/token", data=GRANT | proof(made))).status_code == 200


async def test_a_client_with_a_long_lived_token_is_given_no_other(client, client_of, anybody, made):
    long = (await client.post(f"/v1/clients/{made['id']}/token")).json()["access_token"]
    answer = await anybody.post("/oauth2/token", data=GRANT | proof(made))
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert (await (await client_of(long)).get("/v1/events")).status_code == 200


async def test_who_guesses_secrets_is_told_to_wait_and_nobody_else_has_to(yard, anybody, made):
    data = GRANT | proof(made)
    for _ in range(5):
        await anybody.post("/oauth2/token", data=data | {"client_secret": "wrong"})
    answer = await anybody.post("/oauth2/token", data=data)
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "1"
    yard.clock.advance(1000)
    assert (await anybody.post("/oauth2/token", data=data)).status_code == 200


async def test_it_takes_post_only(anybody):
    assert (await anybody.get("/oauth2/token")).status_code == 405
