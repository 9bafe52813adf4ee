import pytest

from eventyard.ports import Request, Verified
from eventyard.testing.contracts.verifier import BODY, NOW, SignatureContract
from eventyard.verifiers.github_sha256 import GithubSha256Verifier
from eventyard.wire.signatures import sign_body

DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def github(body: bytes, secret: str = "s3cret", **headers: str) -> Request:
    told = {"x-github-event": "issues", "x-github-delivery": DELIVERY}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(told | {"x-hub-signature-256": sign_body(secret, body)}, body, NOW)


def verify(request: Request) -> Verified:
    return GithubSha256Verifier().verify(request, {}, ("s3cret",))


class TestGithub(SignatureContract):
    verifier = GithubSha256Verifier()
    proof = "x-hub-signature-256"

    def request(self, secret: str, body: bytes = BODY, now: int = NOW) -> Request:
        return github(body, secret)


def test_the_key_is_the_delivery_id_and_the_type_the_event_with_its_action() -> None:
    body = b'{"action":"opened","issue":{"number":1}}'
    assert verify(github(body)) == Verified(DELIVERY, "issues.opened", sign_body("s3cret", body))


def test_the_example_of_githubs_documentation_passes() -> None:
    value = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    request = Request({"x-hub-signature-256": value}, b"Hello, World!", NOW)
    assert GithubSha256Verifier().verify(request, {}, ("It's a Secret to Everybody",)) == Verified(signature=value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ref":"refs/heads/main"}',
        b'{"action":""}',
        b'{"action":5}',
        b'{"action":"a b"}',
        b'{"action":null}',
        b"payload=%7B%22action%22%3A%22opened%22%7D",
        b"",
    ],
)
def test_without_an_action_the_type_is_the_event(body: bytes) -> None:
    assert verify(github(body)).type == "issues"


@pytest.mark.parametrize("event", ["", "a b", "issues\n", "x" * 65, "é"])
def test_an_event_name_that_github_would_not_give_is_none(event: str) -> None:
    assert verify(github(BODY, x_github_event=event)).type is None


@pytest.mark.parametrize("delivery", ["", "x" * 256, "a\x00b"])
def test_a_delivery_id_that_cannot_be_a_key_is_none(delivery: str) -> None:
    assert verify(github(BODY, x_github_delivery=delivery)).key is None


def test_the_delivery_id_is_told_and_not_proven_so_the_signature_stays_the_same() -> None:
    assert verify(github(BODY)).signature == verify(github(BODY, x_github_delivery="another")).signature
