import base64

import pytest

from eventyard.model.access import Scope
from eventyard.model.errors import TooMany, Unauthenticated
from eventyard.testing.hub import memory_hub

PASSWORD = "correct horse battery staple"


def basic(text):
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_key_is_proof_under_any_case_of_the_scheme(yard, scheme):
    assert yard.security.authenticate({"authorization": f"{scheme} {yard.key}"}).name == "bootstrap"


async def test_a_users_password_is_proof():
    async with memory_hub(password=PASSWORD) as yard:
        assert yard.security.authenticate(basic(f"admin:{PASSWORD}")).name == "admin"


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
def test_anything_else_is_no_proof(yard, headers):
    with pytest.raises(Unauthenticated) as refused:
        yard.security.authenticate(headers)
    assert refused.value.code == "unauthenticated"


async def test_a_key_may_call_so_often_a_second_and_is_told_when_to_come_back(yard):
    headers = yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=2))
    yard.security.authenticate(headers)
    yard.security.authenticate(headers)
    with pytest.raises(TooMany) as refused:
        yard.security.authenticate(headers)
    assert refused.value.retry_after == 1
    yard.clock.advance(500)
    yard.security.authenticate(headers)
    with pytest.raises(TooMany):
        yard.security.authenticate(headers)


async def test_a_slow_key_has_one_call_at_once_and_waits_whole_seconds(yard):
    headers = yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=0.1))
    yard.security.authenticate(headers)
    with pytest.raises(TooMany) as refused:
        yard.security.authenticate(headers)
    assert refused.value.retry_after == 10
    assert b"eventyard_requests_limited_total 1.0" in yard.hub.metrics.render()


async def test_one_keys_limit_is_not_anothers(yard):
    first, second = [yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=1)) for _ in range(2)]
    yard.security.authenticate(first)
    yard.security.authenticate(second)


async def test_a_clock_set_back_gives_no_calls_for_free(yard):
    headers = yard.headers(await yard.key_for(Scope.ADMIN, rate_limit=1))
    yard.security.authenticate(headers)
    yard.clock.advance(-60_000)
    with pytest.raises(TooMany):
        yard.security.authenticate(headers)


async def test_wrong_passwords_are_slowed_down_and_keys_are_not():
    async with memory_hub(password=PASSWORD) as yard:
        with pytest.raises(Unauthenticated):
            yard.security.authenticate(basic("admin:wrong"))
        for _ in range(9):
            with pytest.raises(Unauthenticated):
                yard.security.authenticate(basic("nobody:wrong"))
        with pytest.raises(Unauthenticated) as refused:
            yard.security.authenticate(basic(f"admin:{PASSWORD}"))
        assert refused.value.hint == "wait 1 s and try again, or use an API key"
        yard.security.authenticate(yard.headers())
        yard.clock.advance(1000)
        assert yard.security.authenticate(basic(f"admin:{PASSWORD}")).name == "admin"
