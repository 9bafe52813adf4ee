"""Lock-out: who guesses passwords or secrets is slowed down, and nobody else is.

Failures are counted for an account at the address they come from. After five in a row each further one doubles a pause,
for that account from that address: from anywhere else it can be reached as ever, so nobody locks an administrator out
by guessing. Beside it each address has a bound on its failures over all accounts. What is not tried for a while is
forgotten, and so is the oldest when there are too many.

An attempt counts as a failure when it begins, so that many at the same time gain nothing; success takes that back.
"""

import hashlib
import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

from msgspec import Struct

from eventyard.model.bucket import Bucket
from eventyard.model.errors import TooMany
from eventyard.model.ids import Millis
from eventyard.ports import Clock

FREE = 5
"""So many failures in a row cost nothing."""

WINDOW_MS: Millis = 15 * 60_000
"""A failure that comes so long after another, or after its pause, begins anew. No pause is longer."""

FIRST_PAUSE_MS: Millis = 1000

OF_ONE_ADDRESS = 50
"""So many failures over all accounts are let pass from one address at once, and one every ten seconds after that."""

REFILL_PER_SECOND = 0.1
MOST_KEPT = 10_000

T = TypeVar("T")


class Failures(Struct):
    """Failures in a row: how many, and until when to wait after the last one."""

    count: int = 0
    until: Millis = 0

    def add(self, now: Millis) -> None:
        """One more."""
        self.count = self.count + 1 if now - self.until < WINDOW_MS else 1
        self.until = now + pause_after(self.count)

    def wait(self, now: Millis) -> int:
        """In how many whole seconds the next attempt may be made; 0: now."""
        return max(0, math.ceil((self.until - now) / 1000))


def pause_after(failures: int) -> Millis:
    """How long to wait after so many failures in a row."""
    if failures < FREE:
        return 0
    return min(WINDOW_MS, FIRST_PAUSE_MS << min(failures - FREE, 20))


class Lockout:
    """Counts failures. ``source`` is the address that somebody comes from, ``account`` whom they say to be."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accounts: OrderedDict[bytes, Failures] = OrderedDict()
        self._sources: OrderedDict[str, Bucket] = OrderedDict()

    def check(self, source: str, account: str) -> None:
        """Raise ``TooMany`` (``locked_out``) for who has to wait."""
        now, place = self._clock(), network_of(source)
        failures, bucket = self._accounts.get(_key(place, account)), self._sources.get(place)
        wait = max(failures.wait(now) if failures else 0, bucket.wait(now) if bucket else 0)
        if wait:
            raise TooMany("too many wrong passwords or secrets came from here", retry_after=wait, code="locked_out")

    def attempt(self, source: str, account: str) -> None:
        """An attempt begins. Raises ``TooMany`` (``locked_out``)."""
        self.check(source, account)
        now, place = self._clock(), network_of(source)
        _kept(self._accounts, _key(place, account), Failures()).add(now)
        _kept(self._sources, place, Bucket(REFILL_PER_SECOND, OF_ONE_ADDRESS, OF_ONE_ADDRESS, now)).take(now)

    def forget(self, source: str, account: str) -> None:
        """Somebody proved themselves without an attempt: the account's failures from there are forgotten."""
        self._accounts.pop(_key(network_of(source), account), None)

    def succeeded(self, source: str, account: str) -> None:
        """The attempt was none to guess: the account's failures from there are forgotten, and it counts for nothing."""
        self.forget(source, account)
        bucket = self._sources.get(network_of(source))
        if bucket is not None:
            bucket.put_back()


def network_of(source: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, which is what one customer has (RFC 6177)."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if not isinstance(address, IPv6Address):
        return source
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return address.packed[:8].hex()


def _key(place: str, account: str) -> bytes:
    """Of the same size whatever somebody calls themselves."""
    return hashlib.sha256(f"{place}\0{account}".encode(errors="surrogatepass")).digest()


K = TypeVar("K")


def _kept(all_of_them: OrderedDict[K, T], key: K, fresh: T) -> T:
    found = all_of_them.setdefault(key, fresh)
    all_of_them.move_to_end(key)
    if len(all_of_them) > MOST_KEPT:
        all_of_them.popitem(last=False)
    return found
