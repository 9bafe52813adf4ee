import base64

import pytest

from eventyard.api.security import Security
from eventyard.model.access import Scope
from eventyard.model.errors import TooMany, Unauthenticated
from eventyard.testing.hub import memory_hub

HOME, ELSEWHERE, PROXY = "192.0.2.1", "198.51.100.7", "10.0.0.1"
PASSWORD = "correct horse battery staple"


def basic(text):
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_key_is_proof_under_any_case_of_the_scheme(yard, scheme):
    headers = {"authorization": f"{scheme} {yard.key}"}
    assert yard.security.known(headers, HOME).name == "bootstrap"
    assert (await yard.security.authenticate(headers, HOME)).name == "bootstrap"


async def test_a_users_password_is_proof():
    async with memory_hub(password=PASSWORD) as yard:
        right = basic(f"admin:{PASSWORD}")
        assert yard.security.known(right, HOME) is None, "a password that was never proven takes time"
        assert (await yard.security.authenticate(right, HOME)).name == "admin"
        assert yard.security.known(right, ELSEWHERE).name == "admin"
        assert yard.security.pair("admin", PASSWORD, HOME).scopes == {Scope.ADMIN}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer eyk_unknown"},
        {"authorization": "Digest x"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + base64.b64encode(b"nocolon").decode()},
        {"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        basic("nobody:wrong"),
    ],
)
async def test_anything_else_is_no_proof(yard, headers):
    with pytest.raises(Unauthenticated) as refused:
        await yard.security.authenticate(headers, HOME)
    assert refused.value.code == "unauthenticated"


async def test_a_key_may_call_so_often_a_second_and_is_told_when_to_come_back(yard):
    headers = yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=2))
    yard.security.known(headers, HOME)
    yard.security.known(headers, HOME)
    with pytest.raises(TooMany) as refused:
        yard.security.known(headers, HOME)
    assert refused.value.retry_after == 1
    yard.clock.advance(500)
    yard.security.known(headers, HOME)
    with pytest.raises(TooMany):
        yard.security.known(headers, HOME)


async def test_a_slow_key_has_one_call_at_once_and_waits_whole_seconds(yard):
    headers = yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=0.1))
    yard.security.known(headers, HOME)
    with pytest.raises(TooMany) as refused:
        yard.security.known(headers, HOME)
    assert refused.value.retry_after == 10
    assert b"eventyard_requests_limited_total 1.0" in yard.hub.metrics.render()


async def test_one_keys_limit_is_not_anothers(yard):
    first, second = [yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=1)) for _ in range(2)]
    yard.security.known(first, HOME)
    yard.security.known(second, HOME)


async def test_a_clock_set_back_gives_no_calls_for_free(yard):
    headers = yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=1))
    yard.security.known(headers, HOME)
    yard.clock.advance(-60_000)
    with pytest.raises(TooMany):
        yard.security.known(headers, HOME)


async def test_who_guesses_is_locked_out_and_nobody_else_is():
    async with memory_hub(password=PASSWORD) as yard:
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await yard.security.authenticate(basic(f"admin:{_}"), ELSEWHERE)
        with pytest.raises(TooMany) as refused:
            await yard.security.authenticate(basic(f"admin:{PASSWORD}"), ELSEWHERE)
        assert (refused.value.code, refused.value.retry_after) == ("locked_out", 1)
        assert (await yard.security.authenticate(basic(f"admin:{PASSWORD}"), HOME)).name == "admin"
        assert yard.security.known(yard.headers(), ELSEWHERE).name == "bootstrap"
        yard.clock.advance(1000)
        assert (await yard.security.authenticate(basic(f"admin:{PASSWORD}"), ELSEWHERE)).name == "admin"


async def test_a_token_is_proof_wherever_a_key_is(yard):
    admin = yard.security.bearer(yard.key)
    client, _ = await yard.hub.identity.clients.create(admin, name="ci")
    issued = await yard.hub.identity.tokens.issue(client, issuer="https://hub.example")
    for proven in (
        yard.security.bearer(issued.text),
        yard.security.known({"authorization": f"BEARER {issued.text}"}, HOME),
        yard.security.pair("", issued.text, HOME),
    ):
        assert (proven.name, proven.client_id, proven.until) == (
            "ci",
            client.id,
            yard.clock() // 1000 * 1000 + 3_600_000,
        )
    with pytest.raises(Unauthenticated) as refused:
        yard.security.pair("ci", issued.text + "x", HOME)
    assert refused.value.code == "token_invalid"


async def test_a_key_that_looks_like_a_token_is_still_a_key(yard):
    key = yard.hub.keys.record("eyl.looks.odd", yard.project.organization_id, "odd", [Scope.EVENTS_READ])
    await yard.hub.catalog.save(key)
    assert yard.security.bearer("eyl.looks.odd").key_id == key.id


def test_behind_a_proxy_of_ours_the_address_is_the_one_it_tells_of(yard):
    security = Security(yard.hub.keys, yard.hub.identity, yard.clock, yard.hub.metrics, [PROXY])
    told = {"x-forwarded-for": f"203.0.113.66, {ELSEWHERE}, {PROXY}"}
    assert security.source_of(told, PROXY) == ELSEWHERE
    assert security.source_of({}, PROXY) == PROXY
    assert security.source_of(told, HOME) == HOME, "anybody can send a header"


def test_a_proxy_of_ours_may_be_any_address_of_a_network(yard):
    security = Security(yard.hub.keys, yard.hub.identity, yard.clock, yard.hub.metrics, ["10.0.0.0/8", "fd00::/8"])
    told = {"x-forwarded-for": f"203.0.113.66, {ELSEWHERE}, 10.9.8.7, fd00::1"}
    assert security.source_of(told, "10.1.2.3") == ELSEWHERE
    assert security.source_of(told, "11.1.2.3") == "11.1.2.3"
    assert security.source_of({"x-forwarded-for": "unknown"}, "fd00::2") == "unknown"


@pytest.mark.parametrize("peer", ["::ffff:10.1.2.3", "10.1.2.3", "10.1.2.3:80", "[::ffff:10.1.2.3]:80"])
@pytest.mark.parametrize("hop", [ELSEWHERE, f"{ELSEWHERE}:5555", f"[::ffff:{ELSEWHERE}]:5555"])
def test_an_address_is_the_same_however_it_is_written(yard, peer, hop):
    security = Security(yard.hub.keys, yard.hub.identity, yard.clock, yard.hub.metrics, ["10.0.0.0/8"])
    assert security.source_of({"x-forwarded-for": f"203.0.113.66, {hop}, 10.0.0.2:8080"}, peer) == ELSEWHERE
    assert security.source_of({}, f"::ffff:{ELSEWHERE}") == ELSEWHERE
    assert security.source_of({}, "[fe80::1]:80") == "fe80::1"
