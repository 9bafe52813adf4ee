"""Signatures of webhook messages: made for what we send, compared for what we receive.

All three formats are HMAC-SHA256; they differ in what is signed and how it is written:

    GitHub and many others   sha256=<64 lower-case hex>                 over the body
    Stripe                   t=<unix seconds>,v1=<hex>[,v1=<hex>…]      over <t>.<body>
    Standard Webhooks 1.0    v1,<base64>[ v1,<base64>…]                 over <id>.<t>.<body>

It must not know where a header or a secret comes from, nor what time it is: freshness is judged in ``verifiers/``, and
what the hub sends is signed in ``targets/webhook.py``. No function here puts a secret or an expected signature into an
error.
"""

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING

from msgspec import Struct

from eventyard.model.errors import Unavailable

if TYPE_CHECKING:
    from hashlib import _Hash

WEBHOOK_SECRET_PREFIX = "whsec_"

_BLOCK = 64
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))
_STRIPE_TIMESTAMP = re.compile("[0-9]{1,12}")


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    """The 32 bytes of HMAC-SHA256 (RFC 2104) over the parts put together.

    The two hash states that depend on the key alone are kept for the keys last used, which halves the cost of a
    signature over a kilobyte. The kept keys are a bounded number and never printed.
    """
    inner, outer = _keyed(key)
    inner = inner.copy()
    for part in parts:
        inner.update(part)
    outer = outer.copy()
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=1024)
def _keyed(key: bytes) -> "tuple[_Hash, _Hash]":
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(block.translate(_INNER_PAD)), sha256(block.translate(_OUTER_PAD))


def sign_body(secret: str, body: bytes) -> str:
    """``sha256=<hex>`` over the body, as GitHub writes it."""
    return "sha256=" + hmac_sha256(secret.encode(), body).hex()


def sign_stripe(secret: str, timestamp: str, body: bytes) -> str:
    """The hex of one ``v1`` of a Stripe header; ``timestamp`` is the text after ``t=``."""
    return hmac_sha256(secret.encode(), timestamp.encode(), b".", body).hex()


def stripe_header(timestamp: str, signatures: Iterable[str]) -> str:
    """``t=<timestamp>,v1=<hex>[,v1=<hex>…]``."""
    return ",".join((f"t={timestamp}", *(f"v1={signature}" for signature in signatures)))


class StripeHeader(Struct, frozen=True):
    """What a ``Stripe-Signature`` header says: the timestamp as text, and the ``v1`` signatures."""

    timestamp: str
    signatures: tuple[str, ...]


def parse_stripe(header: str) -> StripeHeader:
    """Read a ``Stripe-Signature`` header; other schemes in it (``v0``) are passed over.

    Raises ``ValueError`` with a sentence that says what is wrong with it.
    """
    timestamps: list[str] = []
    signatures: list[str] = []
    for item in header.split(","):
        name, equals, value = item.strip().partition("=")
        if not equals:
            raise ValueError("it is not a list of name=value")
        if name == "t":
            timestamps.append(value)
        elif name == "v1":
            signatures.append(value)
    if len(timestamps) != 1 or not _STRIPE_TIMESTAMP.fullmatch(timestamps[0]):
        raise ValueError("it has not one t=<unix seconds>")
    if not signatures:
        raise ValueError("it has no v1=<signature>")
    return StripeHeader(timestamps[0], tuple(signatures))


def sign_webhook(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """One signature in the form of Standard Webhooks: ``v1,<base64>``; ``timestamp`` is unix seconds as text.

    Raises ``Unavailable`` (``signature_misconfigured``) for a secret that :func:`webhook_key` cannot read.
    """
    mac = hmac_sha256(webhook_key(secret), _bytes(f"{message_id}.{timestamp}."), body)
    return "v1," + b64encode(mac).decode()


@lru_cache(maxsize=1024)
def webhook_key(secret: str) -> bytes:
    """The key in a Standard Webhooks secret: its base64, padded or not, behind ``whsec_`` or alone.

    Raises ``Unavailable`` (``signature_misconfigured``) when that is not base64, or nothing.
    """
    text = secret.removeprefix(WEBHOOK_SECRET_PREFIX)
    try:
        key = a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        key = b""
    if not key:
        raise Unavailable(
            "signature_misconfigured",
            "the secret is not that of a Standard Webhooks sender: base64, with or without whsec_ before it",
        )
    return key


def any_match(given: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether any given signature is an expected one; all are compared with all, each in constant time."""
    matched = False
    for text in given:
        candidate = _bytes(text)
        for want in expected:
            matched |= compare_digest(candidate, _bytes(want))
    return matched


def is_secret(given: str, secrets: Iterable[str]) -> bool:
    """Whether the text is one of the secrets; compared by hash, so that the time tells not even their length."""
    return any_match((_fingerprint(given),), [_fingerprint(secret) for secret in secrets])


def _fingerprint(text: str) -> str:
    return sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    """UTF-8 of any text at all: a header may hold what no honest sender puts there."""
    return text.encode(errors="surrogatepass")
