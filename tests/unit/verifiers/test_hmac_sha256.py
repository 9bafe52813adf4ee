from typing import ClassVar

import pytest

from eventyard.model.errors import Unauthenticated
from eventyard.ports import Request, Verified
from eventyard.testing.contracts.verifier import BODY, NOW, SignatureContract
from eventyard.verifiers.hmac_sha256 import HmacSha256Verifier
from eventyard.wire.signatures import sign_body

HELLO = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
SECRET = "It's a Secret to Everybody"


class TestHmacSha256(SignatureContract):
    verifier = HmacSha256Verifier()
    proof = "x-signature-256"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        return Request({"x-signature-256": sign_body(secret, body)}, body, now)


class TestInAHeaderOfTheSendersChoice(TestHmacSha256):
    settings: ClassVar = {"header": "X-Shop-Signature"}
    proof = "x-shop-signature"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        return Request({"x-shop-signature": sign_body(secret, body)}, body, now)


def test_the_signature_is_all_that_is_known() -> None:
    request = Request({"x-signature-256": HELLO}, b"Hello, World!", NOW)
    assert HmacSha256Verifier().verify(request, {}, (SECRET,)) == Verified(signature=HELLO)


@pytest.mark.parametrize(
    "value",
    [HELLO[7:], HELLO.upper(), "sha1=" + HELLO[7:], HELLO[:-1], HELLO + "0", "SHA256=" + HELLO[7:], f" {HELLO}"],
)
def test_only_the_exact_form_is_taken(value: str) -> None:
    with pytest.raises(Unauthenticated, match="it must be sha256= and 64 lower-case hex digits") as refused:
        HmacSha256Verifier().verify(Request({"x-signature-256": value}, b"Hello, World!", NOW), {}, (SECRET,))
    assert (refused.value.code, refused.value.pointer) == ("signature_invalid", "X-Signature-256")


def test_upper_case_digits_are_another_signature() -> None:
    value = "sha256=" + HELLO[7:].upper()
    with pytest.raises(Unauthenticated, match="does not match the body"):
        HmacSha256Verifier().verify(Request({"x-signature-256": value}, b"Hello, World!", NOW), {}, (SECRET,))
