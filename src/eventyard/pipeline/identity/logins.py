"""Logins: who proves themselves with a password or a client's secret, held to the lock-out.

A password that was right is remembered for a while under a secret of the process, so that a client which sends it with
each request pays for one hash; the same guess made many times at once is looked at once.
"""

import asyncio
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from eventyard.model.catalog import Record, User
from eventyard.model.errors import HubError, Unauthenticated
from eventyard.model.identity import Client
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.identity.clients import Clients
from eventyard.pipeline.identity.lockout import Lockout
from eventyard.pipeline.identity.passwords import Passwords

_REMEMBERED = 256


class Logins:
    """Proves users and clients. ``source`` is always the address that somebody comes from."""

    def __init__(self, catalog: Catalog, clients: Clients, passwords: Passwords, lockout: Lockout) -> None:
        self._catalog = catalog
        self._clients = clients
        self._passwords = passwords
        self._lockout = lockout
        self._pepper = secrets.token_bytes(32)
        self._right: dict[bytes, str] = {}
        self._looking: dict[bytes, asyncio.Task[bool]] = {}
        self._names: dict[str, User] | None = None
        catalog.watch(self._follow)

    def _follow(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, User) for record in records):
            self._names = None

    def named(self, name: str) -> User | None:
        """The user of that name."""
        if self._names is None:
            self._names = {user.name: user for user in self._catalog.all(User)}
        return self._names.get(name)

    def known(self, name: str, password: str, source: str) -> User | None:
        """The user, if this very password was right before; ``None`` says nothing.

        Raises ``TooMany`` (``locked_out``).
        """
        self._lockout.check(source, _account(name))
        user = self.named(name)
        if user is None or self._right.get(self._proof(name, password)) != user.password_hash:
            return None
        self._lockout.forget(source, _account(name))
        return user

    async def user(self, name: str, password: str, source: str) -> User:
        """The user of that name and password.

        Raises ``Unauthenticated``, with the same words for every reason, and ``TooMany`` (``locked_out``).
        """
        if await self.is_right(name, password, source):
            user = self.named(name)
            if user is not None:
                return user
        raise Unauthenticated("unauthenticated", "the user name or password is not right")

    async def is_right(self, name: str, password: str, source: str) -> bool:
        """Whether it is that user's password. Raises ``TooMany`` (``locked_out``)."""
        if self.known(name, password, source) is not None:
            return True
        proof = self._proof(name, password)
        looking = self._looking.get(proof)
        if looking is None:
            self._lockout.attempt(source, _account(name))
            looking = self._looking[proof] = asyncio.create_task(self._look(name, password, proof, source))
            looking.add_done_callback(lambda _: self._looking.pop(proof, None))
        return await asyncio.shield(looking)

    def client(self, client_id: str, secret: str, source: str) -> Client:
        """The client of that id and secret, revoked or not.

        Raises ``Unauthenticated``, with the same words for every reason, and ``TooMany`` (``locked_out``).
        """
        account = f"client {client_id}"
        self._lockout.attempt(source, account)
        client = self._clients.known_as(client_id)
        if not self._clients.proves(client, secret) or client is None:
            raise Unauthenticated("unauthenticated", "the client id or secret is not right")
        self._lockout.succeeded(source, account)
        return client

    async def _look(self, name: str, password: str, proof: bytes, source: str) -> bool:
        user = self.named(name)
        kept = None if user is None else user.password_hash
        if not await self._passwords.proves(kept, password) or kept is None:
            return False
        self._lockout.succeeded(source, _account(name))
        if self._passwords.is_old(kept):
            hashed = await self._passwords.hashed(password)
            with suppress(HubError):  # the next time will do
                await self._upgrade(name, kept, hashed)
        now = self.named(name)
        if now is not None:
            self._remember(proof, now.password_hash)
        return True

    @in_turn
    async def _upgrade(self, name: str, kept: str, hashed: str) -> None:
        user = self.named(name)
        if user is not None and user.password_hash == kept:
            await self._catalog.save(msgspec.structs.replace(user, password_hash=hashed))

    def _remember(self, proof: bytes, kept: str) -> None:
        if len(self._right) >= _REMEMBERED:
            self._right.clear()
        self._right[proof] = kept

    def _proof(self, name: str, password: str) -> bytes:
        return hmac.digest(self._pepper, f"{name}\0{password}".encode(errors="surrogatepass"), "sha256")


def _account(name: str) -> str:
    return f"user {name}"
