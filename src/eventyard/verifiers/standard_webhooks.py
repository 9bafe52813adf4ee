"""``standard-webhooks``: Standard Webhooks 1.0.0, the symmetric signature ``v1``.

``webhook-signature: v1,<base64>[ v1,<base64>…]`` over ``<webhook-id>.<webhook-timestamp>.<body>``, so id, time and body
are all proven. Svix and those who send through it (Clerk, Resend) use the same under headers that begin with ``svix``.
Signatures of other versions in the list (``v1a``, by public key) are passed over. The secret is base64, with ``whsec_``
before it or not: the senders' libraries never sign with the text itself.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

from eventyard.model.errors import Invalid, Unavailable
from eventyard.ports import Request, Setting, Verified
from eventyard.verifiers.scheme import TOLERANCE, need_fresh, need_header, need_secrets, peek, refused, word
from eventyard.wire.signatures import any_match, sign_webhook, webhook_key

DEFAULT_PREFIX = "webhook"

_TIMESTAMP = re.compile("[0-9]{1,12}")


class _Payload(Struct):
    type: str | None = None


_PAYLOAD = Decoder(_Payload)
_NO_PAYLOAD = _Payload()


class StandardWebhooksVerifier:
    """The key is ``webhook-id``, the type the body's ``type`` if there is one."""

    scheme = "standard-webhooks"
    summary = "Standard Webhooks 1.0: webhook-id, webhook-timestamp and webhook-signature."
    settings: Sequence[Setting] = (
        Setting(
            name="header_prefix",
            title="Header prefix",
            help="The word before -id, -timestamp and -signature in the names of the three headers.",
            schema={"type": "string", "pattern": "^[0-9A-Za-z-]{1,64}$"},
            default=DEFAULT_PREFIX,
            example="svix",
        ),
        TOLERANCE,
    )
    needs_secret = True
    signs = True

    def check(self, secret: str) -> None:
        """Raise ``Invalid`` (``invalid_settings``) for what is no base64, be it behind ``whsec_`` or not."""
        try:
            webhook_key(secret)
        except Unavailable as error:
            hint = "copy the whole secret as the sender shows it, or make one: whsec_ and 24 random bytes in base64"
            raise Invalid("invalid_settings", error.message, pointer="/secret", hint=hint) from None

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Raise ``Unauthenticated`` unless a v1 signs id, time and body with one of the live secrets, and is fresh."""
        need_secrets(self.scheme, secrets)
        prefix = settings.get("header_prefix") or DEFAULT_PREFIX
        header = f"{prefix}-signature"
        message_id = need_header(request, f"{prefix}-id")
        timestamp = need_header(request, f"{prefix}-timestamp")
        given = [signature for signature in need_header(request, header).split(" ") if signature.startswith("v1,")]
        if not _TIMESTAMP.fullmatch(timestamp):
            raise refused(f"{prefix}-timestamp", "it must be unix seconds")
        if not given:
            raise refused(header, "it has no signature of version v1")
        expected = _signatures(secrets, message_id, timestamp, request.body)
        if not any_match(given, expected):
            raise refused(header, "no v1 signature matches the id, the timestamp, the body and the source's secret")
        need_fresh(timestamp, request.now, settings)
        return Verified(
            key=word(message_id),
            type=word(peek(request.body, _PAYLOAD, _NO_PAYLOAD).type),
            # By the oldest live secret, whichever matched: the same message has one name, also across a rotation.
            signature=expected[-1],
        )


def _signatures(secrets: Sequence[str], message_id: str, timestamp: str, body: bytes) -> list[str]:
    """By each secret that can be read. Raises ``Unavailable`` (``signature_misconfigured``) where none can."""
    signatures, fault = [], None
    for secret in secrets:
        try:
            signatures.append(sign_webhook(secret, message_id, timestamp, body))
        except Unavailable as error:
            fault = error
    if fault is not None and not signatures:
        raise fault
    return signatures
