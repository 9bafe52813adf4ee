"""What the gateways need to know who is calling; ``api/security.py`` is it.

A password takes time to prove, unless it was right before, and a gateway does not wait where it need not: what is known
at once is asked for first.
"""

from collections.abc import Mapping
from typing import Protocol

from eventyard.model.access import Principal


class Credentials(Protocol):
    """Proves callers. All of it raises ``Unauthenticated`` and ``TooMany``; ``peer`` and ``source`` are addresses."""

    def bearer(self, text: str) -> Principal:
        """The caller behind an API key or a token."""

    def pair(self, login: str, passcode: str, source: str) -> Principal | None:
        """The caller behind a login and a passcode, which may be a key; ``None`` if it takes :meth:`password`."""

    async def password(self, login: str, passcode: str, source: str) -> Principal:
        """The caller behind a user's name and password."""

    def certificate(self, name: str) -> Principal:
        """The caller whose certificate bears that common name."""

    def known(self, headers: Mapping[str, str], peer: str) -> Principal | None:
        """The caller behind the headers of a request; ``None`` if it takes :meth:`authenticate`."""

    async def authenticate(self, headers: Mapping[str, str], peer: str) -> Principal:
        """The caller behind the headers of a request."""

    def source_of(self, headers: Mapping[str, str], peer: str) -> str:
        """The address that a request comes from, be it through a proxy."""
