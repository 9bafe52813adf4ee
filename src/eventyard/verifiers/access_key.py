"""``access-key``: the sender shows the token of its application's OAuth 2.0 client, as senders of eventhos do.

Who may send is the business of the client and its tokens, which a verifier does not know: such a request is proven by
``dialects/eventhos/``. By any other way from outside nobody gets in here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.model.errors import Forbidden, Invalid
from eventyard.ports import Request, Setting, Verified


class AccessKeyVerifier:
    """Refuses every request that comes to the source's own URL."""

    scheme = "access-key"
    summary = "By a token of the application's OAuth 2.0 client, at /eventhos/event/send and nowhere else."
    settings: Sequence[Setting] = ()
    needs_secret = False
    signs = False

    def check(self, secret: str) -> None:
        """Always raises: the token is the client's, and the source has none."""
        raise Invalid("invalid_settings", "a source of the scheme access-key has no secret", pointer="/secret")

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Always raises ``Forbidden``, as no credentials could change it."""
        raise Forbidden(
            "forbidden",
            "this source takes nothing at a URL of its own",
            hint="POST /eventhos/event/send?event-identifier=<its name> with the header access-key",
        )
