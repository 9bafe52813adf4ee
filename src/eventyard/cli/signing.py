"""Signs a request as the senders of each scheme do, for ``eventyard send`` and the demo."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import NamedTuple

from eventyard.wire.signatures import sign_body, sign_stripe, sign_webhook, stripe_header


class Message(NamedTuple):
    """What is to be signed: the sender's id of it, unix seconds as text, the body."""

    id: str
    stamp: str
    body: bytes


def _stripe(secret: str, message: Message) -> dict[str, str]:
    signature = sign_stripe(secret, message.stamp, message.body)
    return {"Stripe-Signature": stripe_header(message.stamp, [signature])}


def _standard_webhooks(secret: str, message: Message) -> dict[str, str]:
    signature = sign_webhook(secret, message.id, message.stamp, message.body)
    return {"webhook-id": message.id, "webhook-timestamp": message.stamp, "webhook-signature": signature}


SIGNERS: Mapping[str, Callable[[str, Message], dict[str, str]]] = {
    "none": lambda secret, message: {},
    "hmac-sha256": lambda secret, message: {"X-Signature-256": sign_body(secret, message.body)},
    "github-sha256": lambda secret, message: {
        "X-Hub-Signature-256": sign_body(secret, message.body),
        "X-GitHub-Delivery": message.id,
    },
    "stripe-v1": _stripe,
    "standard-webhooks": _standard_webhooks,
    "bearer": lambda secret, message: {"Authorization": f"Bearer {secret}"},
    "basic": lambda secret, message: {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"},
}
"""By scheme: the headers that prove the sender of a message. The secret of ``basic`` is ``user:password``."""


def signed_headers(scheme: str, secret: str, body: bytes, *, message_id: str, seconds: int) -> dict[str, str]:
    """The headers that prove the sender of ``body`` at ``seconds`` (unix time)."""
    return SIGNERS[scheme](secret, Message(message_id, str(seconds), body))
