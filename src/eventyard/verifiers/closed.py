"""What the schemes share by which nobody gets in at a source's own URL: ``internal`` and ``access-key``.

Each says for whom the source is there, and where to go instead.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.model.errors import Forbidden, Invalid
from eventyard.ports import Request, Setting, Verified


class Closed:
    """Refuses every request, in words of the scheme's own."""

    scheme: str
    refusal: str
    """What whoever comes is told."""
    instead: str
    """Where they should go."""
    settings: Sequence[Setting] = ()
    needs_secret = False

    def check(self, secret: str) -> None:
        """Always raises: there is nothing a secret could prove."""
        raise Invalid("invalid_settings", f"a source of the scheme {self.scheme} has no secret", pointer="/secret")

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Always raises ``Forbidden``, as no credentials could change it."""
        raise Forbidden("forbidden", self.refusal, hint=self.instead)
