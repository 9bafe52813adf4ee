"""``basic``: user name and password in the Authorization header (RFC 7617).

The body is not signed: whoever reads one request can send any other. Use it where the way is encrypted and the sender
knows nothing better.
"""

from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.ports import Request, Setting, Verified
from eventyard.verifiers.scheme import AnySecret, need_header, need_secrets, refused
from eventyard.wire.signatures import is_secret

HEADER = "Authorization"


class BasicVerifier(AnySecret):
    """``Authorization: Basic <base64 of username:password>``; the password is the source's secret."""

    scheme = "basic"
    summary = "User name and password (HTTP Basic)."
    settings: Sequence[Setting] = (
        Setting(
            name="username",
            title="User name",
            help="The user name that the sender uses; the password is the source's secret.",
            schema={"type": "string", "pattern": "^[^:]{1,255}$"},
            required=True,
            example="partner",
        ),
    )
    needs_secret = True
    signs = False

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Raise ``Unauthenticated`` unless the user name is the source's and the password one of its live secrets."""
        need_secrets(self.scheme, secrets)
        kind, _, encoded = need_header(request, HEADER).partition(" ")
        if kind.lower() != "basic":
            raise refused(HEADER, "it must be the word Basic and base64")
        try:
            credentials = a2b_base64(encoded.strip(), strict_mode=True).decode()
        except ValueError:
            raise refused(HEADER, "what follows Basic is not base64 of UTF-8") from None
        username = settings.get("username") or ""
        if not is_secret(credentials, [f"{username}:{secret}" for secret in secrets]):
            raise refused(HEADER, "user name and password are not those of the source")
        return Verified()
