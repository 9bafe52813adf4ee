import base64
from typing import ClassVar

import pytest

from eventyard.model.errors import Unauthenticated
from eventyard.ports import Request
from eventyard.testing.contracts.verifier import BODY, NOW, CredentialContract
from eventyard.verifiers.basic import BasicVerifier


def basic(credentials: bytes) -> Request:
    return Request({"authorization": "Basic " + base64.b64encode(credentials).decode()}, b"", NOW)


class TestBasic(CredentialContract):
    verifier = BasicVerifier()
    settings: ClassVar = {"username": "partner"}
    proof = "authorization"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        return basic(f"partner:{secret}".encode())


def test_the_example_of_rfc_7617_passes() -> None:
    request = Request({"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, b"", NOW)
    assert BasicVerifier().verify(request, {"username": "Aladdin"}, ("open sesame",))


def test_user_name_and_password_may_hold_any_letter() -> None:
    assert BasicVerifier().verify(basic("größe:pass:wörd".encode()), {"username": "größe"}, ("pass:wörd",))


@pytest.mark.parametrize(
    "credentials",
    [b"partner", b"partner:", b"partner:s3cre", b"other:s3cret", b":s3cret", b"partners3cret", b"\xff:\xff"],
)
def test_any_other_pair_is_invalid(credentials: bytes) -> None:
    with pytest.raises(Unauthenticated) as refused:
        BasicVerifier().verify(basic(credentials), {"username": "partner"}, ("s3cret",))
    assert refused.value.code == "signature_invalid"


@pytest.mark.parametrize("value", ["Basic", "Basic cGFydG5lcjpzM2NyZXQ", "Bearer cGFydG5lcjpzM2NyZXQ=", "Basic {}"])
def test_anything_but_the_word_basic_and_base64_is_invalid(value: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        BasicVerifier().verify(Request({"authorization": value}, b"", NOW), {"username": "partner"}, ("s3cret",))
    assert refused.value.code == "signature_invalid"
