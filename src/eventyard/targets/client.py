"""The HTTP/1.1 client that webhooks are sent with: connections kept alive, each to an address that was judged.

Few wishes make it small (see ADR 0013): one answer to one request, no redirect, no proxy, no cookie, no decompression.
A request is never repeated here: whether a receiver acted on one that it did not answer, nobody can know.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from functools import partial
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM

from aiohappyeyeballs import start_connection

from eventyard.model.outcome import Result
from eventyard.targets.answers import BODY_KEPT, Answer, NotHttp
from eventyard.targets.connection import Connection, HungUp
from eventyard.targets.destinations import Destination, Origin
from eventyard.targets.resolver import ForbiddenAddress, GuardedResolver

CONNECT_S = 10.0
"""Longest wait for a connection: its name, its route and its TLS."""

KEEP_ALIVE_S = 4.0
"""How long an idle connection is kept: less than the 5 s after which widespread servers close it, so that a request
does not cross their closing."""

NEXT_ADDRESS_S = 0.25
"""How long one address of a name may take to accept before another is tried beside it (RFC 8305, 5)."""

_WITHOUT_CONTENT = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods of which nobody expects content, so that its length is not stated where there is none (RFC 9110, 8.6)."""


class NoAnswer(Exception):
    """There was no answer. ``result`` is what that makes of the attempt, the text is for people."""

    def __init__(self, result: Result, text: str) -> None:
        super().__init__(text)
        self.result = result


class Client:
    """Connections to all origins, as many at once as are asked for; those not in use are used again."""

    def __init__(self, resolver: GuardedResolver) -> None:
        self._resolver = resolver
        self._loop = asyncio.get_running_loop()
        self._tls = ssl.create_default_context()
        self._tls.set_alpn_protocols(["http/1.1"])
        self._idle: dict[Origin, list[Connection]] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Hang up everywhere."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connections in self._idle.values():
            for connection in connections:
                connection.abort()
        self._idle.clear()

    async def ask(
        self,
        method: str,
        to: Destination,
        headers: Mapping[str, str],
        body: bytes,
        timeout_ms: int,
        *,
        most: int = BODY_KEPT,
    ) -> Answer:
        """Send a request once and read the answer, ``most`` bytes of its body. Raises :class:`NoAnswer`.

        Raises ``ValueError`` for headers that no request can have.
        """
        head = request_head(method, to, headers, len(body))
        bodiless = method == "HEAD"
        deadline = self._loop.time() + timeout_ms / 1000
        connection: Connection | None = None
        try:
            connection = self._kept(to.origin) or await self._open(to.origin, deadline)
            timer = self._loop.call_at(deadline, connection.expire)
            try:
                return await connection.ask(head, body, bodiless=bodiless, most=most)
            finally:
                timer.cancel()
        except TimeoutError:
            raise NoAnswer(Result.TIMED_OUT, f"no answer within {timeout_ms} ms") from None
        except HungUp as error:
            raise NoAnswer(Result.UNREACHABLE, f"{error} without an answer") from None
        except NotHttp as error:
            raise NoAnswer(Result.UNREACHABLE, str(error)) from None
        finally:
            if connection is not None:
                self._keep(to.origin, connection)

    # Connections that are kept

    def _kept(self, origin: Origin) -> Connection | None:
        """The connection that was used last, if it still can be."""
        connections = self._idle.get(origin)
        oldest = self._loop.time() - KEEP_ALIVE_S
        while connections:
            connection = connections.pop()
            if connection.usable and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    def _keep(self, origin: Origin, connection: Connection) -> None:
        if not connection.usable:
            connection.abort()
            return
        connection.idle_since = self._loop.time()
        self._idle.setdefault(origin, []).append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(KEEP_ALIVE_S, self._sweep)

    def _sweep(self) -> None:
        """Hang up where nobody has asked anything for too long."""
        oldest = self._loop.time() - KEEP_ALIVE_S
        for origin, connections in list(self._idle.items()):
            fresh = [one for one in connections if one.usable and one.idle_since > oldest]
            for connection in connections if len(fresh) < len(connections) else ():
                if connection not in fresh:
                    connection.abort()
            if fresh:
                self._idle[origin] = fresh
            else:
                del self._idle[origin]
        self._sweeping = self._loop.call_later(KEEP_ALIVE_S, self._sweep) if self._idle else None

    # New connections

    async def _open(self, origin: Origin, deadline: float) -> Connection:
        until = min(self._loop.time() + CONNECT_S, deadline)
        try:
            async with asyncio.timeout_at(until):
                return await self._connect(origin)
        except TimeoutError:
            if until == deadline:
                raise
            raise NoAnswer(Result.TIMED_OUT, f"no connection within {CONNECT_S:g} s") from None

    async def _connect(self, origin: Origin) -> Connection:
        host, port, secure = origin
        try:
            addresses = await self._resolver.resolve(host)
        except ForbiddenAddress as error:
            raise NoAnswer(
                Result.REFUSED, f"not sent: {error}, which targets may have only where targets.allow_private is set"
            ) from None
        except (OSError, UnicodeError) as error:
            raise NoAnswer(Result.UNREACHABLE, f"the name {host} does not resolve: {error}") from None
        places = [
            (AF_INET6 if ":" in address else AF_INET, SOCK_STREAM, IPPROTO_TCP, "", (address, port))
            for address in addresses
        ]
        try:
            socket = await start_connection(places, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1)
            _, connection = await self._loop.create_connection(
                partial(Connection, self._loop),
                sock=socket,
                ssl=self._tls if secure else None,
                server_hostname=host.rstrip(".") if secure else None,
            )
        except ssl.SSLError as error:
            raise NoAnswer(Result.UNREACHABLE, f"no TLS with {host}:{port}: {error}") from None
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else error
            raise NoAnswer(Result.UNREACHABLE, f"no connection to {host}:{port}: {why}") from None
        return connection


def request_head(method: str, to: Destination, headers: Mapping[str, str], length: int) -> bytes:
    """The head of a request (RFC 9112, 3). Raises ``ValueError`` if a header would end the line it stands on."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    if length or method not in _WITHOUT_CONTENT:
        lines.append(f"content-length: {length}\r\n")
    head = f"{method} {to.path} HTTP/1.1\r\nhost: {to.authority}\r\n{''.join(lines)}\r\n"
    if head.count("\n") != len(lines) + 3 or head.count("\r") != len(lines) + 3:
        raise ValueError("a header has more than one line")
    return head.encode()
