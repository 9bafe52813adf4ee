"""Who is calling: an API key, a token or a user's password, held to the key's rate limit and to the lock-out.

Knows nothing of ASGI: ``hot.py`` asks for the hot paths, ``guard.py`` for the native API, and the gateways for theirs.
What a caller may see and do is decided later, by ``pipeline/view.py``. A password takes time to prove unless it was
right before, so whatever may carry one is asked for in two steps: what is known at once, and what is not.
"""

import base64
import binascii
from collections.abc import Collection, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from eventyard.model.access import Principal
from eventyard.model.bucket import Bucket
from eventyard.model.errors import TooMany, Unauthenticated
from eventyard.pipeline.identity.identity import Identity
from eventyard.pipeline.keys import Keys
from eventyard.ports import Clock
from eventyard.telemetry.metrics import Metrics


class Security:
    """Proves callers. One per hub, as it counts their calls.

    ``peer`` is the address at the other end of a connection. Where that is one of the ``proxies`` (addresses, or
    networks such as ``10.0.0.0/8``), whoever called comes from the address that the proxy tells of.
    """

    def __init__(
        self, keys: Keys, identity: Identity, clock: Clock, metrics: Metrics, proxies: Collection[str] = ()
    ) -> None:
        self._keys = keys
        self._identity = identity
        self._clock = clock
        self._metrics = metrics
        self._proxies = [ip_network(proxy) for proxy in proxies]
        self._buckets: dict[str, Bucket] = {}

    async def authenticate(self, headers: Mapping[str, str], peer: str) -> Principal:
        """The caller behind the Authorization header (``headers`` by lower-case name).

        Raises ``Unauthenticated``, and ``TooMany`` beyond the rate limit of the key, and for who is locked out.
        """
        caller = self.known(headers, peer)
        if caller is None:
            login, passcode = _pair_in(headers["authorization"].partition(" ")[2].strip())
            caller = await self.password(login, passcode, self.source_of(headers, peer))
        return caller

    def known(self, headers: Mapping[str, str], peer: str, *, counted: bool = True) -> Principal | None:
        """As :meth:`authenticate`, at once; ``None`` where there is a password to be proven.

        A call that is not ``counted`` was counted before.
        """
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        credentials = credentials.strip()
        match scheme.lower():
            case "bearer" if credentials:
                return self.bearer(credentials, counted=counted)
            case "basic" if credentials:
                return self.pair(*_pair_in(credentials), self.source_of(headers, peer), counted=counted)
        raise Unauthenticated(
            "unauthenticated", "the request carries no credentials", hint="send Authorization: Bearer <API key>"
        )

    def bearer(self, text: str, *, counted: bool = True) -> Principal:
        """The caller behind an API key or a token. Raises as :meth:`authenticate`."""
        if self._identity.tokens.is_one(text) and not self._keys.has(text):
            return self._identity.tokens.verify(text).principal
        return self._limited(self._keys.by_key(text), counted=counted)

    def pair(self, login: str, passcode: str, source: str, *, counted: bool = True) -> Principal | None:
        """The caller behind a login and a passcode: an API key or token with any login, or a user's name and password.

        ``None`` where it takes :meth:`password` to know. Raises as :meth:`authenticate`.
        """
        if self._identity.tokens.is_one(passcode):
            return self.bearer(passcode)
        with suppress(Unauthenticated):
            return self.bearer(passcode)
        if not login:
            raise Unauthenticated("unauthenticated", "the API key is not valid, and no user was named")
        user = self._identity.logins.known(login, passcode, source)
        return None if user is None else self._identity.rights.principal(user)

    async def password(self, login: str, passcode: str, source: str) -> Principal:
        """The caller behind a user's name and password. Raises as :meth:`authenticate`."""
        return self._identity.rights.principal(await self._identity.logins.user(login, passcode, source))

    def certificate(self, name: str) -> Principal:
        """The caller whose certificate, which was verified, bears this common name: a key's id.

        Raises as :meth:`authenticate`.
        """
        return self._limited(self._keys.by_id(name))

    def source_of(self, headers: Mapping[str, str], peer: str) -> str:
        """The address that a request comes from: the nearest one that is not a proxy of ours."""
        nearest = _address_in(peer)
        if not self._is_proxy(nearest):
            return str(nearest)
        forwarded = [_address_in(hop) for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
        return str(next((hop for hop in reversed(forwarded) if not self._is_proxy(hop)), nearest))

    def _is_proxy(self, address: IPv4Address | IPv6Address | str) -> bool:
        return not isinstance(address, str) and any(address in network for network in self._proxies)

    def _limited(self, caller: Principal, *, counted: bool = True) -> Principal:
        if counted and caller.rate_limit is not None and caller.key_id is not None:
            self._limit(caller.key_id, caller.rate_limit)
        return caller

    def _limit(self, key_id: str, rate: float) -> None:
        now = self._clock()
        bucket = self._buckets.get(key_id)
        if bucket is None or bucket.rate != rate:
            burst = max(1.0, rate)
            bucket = self._buckets[key_id] = Bucket(rate, burst, burst, now)
        wait = bucket.take(now)
        if wait:
            self._metrics.requests_limited.inc()
            raise TooMany(f"this key may make {rate:g} calls a second", retry_after=wait)


def _pair_in(credentials: str) -> tuple[str, str]:
    """The user and the password of Basic credentials (RFC 7617). Raises ``Unauthenticated``."""
    try:
        name, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon:
        raise Unauthenticated(
            "unauthenticated", "the Basic credentials are not base64 of user:password", hint="see RFC 7617"
        )
    return name, password


def _address_in(text: str) -> IPv4Address | IPv6Address | str:
    """The address in what a socket or a proxy says of the other end: without a port, and as IPv4 where it is that."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return text.strip()
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
