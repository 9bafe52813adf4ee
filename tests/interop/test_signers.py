"""Webhooks as their own senders' libraries sign them are let in; what we sign, the receivers' libraries let in."""

import json
import subprocess
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
import standardwebhooks
import stripe

from eventyard.model.errors import Invalid, Unauthenticated
from eventyard.pipeline.settings import check_settings
from eventyard.plugins import VERIFIERS, load
from eventyard.ports import Request, Verified
from eventyard.targets.webhook import WebhookTarget
from eventyard.wire.signatures import sign_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BARE = SECRET.removeprefix("whsec_")
SPELLINGS = (
    "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE",
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE",
)
SECONDS = 1_700_000_000
BODY = '{"type": "order.created", "city": "Zürich", "price": 1.0, "emoji": "🛤"}'

SENDERS = [("github", "github-sha256"), ("stripe", "stripe-v1"), ("standard-webhooks", "standard-webhooks")]


def signed_by(library: str, secret: str = SECRET) -> dict[str, str]:
    """The headers that a sender's JavaScript library gives a request with BODY."""
    wanted = {"library": library, "secret": secret, "id": "msg_1", "seconds": SECONDS, "body": BODY}
    done = subprocess.run(
        ["node", "sign.mjs"],
        cwd=Path(__file__).parent,
        input=json.dumps(wanted).encode(),
        capture_output=True,
        check=True,
    )
    headers: dict[str, str] = json.loads(done.stdout)
    return headers


def verify(scheme: str, headers: dict[str, str], body: str = BODY, secret: str = SECRET) -> Verified:
    request = Request(headers, body.encode(), SECONDS * 1000)
    verified: Verified = load(VERIFIERS)[scheme]().verify(request, {}, [secret])
    return verified


@pytest.mark.needs("npm packages on Node.js 20")
@pytest.mark.parametrize(("library", "scheme"), SENDERS)
def test_what_the_senders_own_library_signs_is_let_in(library: str, scheme: str) -> None:
    assert verify(scheme, signed_by(library)).signature


@pytest.mark.needs("npm packages on Node.js 20")
@pytest.mark.parametrize(("library", "scheme"), SENDERS)
def test_another_body_under_that_signature_is_not(library: str, scheme: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        verify(scheme, signed_by(library), BODY.replace("1.0", "2.0"))
    assert refusal.value.code == "signature_invalid"


@pytest.mark.needs("npm packages on Node.js 20")
@pytest.mark.parametrize(("library", "scheme"), SENDERS)
def test_what_was_signed_with_another_secret_is_not(library: str, scheme: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        verify(scheme, signed_by(library, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
    assert refusal.value.code == "signature_invalid"


@pytest.mark.needs("npm packages on Node.js 20")
@pytest.mark.parametrize(("theirs", "ours"), [(SECRET, BARE), (BARE, SECRET), (BARE, BARE)])
def test_a_standard_webhooks_secret_is_the_same_with_and_without_its_prefix(theirs: str, ours: str) -> None:
    assert verify("standard-webhooks", signed_by("standard-webhooks", theirs), secret=ours).key == "msg_1"


@pytest.mark.parametrize("ours", SPELLINGS)
@pytest.mark.parametrize("theirs", SPELLINGS)
def test_what_standard_webhooks_python_library_signs_is_let_in(theirs: str, ours: str) -> None:
    signature = standardwebhooks.Webhook(theirs).sign("msg_1", datetime.fromtimestamp(SECONDS, UTC), BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(SECONDS), "webhook-signature": signature}
    assert verify("standard-webhooks", headers, secret=ours).key == "msg_1"


@pytest.mark.parametrize("secret", SPELLINGS)
def test_what_we_sign_is_what_standard_webhooks_python_library_signs(secret: str) -> None:
    ours = sign_webhook(secret, "msg_1", str(SECONDS), BODY.encode())
    assert ours == standardwebhooks.Webhook(secret).sign("msg_1", datetime.fromtimestamp(SECONDS, UTC), BODY)


@pytest.mark.parametrize("size", range(24, 65))
def test_a_secret_that_a_webhook_target_takes_is_one_that_receivers_can_read(size: int) -> None:
    padded = "whsec_" + b64encode(bytes(range(size))).decode()
    for secret in (padded, padded.rstrip("=")):
        assert check_settings(WebhookTarget.settings, {"secret": secret}, partial=True) == ({}, {"secret": secret})
        theirs = standardwebhooks.Webhook(padded).sign("msg_1", datetime.fromtimestamp(SECONDS, UTC), BODY)
        assert sign_webhook(secret, "msg_1", str(SECONDS), BODY.encode()) == theirs


@pytest.mark.parametrize(
    "secret",
    [
        "any other text",
        BARE,
        "whsec_" + "A" * 31,
        "whsec_" + "A" * 33,
        "whsec_" + "A" * 32 + "=",
        "whsec_" + "A" * 34 + "=",
        "whsec_" + "A" * 35 + "==",
        "whsec_" + "A" * 89,
        SECRET + "\n",
    ],
)
def test_any_other_secret_is_refused_when_a_target_is_given_it(secret: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_settings(WebhookTarget.settings, {"secret": secret}, partial=True)
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/settings/secret")
    assert "whsec_ and 24 to 64 random bytes in base64" in refused.value.message
    assert secret not in refused.value.message


@pytest.mark.needs("npm packages on Node.js 20")
def test_stripes_two_libraries_agree_with_each_other_and_with_us() -> None:
    header = signed_by("stripe")["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(BODY, header, SECRET, tolerance=None)
    assert verify("stripe-v1", {"stripe-signature": header}).signature
