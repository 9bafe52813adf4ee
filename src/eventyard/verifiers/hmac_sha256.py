"""``hmac-sha256``: ``sha256=<hex>`` over the raw body, in a header of the sender's choice.

The plain form of what GitHub made common. It carries no id and no time, so nothing but the replay guard tells a
repeated message from a new one with the same body.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.ports import Request, Setting, Verified
from eventyard.verifiers.scheme import AnySecret, header_name, header_setting, need_secrets, verify_body_signature

DEFAULT_HEADER = "X-Signature-256"


class HmacSha256Verifier(AnySecret):
    """``X-Signature-256: sha256=<64 lower-case hex>`` = HMAC-SHA256(secret, body)."""

    scheme = "hmac-sha256"
    summary = "HMAC-SHA256 of the body in hex, written as sha256=…"
    settings: Sequence[Setting] = (header_setting(DEFAULT_HEADER, "The header that holds the signature."),)
    needs_secret = True
    signs = True

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Raise ``Unauthenticated`` unless the header signs the body with one of the live secrets."""
        need_secrets(self.scheme, secrets)
        return Verified(signature=verify_body_signature(request, header_name(settings, DEFAULT_HEADER), secrets))
