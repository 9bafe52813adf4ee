from typing import ClassVar

import pytest

from eventyard.model.errors import Unauthenticated
from eventyard.ports import Request, Verified
from eventyard.testing.contracts.verifier import BODY, NOW, CredentialContract
from eventyard.verifiers.bearer import BearerVerifier


class TestBearer(CredentialContract):
    verifier = BearerVerifier()
    proof = "authorization"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        return Request({"authorization": f"Bearer {secret}"}, body, now)


class TestTokenInAHeaderOfItsOwn(CredentialContract):
    verifier = BearerVerifier()
    settings: ClassVar = {"header": "X-Gitlab-Token"}
    proof = "x-gitlab-token"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        return Request({"x-gitlab-token": secret}, body, now)


def test_a_token_is_no_signature_so_no_replay_is_told_by_it() -> None:
    request = Request({"authorization": "bearer  s3cret "}, b"", NOW)
    assert BearerVerifier().verify(request, {}, ("s3cret",)) == Verified()


@pytest.mark.parametrize(
    "value", ["s3cret", "Basic s3cret", "Bearer", "Bearer s3cre", "Bearer s3cret2", "Bearer s3cret s"]
)
def test_anything_but_the_word_bearer_and_the_token_is_invalid(value: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        BearerVerifier().verify(Request({"authorization": value}, b"", NOW), {}, ("s3cret",))
    assert (refused.value.code, refused.value.pointer) == ("signature_invalid", "Authorization")
