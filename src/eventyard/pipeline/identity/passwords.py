"""Passwords at rest: Argon2id, and bcrypt as it is brought along from elsewhere, until its owner comes in first.

A hash takes tens of milliseconds and tens of megabytes on purpose, so it is made in a thread, two at a time.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE = 2
SHORTEST = 8
"""Characters of a password that is chosen here; one that was chosen elsewhere may have fewer."""
LONGEST = 1024
"""Characters of a password; a longer one is nobody's."""

_BCRYPT = ("$2a$", "$2b$", "$2y$")
_BCRYPT_BYTES = 72
"""What bcrypt looks at; whoever hashed a longer password with it hashed so much of it."""

T = TypeVar("T")


class Passwords:
    """Hashes and compares."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobodys: str | None = None
        self._room = asyncio.Semaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """The form in which a password is kept. Blocks."""
        return self._hasher.hash(password)

    async def hashed(self, password: str) -> str:
        """The form in which a password is kept."""
        return await self._in_thread(lambda: self.hash(password))

    async def proves(self, kept: str | None, password: str) -> bool:
        """Whether it is the password that was kept so. For nobody's (``None``) the answer takes as long."""
        if len(password) > LONGEST:
            return False
        return await self._in_thread(lambda: self._proves(kept, password))

    def is_old(self, kept: str) -> bool:
        """Whether the password should be hashed again, now that it is known."""
        return kept.startswith(_BCRYPT) or self._hasher.check_needs_rehash(kept)

    def _proves(self, kept: str | None, password: str) -> bool:
        if kept is not None and kept.startswith(_BCRYPT):
            return _bcrypt_proves(kept, password)
        if kept is None and self._nobodys is None:
            self._nobodys = self.hash("")
        try:
            return self._hasher.verify(kept or self._nobodys or "", password) and kept is not None
        except (Argon2Error, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async with self._room:
            return await asyncio.to_thread(work)


def _bcrypt_proves(kept: str, password: str) -> bool:
    import bcrypt  # noqa: PLC0415 - most hubs have no such hash

    try:
        return bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], kept.encode())
    except ValueError:  # not a hash, or a NUL byte in the password
        return False
