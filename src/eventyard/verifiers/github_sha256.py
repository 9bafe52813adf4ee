"""``github-sha256``: webhooks as GitHub sends them, ``X-Hub-Signature-256: sha256=<hex>`` over the raw body.

GitHub signs the body and nothing else. ``X-GitHub-Delivery`` and ``X-GitHub-Event`` are told, not proven: nobody
without the secret can make up a body, but whoever has seen a message can send it again under another delivery id or
event name, and it is taken for a new event, as GitHub itself sends the same body under several ids. The id serves to
recognise GitHub's own redeliveries, which keep it; against a replay stands only that the way to the hub is encrypted.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

from eventyard.ports import Request, Setting, Verified
from eventyard.verifiers.scheme import (
    AnySecret,
    header_name,
    header_setting,
    need_secrets,
    peek,
    verify_body_signature,
    word,
)

DEFAULT_HEADER = "X-Hub-Signature-256"

_NAME = re.compile("[A-Za-z0-9_]{1,64}")


class _Payload(Struct):
    action: str | None = None


_PAYLOAD = Decoder(_Payload)
_NO_PAYLOAD = _Payload()


class GithubSha256Verifier(AnySecret):
    """The key is the delivery id; the type is ``<event>.<action>`` (``issues.opened``) or ``<event>`` (``push``)."""

    scheme = "github-sha256"
    summary = "GitHub webhooks: X-Hub-Signature-256."
    settings: Sequence[Setting] = (
        header_setting(
            DEFAULT_HEADER, "The header that holds the signature; GitHub's own unless something renames it."
        ),
    )
    needs_secret = True
    signs = True

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Raise ``Unauthenticated`` unless the header signs the body with one of the live secrets."""
        need_secrets(self.scheme, secrets)
        signature = verify_body_signature(request, header_name(settings, DEFAULT_HEADER), secrets)
        return Verified(
            key=word(request.headers.get("x-github-delivery")),
            type=_type(request.headers.get("x-github-event"), request.body),
            signature=signature,
        )


def _type(event: str | None, body: bytes) -> str | None:
    if not event or not _NAME.fullmatch(event):
        return None
    action = peek(body, _PAYLOAD, _NO_PAYLOAD).action
    return f"{event}.{action}" if action and _NAME.fullmatch(action) else event
