"""What is a request for a token, and by which code the rest is refused."""

import base64
from contextlib import suppress
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.wire.oauth2 import FORM, OAuthError, TokenRequest, read

ID, SECRET = "abc::default", "eys_s3cret"


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def form(**fields: str) -> bytes:
    return urlencode({"grant_type": "client_credentials", **fields}).encode()


def refused(content_type: str, authorization: str | None, body: bytes) -> str:
    with pytest.raises(OAuthError) as error:
        read(content_type, authorization, body)
    assert error.value.status == (401 if error.value.code == "invalid_client" else 400)
    assert error.value.description
    return error.value.code


@pytest.mark.parametrize("media", [FORM, f"{FORM};charset=UTF-8", FORM.upper()])
def test_a_client_proves_itself_in_the_form(media: str) -> None:
    body = form(client_id=ID, client_secret=SECRET)
    assert read(media, None, body) == TokenRequest(ID, SECRET)


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_or_in_the_header_encoded_or_not(scheme: str) -> None:
    for pair in (f"{ID}:{SECRET}", f"{quote_plus(ID)}:{quote_plus(SECRET)}"):
        header = scheme + basic(pair).removeprefix("Basic")
        assert read(FORM, header, form()) == TokenRequest(ID, SECRET)
        assert read(FORM, header, form(client_id=ID)) == TokenRequest(ID, SECRET)


@given(client_id=st.text(st.characters(codec="utf-8")), secret=st.text(st.characters(codec="utf-8")))
def test_encoded_as_the_rfc_says_any_id_and_secret_come_through(client_id: str, secret: str) -> None:
    header = basic(f"{quote_plus(client_id)}:{quote_plus(secret)}")
    assert read(FORM, header, form()) == TokenRequest(client_id, secret)


def test_the_scope_is_a_set_of_words() -> None:
    body = form(client_id=ID, client_secret=SECRET, scope="events:read catalog:read events:read ")
    assert read(FORM, None, body).scope == {"events:read", "catalog:read"}
    assert read(FORM, None, form(client_id=ID, client_secret=SECRET, scope="")).scope is None


def test_the_example_of_rfc_6749_section_4_4_2_is_understood() -> None:
    body = b"grant_type=client_credentials"
    assert read(FORM, "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", body) == TokenRequest("s6BhdRkqt3", "gX1fBat3bV")


@pytest.mark.parametrize(
    ("authorization", "body", "code"),
    [
        (None, b"", "invalid_request"),
        (None, b"client_id=a&client_secret=b", "invalid_request"),
        (None, b"grant_type=&client_id=a&client_secret=b", "invalid_request"),
        (None, b"grant_type=client_credentials&client_id=a&client_secret=b&client_id=a", "invalid_request"),
        (None, b"grant_type=client_credentials&client_id=%ff&client_secret=b", "invalid_request"),
        (None, b"\xff", "invalid_request"),
        (None, b"&".join(b"a%d=1" % number for number in range(40)), "invalid_request"),
        (None, b"grant_type=password&client_id=a&client_secret=b", "unsupported_grant_type"),
        (None, b"grant_type=authorization_code&code=x", "unsupported_grant_type"),
        (None, b"grant_type=client_credentials", "invalid_client"),
        (None, b"grant_type=client_credentials&client_id=a", "invalid_client"),
        (None, b"grant_type=client_credentials&client_id=a&client_secret=", "invalid_client"),
        ("Bearer x", b"grant_type=client_credentials", "invalid_client"),
        ("Basic", b"grant_type=client_credentials", "invalid_client"),
        ("Basic !!!", b"grant_type=client_credentials", "invalid_client"),
        (basic("no colon"), b"grant_type=client_credentials", "invalid_client"),
        (basic("%ff:b"), b"grant_type=client_credentials", "invalid_client"),
        (basic("a:b"), b"grant_type=client_credentials&client_id=a&client_secret=b", "invalid_request"),
        (basic("a:b"), b"grant_type=client_credentials&client_id=c", "invalid_request"),
    ],
)
def test_anything_else_is_refused_by_its_code(authorization: str | None, body: bytes, code: str) -> None:
    assert refused(FORM, authorization, body) == code


@pytest.mark.parametrize("media", ["", "application/json", "multipart/form-data"])
def test_a_body_that_is_no_form_is_refused(media: str) -> None:
    assert refused(media, None, b'{"grant_type":"client_credentials"}') == "invalid_request"


@given(authorization=st.none() | st.text(), body=st.binary())
def test_garbage_is_refused_and_crashes_nothing(authorization: str | None, body: bytes) -> None:
    with suppress(OAuthError):
        read(FORM, authorization, body)
