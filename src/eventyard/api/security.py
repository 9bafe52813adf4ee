"""Who is calling: an API key or a user's password out of the Authorization header, held to the key's rate limit.

Knows nothing of ASGI: ``hot.py`` asks for the hot paths, ``guard.py`` for the native API. What a caller may see and
do is decided later, by ``pipeline/view.py``.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

from eventyard.model.access import Principal
from eventyard.model.errors import TooMany, Unauthenticated
from eventyard.model.ids import Millis
from eventyard.pipeline.keys import Keys
from eventyard.ports import Clock
from eventyard.telemetry.metrics import Metrics

WRONG_PASSWORDS = 10
"""So many wrong passwords at once, over all users, and one a second after that: each costs the hub an Argon2 hash."""


class Bucket(Struct):
    """A token bucket: ``rate`` tokens a second, at most ``burst`` of them kept."""

    rate: float
    burst: float
    tokens: float
    at: Millis

    def fill(self, now: Millis) -> None:
        """Add what has dripped in since the last look. A clock that was set back adds nothing."""
        self.tokens = min(self.burst, self.tokens + self.rate * max(0, now - self.at) / 1000)
        self.at = now

    def take(self, now: Millis) -> int:
        """Take a token. Returns 0, or after how many whole seconds to come back."""
        wait = self.wait(now)
        if not wait:
            self.tokens -= 1
        return wait

    def wait(self, now: Millis) -> int:
        """0 if there is a token, or in how many whole seconds there will be one."""
        self.fill(now)
        return 0 if self.tokens >= 1 else max(1, math.ceil((1 - self.tokens) / self.rate))


class Security:
    """Proves callers. One per hub, as it counts their calls."""

    def __init__(self, keys: Keys, clock: Clock, metrics: Metrics) -> None:
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._buckets: dict[str, Bucket] = {}
        self._guesses = Bucket(1.0, WRONG_PASSWORDS, WRONG_PASSWORDS, clock())

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """The caller behind the Authorization header (``headers`` by lower-case name).

        Raises ``Unauthenticated``, and ``TooMany`` beyond the rate limit of the key.
        """
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        credentials = credentials.strip()
        match scheme.lower():
            case "bearer" if credentials:
                caller = self._keys.by_key(credentials)
            case "basic" if credentials:
                caller = self._by_basic(credentials)
            case _:
                raise Unauthenticated(
                    "unauthenticated", "the request carries no credentials", hint="send Authorization: Bearer <API key>"
                )
        return self._limited(caller)

    def pair(self, login: str, passcode: str) -> Principal:
        """The caller behind a login and a passcode: an API key with any login, or a user's name and password.

        Raises what :meth:`authenticate` raises.
        """
        return self._limited(self._by_pair(login, passcode))

    def certificate(self, name: str) -> Principal:
        """The caller whose certificate, which was verified, bears this common name: a key's id.

        Raises what :meth:`authenticate` raises.
        """
        return self._limited(self._keys.by_id(name))

    def _by_pair(self, login: str, passcode: str) -> Principal:
        with suppress(Unauthenticated):
            return self._keys.by_key(passcode)
        now = self._clock()
        wait = self._guesses.wait(now)
        if wait:
            raise Unauthenticated(
                "unauthenticated",
                "too many wrong passwords came in, so none is looked at now",
                hint=f"wait {wait} s and try again, or use an API key",
            )
        try:
            return self._keys.by_password(login, passcode)
        except Unauthenticated:
            self._guesses.take(now)
            raise

    def _by_basic(self, credentials: str) -> Principal:
        try:
            name, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            colon = ""
        if not colon:
            raise Unauthenticated(
                "unauthenticated", "the Basic credentials are not base64 of user:password", hint="see RFC 7617"
            )
        return self._by_pair(name, password)

    def _limited(self, caller: Principal) -> Principal:
        if caller.rate_limit is not None and caller.key_id is not None:
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
