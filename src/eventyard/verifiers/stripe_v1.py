"""``stripe-v1``: webhooks as Stripe sends them, ``Stripe-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>…]``.

Signed is ``<t>.<body>``, so time, id and type are all proven. While Stripe rolls a secret it sends one ``v1`` for each;
while we do, we hold two secrets: any pair that fits will do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

from eventyard.ports import Request, Setting, Verified
from eventyard.verifiers.scheme import (
    TOLERANCE,
    AnySecret,
    header_name,
    header_setting,
    need_fresh,
    need_header,
    need_secrets,
    peek,
    refused,
    word,
)
from eventyard.wire.signatures import any_match, parse_stripe, sign_stripe, stripe_header

DEFAULT_HEADER = "Stripe-Signature"


class _Payload(Struct):
    id: str | None = None
    type: str | None = None


_PAYLOAD = Decoder(_Payload)
_NO_PAYLOAD = _Payload()


class StripeV1Verifier(AnySecret):
    """The key is the ``id`` in the body (``evt_…``), the type its ``type`` (``invoice.paid``)."""

    scheme = "stripe-v1"
    summary = "Stripe webhooks: Stripe-Signature with a timestamp."
    settings: Sequence[Setting] = (
        header_setting(
            DEFAULT_HEADER, "The header that holds the signature; Stripe's own unless something renames it."
        ),
        TOLERANCE,
    )
    needs_secret = True
    signs = True

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Raise ``Unauthenticated`` unless a v1 signs time and body with one of the live secrets, and is fresh."""
        need_secrets(self.scheme, secrets)
        header = header_name(settings, DEFAULT_HEADER)
        try:
            given = parse_stripe(need_header(request, header))
        except ValueError as error:
            raise refused(header, str(error)) from None
        expected = [sign_stripe(secret, given.timestamp, request.body) for secret in secrets]
        if not any_match(given.signatures, expected):
            raise refused(header, "no v1 signature matches the body and the source's secret")
        need_fresh(given.timestamp, request.now, settings)
        payload = peek(request.body, _PAYLOAD, _NO_PAYLOAD)
        return Verified(
            key=word(payload.id),
            type=word(payload.type),
            # By the oldest live secret, whichever matched: the same message has one name, also across a rotation.
            signature=stripe_header(given.timestamp, expected[-1:]),
        )
