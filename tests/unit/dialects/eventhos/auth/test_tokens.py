"""Proving oneself: the answers of eventhos, its codes, and where guessing ends."""

import msgspec
import pytest

from eventyard.wire import jwt
from tests.unit.dialects.eventhos.calls import faults

CREDENTIALS = {"grant_type": "client_credentials"}


@pytest.fixture
async def shop(identity, who, role):
    """A client and what it asks with."""
    reader = await role("event:select")
    made, secret = await identity.clients.create(
        who, name="shop", title="Shop", description="sells", role_ids=[reader.id]
    )
    return made, CREDENTIALS | {"client_id": made.client_id, "client_secret": secret}


@pytest.fixture
async def nobody(client_of):
    return await client_of(None)


async def asked(client, body):
    return await client.post("/auth/token", json=body)


async def test_a_client_is_given_a_token_by_its_secret(identity, shop, nobody):
    made, body = shop
    answer = await asked(nobody, body)
    content = answer.json()["content"]
    text = content.pop("jwt_token")
    assert (answer.status_code, answer.json()["code"]) == (201, 200000)
    assert answer.json()["message"] == f"Token generated for client {made.client_id}"
    assert content == {
        "name": "Shop", "description": "sells", "client_id": made.number, "identifier": "shop", "roles": ["reader"],
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"
    assert identity.tokens.client_token(text) == made


async def test_a_token_says_what_eventhos_says_for_a_day(identity, yard, shop, nobody):
    made, body = shop
    text = (await asked(nobody, body)).json()["content"]["jwt_token"]
    key = identity.signing.known(jwt.key_id_of(text))
    claims = jwt.verify(text, key, yard.clock())
    assert claims["data"] == {"id": made.client_id, "subjectType": "client", "identifier": "shop"}
    assert claims["exp"] - claims["iat"] == 24 * 3600
    assert claims["iss"] == "http://hub.example"


async def test_a_form_will_do(shop, nobody):
    assert (await nobody.post("/auth/token", data=shop[1])).status_code == 201


async def test_a_user_is_given_one_by_their_password_in_capitals_or_not(identity, user, role, nobody):
    ada = await user("ada", await role("event:select"))
    body = {"grant_type": "password", "client_id": "", "client_secret": "", "username": "ADA", "password": "ada"}
    answer = await asked(nobody, body)
    content = answer.json()["content"]
    assert identity.tokens.verify(content.pop("jwt_token")).user == ada
    assert (answer.status_code, answer.json()["message"]) == (201, "Token generated for user ada")
    assert content == {
        "name": "ada", "description": "", "user_id": ada.number, "username": "ada", "roles": ["reader"],
    }  # fmt: skip


async def test_a_name_in_capitals_that_was_made_elsewhere_is_found_too(user, nobody):
    await user("Ada")
    answer = await nobody.post("/auth/login", json={"username": "Ada", "password": "Ada"})
    assert answer.json()["content"]["username"] == "Ada"


async def test_a_login_answers_in_its_own_words(user, role, nobody):
    ada = await user("ada", await role("event:select"))
    answer = await nobody.post("/auth/login", json={"username": "Ada", "password": "ada"})
    content = answer.json()["content"]
    assert content.pop("jwt_token").count(".") == 2
    assert (answer.status_code, answer.json()["message"]) == (201, "User ada logged in")
    assert content == {"username": "ada", "name": "ada", "userId": ada.number, "roles": ["reader"]}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({}, 400001, "Invalid body; grant_type is required"),
        (CREDENTIALS, 400001, "Invalid body; client_id is required"),
        (CREDENTIALS | {"client_id": "x"}, 400001, "Invalid body; client_secret is required"),
        (CREDENTIALS | {"client_id": 1, "client_secret": "x"}, 400003, "Invalid body; client_id is not an string"),
        ({"grant_type": [], "client_id": "", "client_secret": ""}, 400003, "Invalid body; grant_type is not an string"),
        ({"grant_type": "code", "client_id": "", "client_secret": ""}, 400002, "Unsupported grand type"),
        (
            {"grant_type": "password", "client_id": "", "client_secret": ""},
            400001, "Invalid body; username is required",
        ),
    ],
)  # fmt: skip
async def test_what_is_missing_or_wrong_is_told_as_ever(nobody, body, code, message):
    answer = await asked(nobody, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (400, code, message)
    assert len(answer.json()["errors"]) == 1


async def test_wrong_credentials_of_a_client_have_one_code_and_two_statuses(shop, nobody):
    assert faults(await asked(nobody, shop[1] | {"client_secret": "x"})) == (401, 401100, [])
    assert faults(await asked(nobody, shop[1] | {"client_id": "x"})) == (404, 401100, [])


async def test_wrong_credentials_of_a_user_have_two_codes_but_not_at_the_login(user, nobody):
    await user("ada")
    body = {"grant_type": "password", "client_id": "", "client_secret": "", "username": "ada", "password": "x"}
    assert faults(await asked(nobody, body)) == (401, 401200, [])
    assert faults(await asked(nobody, body | {"username": "eve"})) == (404, 404200, [])
    for name in ("ada", "eve"):
        answer = await nobody.post("/auth/login", json={"username": name, "password": "x"})
        assert faults(answer) == (401, 401001, [])
        assert answer.json()["message"] == "Incorrect username or password"


async def test_a_client_with_a_long_lived_token_is_given_no_other(identity, who, shop, nobody):
    made, body = shop
    await identity.clients.make_token(who, made.id)
    assert faults(await asked(nobody, body)) == (403, 403100, [])
    assert faults(await asked(nobody, body | {"client_secret": "x"})) == (401, 401100, [])
    await identity.clients.remove_token(who, made.id)
    assert (await asked(nobody, body)).status_code == 201


async def test_a_revoked_client_is_given_none_until_it_is_restored(identity, who, shop, nobody):
    made, body = shop
    await identity.clients.revoke(who, made.id)
    assert faults(await asked(nobody, body)) == (403, 403003, [])
    await identity.clients.restore(who, made.id)
    assert (await asked(nobody, body)).status_code == 201


async def test_who_guesses_waits_and_nobody_else_does(yard, user, client_of):
    await user("admin")
    guesser, owner = await client_of(None, "203.0.113.9"), await client_of(None, "198.51.100.1")
    wrong, right = ({"username": "admin", "password": word} for word in ("guess", "admin"))
    for _ in range(5):
        assert faults(await guesser.post("/auth/login", json=wrong))[1] == 401001
    answer = await guesser.post("/auth/login", json=wrong)
    assert faults(answer) == (401, 401003, [])
    wait = int(answer.headers["retry-after"])
    assert wait >= 1
    assert faults(await guesser.post("/auth/login", json=wrong | {"username": "ADMIN"}))[1] == 401003
    assert faults(await guesser.post("/auth/login", json=right))[1] == 401003
    assert (await owner.post("/auth/login", json=right)).status_code == 201
    yard.clock.advance(wait * 1000)
    assert (await guesser.post("/auth/login", json=right)).status_code == 201
    assert faults(await guesser.post("/auth/login", json=wrong))[1] == 401001


async def test_a_success_sets_the_count_back(user, nobody):
    await user("ada")
    for _ in range(4):
        for password in ("x", "x", "x", "ada"):
            await nobody.post("/auth/login", json={"username": "ada", "password": password})
    assert (await nobody.post("/auth/login", json={"username": "ada", "password": "ada"})).status_code == 201


async def test_guesses_of_a_secret_and_of_a_password_by_grant_end_too(shop, user, nobody):
    await user("ada")
    by_grant = {"grant_type": "password", "client_id": "", "client_secret": "", "username": "ada", "password": "x"}
    for body in (shop[1] | {"client_secret": "x"}, by_grant):
        for _ in range(5):
            assert (await asked(nobody, body)).status_code == 401
        answer = await asked(nobody, body)
        assert faults(answer) == (401, 401003, [])
        assert "retry-after" in answer.headers


async def test_guesses_over_many_accounts_end_as_well(nobody):
    codes = [
        faults(await asked(nobody, CREDENTIALS | {"client_id": f"c{at}", "client_secret": "x"}))[1] for at in range(60)
    ]
    assert codes[0] == 401100
    assert codes[-1] == 401003


async def test_a_lock_out_is_described(client_of):
    document = (await (await client_of(None)).get("/openapi.json")).json()
    operation = document["paths"]["/eventhos/auth/token"]["post"]
    assert operation["security"] == []
    schema = document["components"]["schemas"]["TokenRequest"]
    assert schema["required"] == ["grant_type", "client_id", "client_secret"]
    assert schema["properties"]["client_id"]["type"] == "string"
    assert msgspec.json.encode(operation)
