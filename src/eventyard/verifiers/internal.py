"""``internal``: nobody gets in from outside. For the sources through which the hub itself publishes."""

from collections.abc import Mapping, Sequence
from typing import Any

from eventyard.model.errors import Forbidden, Invalid
from eventyard.ports import Request, Setting, Verified


class InternalVerifier:
    """Refuses every request. What the hub publishes, or a client of its streams, does not come as one."""

    scheme = "internal"
    summary = "Nobody gets in from outside: the hub itself publishes here, and the clients of its streams."
    settings: Sequence[Setting] = ()
    needs_secret = False
    signs = True

    def check(self, secret: str) -> None:
        """Always raises: there is nothing a secret could prove."""
        raise Invalid("invalid_settings", "a source of the scheme internal has no secret", pointer="/secret")

    def verify(self, request: Request, settings: Mapping[str, Any], secrets: Sequence[str]) -> Verified:
        """Always raises ``Forbidden``, as no credentials could change it."""
        raise Forbidden(
            "forbidden",
            "this source takes nothing from outside of the hub",
            hint="publish entities under /v1/projects/{id}/entities, or connect a client of AMQP or STOMP",
        )
