"""Webhooks as their own senders' libraries sign them are let in; what we sign, the receivers' libraries let in."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import stripe

from eventyard.model.errors import Unauthenticated
from eventyard.plugins import VERIFIERS, load
from eventyard.ports import Request, Verified
from eventyard.wire.signatures import sign_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
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


def verify(scheme: str, headers: dict[str, str], body: str = BODY, settings: dict[str, Any] | None = None) -> Verified:
    request = Request(headers, body.encode(), SECONDS * 1000)
    verified: Verified = load(VERIFIERS)[scheme]().verify(request, settings or {}, [SECRET])
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


def test_what_standard_webhooks_python_library_signs_is_let_in() -> None:
    signature = standardwebhooks.Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(SECONDS, UTC), BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(SECONDS), "webhook-signature": signature}
    assert verify("standard-webhooks", headers).key == "msg_1"


def test_what_we_sign_is_what_standard_webhooks_python_library_signs() -> None:
    ours = sign_webhook(SECRET, "msg_1", str(SECONDS), BODY.encode())
    assert ours == standardwebhooks.Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(SECONDS, UTC), BODY)


@pytest.mark.needs("npm packages on Node.js 20")
def test_stripes_two_libraries_agree_with_each_other_and_with_us() -> None:
    header = signed_by("stripe")["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(BODY, header, SECRET, tolerance=None)
    assert verify("stripe-v1", {"stripe-signature": header}).signature
