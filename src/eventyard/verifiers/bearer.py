"""``bearer``: the sender shows the secret itself (RFC 6750, section 2.1), or in a header of its own as GitLab does.

The body is not signed: whoever reads one request can send any other. Use it where the way is encrypted and the sender
knows nothing better.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.ports import Request, Setting, Verified
from eventyard.verifiers.scheme import AnySecret, header_name, header_setting, need_header, need_secrets, refused
from eventyard.wire.signatures import is_secret

DEFAULT_HEADER = "Authorization"


class BearerVerifier(AnySecret):
    """``Authorization: Bearer <secret>``; in any other header the value is the secret alone (``X-Gitlab-Token``)."""

    scheme = "bearer"
    summary = "A shared token in the Authorization header, or in a header of your choice."
    settings: Sequence[Setting] = (
        header_setting(
            DEFAULT_HEADER,
            "The header that holds the token. In Authorization it follows the word Bearer; elsewhere it is alone.",
        ),
    )
    needs_secret = True
    signs = False

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Raise ``Unauthenticated`` unless the token is one of the live secrets."""
        need_secrets(self.scheme, secrets)
        header = header_name(settings, DEFAULT_HEADER)
        token = need_header(request, header)
        if header.lower() == "authorization":
            kind, _, token = token.partition(" ")
            if kind.lower() != "bearer":
                raise refused(header, "it must be the word Bearer and the token")
        if not is_secret(token.strip(), secrets):
            raise refused(header, "the token is not the source's secret")
        return Verified()
