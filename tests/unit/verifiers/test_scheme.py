import pytest
from msgspec import Struct
from msgspec.json import Decoder

from eventyard.model.errors import Unauthenticated, Unavailable
from eventyard.ports import Request
from eventyard.verifiers.scheme import (
    header_name,
    header_setting,
    need_fresh,
    need_header,
    need_secrets,
    peek,
    refused,
    verify_body_signature,
    word,
)
from eventyard.wire.signatures import sign_body


class Payload(Struct):
    type: str | None = None


NOTHING = Payload("nothing")


def test_the_header_is_the_settings_or_the_schemes() -> None:
    assert header_name({"header": "X-Shop"}, "X-Default") == "X-Shop"
    assert header_name({}, "X-Default") == header_name({"header": ""}, "X-Default") == "X-Default"
    assert header_setting("X-Default", "Where it is.").default == "X-Default"


def test_a_header_is_found_in_any_case_and_must_not_be_empty() -> None:
    assert need_header(Request({"x-shop": "1", "x-empty": ""}, b"", 0), "X-Shop") == "1"
    for name in ("X-Empty", "X-Absent"):
        with pytest.raises(Unauthenticated, match=f"the request has no header {name}"):
            need_header(Request({"x-shop": "1", "x-empty": ""}, b"", 0), name)


def test_every_secret_must_be_usable() -> None:
    need_secrets("bearer", ("a", "b"))
    with pytest.raises(Unavailable, match="verifies by bearer and has no usable secret"):
        need_secrets("bearer", ("a", ""))


def test_a_timestamp_is_judged_both_ways_with_words() -> None:
    need_fresh("1000", 1_300_000, {})
    with pytest.raises(Unauthenticated, match="is 301 s behind our clock; the source allows 300 s"):
        need_fresh("1000", 1_301_000, {})
    with pytest.raises(Unauthenticated, match="is 5 s ahead of our clock; the source allows 4 s"):
        need_fresh("1000", 995_000, {"tolerance_seconds": 4})


def test_a_refusal_points_at_the_header() -> None:
    error = refused("X-Shop", "it is odd")
    assert (error.code, error.message, error.pointer) == ("signature_invalid", "X-Shop: it is odd", "X-Shop")


def test_a_replay_is_known_by_the_signature_of_the_oldest_live_secret() -> None:
    request = Request({"x-shop": sign_body("new", b"{}")}, b"{}", 0)
    assert verify_body_signature(request, "X-Shop", ("new", "old")) == sign_body("old", b"{}")


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"type":5}', b"[]", b"\xff", b'{"type":"\xff"}', b'{"x":' + b"[" * 100_000]
)
def test_a_body_of_another_shape_says_nothing(body: bytes) -> None:
    assert peek(body, Decoder(Payload), NOTHING) is NOTHING


def test_a_body_says_what_it_says() -> None:
    assert peek(b'{"more":[1],"type":"order.created"}', Decoder(Payload), NOTHING) == Payload("order.created")


@pytest.mark.parametrize(
    ("value", "usable"),
    [
        ("evt_1", True),
        ("größe", True),
        ("x" * 255, True),
        ("x" * 256, False),
        ("", False),
        (None, False),
        ("a\nb", False),
    ],
)
def test_a_word_is_short_and_printable(value: str | None, usable: bool) -> None:
    assert word(value) == (value if usable else None)
