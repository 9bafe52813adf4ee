"""Names to addresses, for outgoing requests: every answer judged, and only what was judged connected to.

The client connects to the addresses this gives it and resolves nothing itself, so a name that answers with a public
address first and a private one later (DNS rebinding) gains nothing. TLS still checks the certificate against the name.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from eventyard.targets.addresses import why_forbidden

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""All addresses of a name, in the order to try them. Raises ``OSError`` when there are none."""

KEPT_S = 30.0
"""How long a name's addresses are used without asking again."""

SWEPT_FROM = 1_024
"""From so many names on, those that are too old are forgotten when another comes."""


class ForbiddenAddress(OSError):
    """A name leads to an address that a target must not have."""


async def look_up(host: str) -> list[str]:
    """Ask the system's resolver."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


class GuardedResolver:
    """A resolver that refuses a name if any of its addresses is forbidden. It asks once for all who want to know."""

    def __init__(self, lookup: Lookup = look_up, *, allow_private: bool, keep_s: float = KEPT_S) -> None:
        self._lookup = lookup
        self._allow_private = allow_private
        self._keep_s = keep_s
        self._asked: dict[str, tuple[float, asyncio.Task[Sequence[str]]]] = {}

    async def resolve(self, host: str) -> Sequence[str]:
        """The addresses of ``host``, one at least.

        Raises :class:`ForbiddenAddress` naming the first one that is not allowed, and any other ``OSError`` when there
        are none.
        """
        now = asyncio.get_running_loop().time()
        until, asking = self._asked.get(host, (0.0, None))
        if asking is None or now >= until or (asking.done() and asking.exception() is not None):
            if len(self._asked) >= SWEPT_FROM:
                self._asked = {name: kept for name, kept in self._asked.items() if now < kept[0]}
            asking = asyncio.create_task(self._judged(host))
            self._asked[host] = now + self._keep_s, asking
        return await asyncio.shield(asking)

    async def _judged(self, host: str) -> Sequence[str]:
        addresses = await self._lookup(host)
        if not addresses:
            raise OSError(f"{host} has no address")
        if not self._allow_private:
            for address in addresses:
                if (what := why_forbidden(address)) is not None:
                    raise ForbiddenAddress(f"{host} leads to {address}, {what}")
        return addresses
