"""Names to addresses, for outgoing requests: resolved once, every answer judged, and only what was judged connected to.

The HTTP client connects to the addresses this gives it and resolves nothing itself, so a name that answers with a
public address first and a private one later (DNS rebinding) gains nothing. TLS still checks the certificate against
the name.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

from eventyard.targets.addresses import why_forbidden

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""All addresses of a name, in the order to try them. Raises ``OSError`` when there are none."""


class ForbiddenAddress(OSError):
    """A name leads to an address that a target must not have."""


async def look_up(host: str) -> list[str]:
    """Ask the system's resolver."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


class GuardedResolver(AbstractResolver):
    """A resolver that refuses a name if any of its addresses is forbidden."""

    def __init__(self, lookup: Lookup = look_up, *, allow_private: bool) -> None:
        self._lookup = lookup
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of ``host``. Raises :class:`ForbiddenAddress` naming the first one that is not allowed."""
        addresses = await self._lookup(host)
        if not addresses:
            raise OSError(f"{host} has no address")
        if not self._allow_private:
            for address in addresses:
                if (what := why_forbidden(address)) is not None:
                    raise ForbiddenAddress(f"{host} leads to {address}, {what}")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held open."""
