"""``none``: whoever knows the URL may send. For senders that cannot sign, behind a network that can be trusted."""

from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.ports import Request, Setting, Verified
from eventyard.verifiers.scheme import AnySecret


class NoVerifier(AnySecret):
    """Lets every request pass, and learns nothing from it."""

    scheme = "none"
    summary = "No verification: the URL is the only secret."
    settings: Sequence[Setting] = ()
    needs_secret = False
    signs = False

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Never raises."""
        return Verified()
