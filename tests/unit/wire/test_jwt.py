"""Tokens that count, and texts that do not: every character, every header, every moment."""

import base64
import hashlib
import hmac
import json
import string
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eventyard.wire.jwt import (
    MOST_CHARACTERS,
    JwtError,
    JwtExpired,
    Key,
    expires_at,
    jwk_of,
    key_id_of,
    key_of,
    new_key,
    shared_key,
    sign,
    verify,
)

NOW = 1_767_323_045_678
KEY = new_key("key-1")
SHARED = shared_key("key-2", "the secret of another system")
CLAIMS = {"sub": "abc::default", "iat": 1_767_323_045, "exp": 1_767_326_645, "data": {"id": 7, "name": "Zoë"}}
TOKEN = sign(CLAIMS, KEY)
ALPHABET = string.ascii_letters + string.digits + "-_.="


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forged(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token signed by HMAC under whatever somebody takes for the secret."""
    signed = f"{encoded(header)}.{encoded(claims)}"
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


@pytest.mark.parametrize("key", [KEY, KEY.public, SHARED], ids=["private", "public", "shared"])
def test_what_a_key_signed_it_verifies(key: Key) -> None:
    token = sign(CLAIMS, SHARED if key is SHARED else KEY)
    assert verify(token, key, NOW) == CLAIMS
    assert key_id_of(token) == key.id


def test_the_example_of_rfc_7515_appendix_a_3_is_verified() -> None:
    key = key_of(
        {
            "kty": "EC", "crv": "P-256", "kid": "a3", "alg": "ES256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
        }
    )  # fmt: skip
    token = (
        "eyJhbGciOiJFUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    assert verify(token, key.public, 1_300_819_379_999)["iss"] == "joe"
    with pytest.raises(JwtExpired):
        verify(token, key.public, 1_300_819_380_000)


def test_a_key_goes_through_its_json_web_key_and_the_public_half_holds_no_secret() -> None:
    jwk = jwk_of(KEY)
    assert verify(sign(CLAIMS, key_of(jwk)), KEY, NOW) == CLAIMS
    public = jwk_of(KEY.public)
    assert public == {name: value for name, value in jwk.items() if name != "d"}
    assert (public["kty"], public["crv"], public["alg"], public["use"], public["kid"]) == (
        "EC", "P-256", "ES256", "sig", "key-1",
    )  # fmt: skip
    assert verify(TOKEN, key_of(public), NOW) == CLAIMS


@pytest.mark.parametrize(
    "changed",
    [{"kty": "RSA"}, {"crv": "P-384"}, {"alg": "HS256"}, {"x": "AAAA"}, {"x": "!"}, {"d": "AAAA"}, {"y": None}],
)
def test_any_other_json_web_key_is_refused(changed: dict[str, Any]) -> None:
    jwk = {name: value for name, value in (jwk_of(KEY) | changed).items() if value is not None}
    with pytest.raises(JwtError):
        key_of(jwk)


def test_a_shared_secret_is_never_published() -> None:
    for publish in (lambda: jwk_of(SHARED), lambda: SHARED.public):
        with pytest.raises(TypeError):
            publish()
    with pytest.raises(TypeError):
        sign(CLAIMS, KEY.public)


# Whole, and nothing but it


@given(place=st.integers(0, len(TOKEN) - 1), other=st.sampled_from(ALPHABET))
def test_a_token_with_any_character_changed_is_none(place: int, other: str) -> None:
    assume(TOKEN[place] != other)
    with pytest.raises(JwtError):
        verify(TOKEN[:place] + other + TOKEN[place + 1 :], KEY, NOW)


@given(length=st.integers(0, len(TOKEN) - 1))
def test_a_part_of_a_token_is_none(length: int) -> None:
    with pytest.raises(JwtError):
        verify(TOKEN[:length], KEY, NOW)


@given(more=st.text(st.sampled_from(ALPHABET + " \n/+"), min_size=1, max_size=90))
def test_nothing_may_be_added(more: str) -> None:
    for text in (TOKEN + more, more + TOKEN):
        with pytest.raises(JwtError):
            verify(text, KEY, NOW)


@given(st.one_of(st.text(), st.text(st.sampled_from(ALPHABET)), st.lists(st.binary(), max_size=4).map(
    lambda parts: ".".join(map(encoded, parts))
)))  # fmt: skip
def test_garbage_is_no_token_and_no_crash(text: str) -> None:
    for look in (lambda: verify(text, KEY, NOW), lambda: verify(text, SHARED, NOW)):
        with pytest.raises(JwtError):
            look()


@given(st.text())
def test_whose_garbage_it_is_can_be_asked(text: str) -> None:
    with suppress(JwtError):
        key_id_of(text)


@given(st.text(max_size=20))
def test_garbage_between_two_good_parts_is_garbage(text: str) -> None:
    head, body, signature = TOKEN.split(".")
    assume(text not in (body, signature))
    for whole in (f"{head}.{text}.{signature}", f"{head}.{body}.{text}"):
        with pytest.raises(JwtError):
            verify(whole, KEY, NOW)


def test_the_last_character_counts_to_its_last_bit() -> None:
    """Of the 6 bits in the last character of a signature 4 say nothing; a decoder that forgives would take 16."""
    same = [TOKEN[:-1] + last for last in string.ascii_letters + string.digits + "-_"]
    assert [text for text in same if _counts(text)] == [TOKEN]


def test_a_very_long_text_is_not_looked_at() -> None:
    with pytest.raises(JwtError, match="three parts"):
        verify("a." * MOST_CHARACTERS, KEY, NOW)


# The algorithm is the key's


@pytest.mark.parametrize("algorithm", ["HS256", "none", "None", "", "ES384", "RS256", "es256"])
def test_a_token_does_not_choose_its_algorithm(algorithm: str) -> None:
    _, body, signature = TOKEN.split(".")
    head = encoded({"alg": algorithm, "kid": "key-1"})
    for text in (f"{head}.{body}.{signature}", f"{head}.{body}."):
        with pytest.raises(JwtError):
            verify(text, KEY, NOW)


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """The classic confusion: HS256 with what everybody can read as its secret."""
    public = json.dumps(jwk_of(KEY.public)).encode()
    for algorithm in ("HS256", "ES256"):
        with pytest.raises(JwtError):
            verify(forged({"alg": algorithm, "kid": "key-1"}, CLAIMS, public), KEY.public, NOW)


def test_a_shared_secret_verifies_its_own_tokens_and_no_others() -> None:
    token = forged({"alg": "HS256", "typ": "JWT"}, CLAIMS, b"the secret of another system")
    assert key_id_of(token) is None
    assert verify(token, SHARED, NOW) == CLAIMS
    for text in (TOKEN, forged({"alg": "HS256"}, CLAIMS, b""), forged({"alg": "ES256"}, CLAIMS, b"the secret of")):
        with pytest.raises(JwtError):
            verify(text, SHARED, NOW)


def test_another_key_of_the_same_kind_did_not_sign_it() -> None:
    with pytest.raises(JwtError, match="signature"):
        verify(TOKEN, new_key("key-1"), NOW)


def test_what_must_be_understood_is_not() -> None:
    """RFC 7515, 4.1.11: a header that names extensions as critical is refused by who does not know them."""
    token = forged({"alg": "HS256", "crit": ["b64"], "b64": False}, CLAIMS, b"the secret of another system")
    with pytest.raises(JwtError):
        verify(token, SHARED, NOW)


# Time


def test_a_token_counts_until_its_very_end_and_not_before_its_beginning() -> None:
    token = sign({"nbf": 1_767_323_000, "exp": 1_767_323_100}, KEY)
    with pytest.raises(JwtError, match="not count yet"):
        verify(token, KEY, 1_767_322_999_999)
    verify(token, KEY, 1_767_323_000_000)
    verify(token, KEY, 1_767_323_099_999)
    with pytest.raises(JwtExpired):
        verify(token, KEY, 1_767_323_100_000)


def test_an_expired_token_with_a_wrong_signature_is_not_said_to_have_been_good() -> None:
    with pytest.raises(JwtError) as refused:
        verify(sign({"exp": 1}, new_key("key-1")), KEY, NOW)
    assert not isinstance(refused.value, JwtExpired)


def test_a_token_without_an_end_has_none() -> None:
    assert verify(sign({"sub": "a"}, KEY), KEY, NOW) == {"sub": "a"}
    assert expires_at({}) is None
    assert expires_at({"exp": 1_767_323_100}) == 1_767_323_100_000
    assert expires_at({"exp": 1_767_323_100.25}) == 1_767_323_100_250


@pytest.mark.parametrize("claims", [b"[]", b'"a"', b"{", b"\xff", b'{"exp":"soon"}', b'{"exp":true}', b'{"nbf":[]}'])
def test_claims_that_are_none_are_refused(claims: bytes) -> None:
    signed = f"{encoded({'alg': 'HS256'})}.{encoded(claims)}"
    token = f"{signed}.{encoded(hmac.digest(b'the secret of another system', signed.encode(), hashlib.sha256))}"
    with pytest.raises(JwtError, match="claims"):
        verify(token, SHARED, NOW)


def _counts(text: str) -> bool:
    try:
        return verify(text, KEY, NOW) == CLAIMS
    except JwtError:
        return False
