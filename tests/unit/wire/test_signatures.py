import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.errors import Unavailable
from eventyard.wire.signatures import (
    StripeHeader,
    any_match,
    hmac_sha256,
    is_secret,
    parse_stripe,
    sign_body,
    sign_stripe,
    sign_webhook,
    stripe_header,
    webhook_key,
)


@given(st.binary(max_size=200), st.lists(st.binary(max_size=200), max_size=3))
def test_the_hmac_is_that_of_the_standard_library(key: bytes, parts: list[bytes]) -> None:
    assert hmac_sha256(key, *parts) == hmac.digest(key, b"".join(parts), hashlib.sha256)


def test_a_key_can_be_used_again() -> None:
    assert hmac_sha256(b"key", b"one") == hmac_sha256(b"key", b"one") != hmac_sha256(b"key", b"two")


def test_a_body_is_signed_as_in_githubs_documentation() -> None:
    assert (
        sign_body("It's a Secret to Everybody", b"Hello, World!")
        == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_a_webhook_is_signed_as_in_the_standards_documentation() -> None:
    assert (
        sign_webhook(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_stripe_signs_the_timestamp_with_the_body() -> None:
    assert (
        sign_stripe("whsec_test", "1614265330", b'{"id":"evt_1"}')
        == hmac.new(b"whsec_test", b'1614265330.{"id":"evt_1"}', hashlib.sha256).hexdigest()
    )


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode(), b"0123456789abcdef01234567"),
        ("whsec_MDEyMw==", b"0123"),
        ("whsec_MDEyMw", b"0123"),
        ("MDEyMw==", b"0123"),
        ("MDEyMw", b"0123"),
    ],
)
def test_the_key_of_a_webhook_secret(secret: str, key: bytes) -> None:
    assert webhook_key(secret) == key


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_",
        "whsec_not base64!",
        "whsec_MDEyMw===",
        "whsec_é",
        "",
        "a plain secret",
        "größe",
        "whsec_whsec_MDEyMw==",
        "whpk_MDEyMw==",
        "MDEy-w==",
    ],
)
def test_a_webhook_secret_that_is_not_base64_is_our_side_set_up_wrongly(secret: str) -> None:
    with pytest.raises(Unavailable) as refused:
        webhook_key(secret)
    assert refused.value.code == "signature_misconfigured"


def test_a_stripe_header_is_read() -> None:
    assert parse_stripe("t=1614265330,v1=aa,v0=cc,v1=bb") == StripeHeader("1614265330", ("aa", "bb"))


def test_a_stripe_header_is_written() -> None:
    assert stripe_header("1614265330", ["aa", "bb"]) == "t=1614265330,v1=aa,v1=bb"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "not a list of name=value"),
        ("aabbcc", "not a list of name=value"),
        ("v1=aa", "not one t="),
        ("t=1,t=2,v1=aa", "not one t="),
        ("t=,v1=aa", "not one t="),
        ("t=-1,v1=aa", "not one t="),
        ("t=1.5,v1=aa", "not one t="),
        ("t=٣,v1=aa", "not one t="),
        ("t=1234567890123,v1=aa", "not one t="),
        ("t=1", "no v1="),
        ("t=1,v0=aa", "no v1="),
    ],
)
def test_what_is_wrong_with_a_stripe_header_is_said(header: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_stripe(header)


@given(st.text())
def test_any_other_text_is_a_stripe_header_or_a_value_error(text: str) -> None:
    try:
        assert parse_stripe(text).signatures
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("given_", "expected", "matches"),
    [
        (["a"], ["a"], True),
        (["x", "a"], ["b", "a"], True),
        (["a", "x"], ["a", "b"], True),
        (["x", "y"], ["a", "b"], False),
        (["aa"], ["a"], False),
        ([], ["a"], False),
        (["a"], [], False),
        (["\ud800é"], ["a"], False),
    ],
)
def test_one_pair_that_matches_is_enough(given_: list[str], expected: list[str], matches: bool) -> None:
    assert any_match(given_, expected) is matches


def test_a_secret_is_known_among_several() -> None:
    assert is_secret("old", ["new", "old"])
    assert not is_secret("older", ["new", "old"])
    assert not is_secret("", ["new", "old"])
