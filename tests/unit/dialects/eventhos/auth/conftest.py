"""Callers by what they hold, made of the hub's own verbs."""

from functools import partial

import pytest
from argon2 import PasswordHasher


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """Argon2id that takes no time to speak of."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("eventyard.pipeline.identity.passwords.PasswordHasher", cheap)


@pytest.fixture
def who(yard):
    """An administrator."""
    return yard.security.bearer(yard.key)


@pytest.fixture
def identity(yard):
    return yard.hub.identity


@pytest.fixture
def role(identity, who):
    """Makes roles with these permissions."""

    async def make(*permissions, name="reader"):
        return await identity.roles.create(who, name=name, permissions=permissions)

    return make


@pytest.fixture
def user(identity, who):
    """Makes users, whose password is their name."""

    async def make(name="ada", *roles, **fields):
        ids = [one.id for one in roles]
        return await identity.users.create(who, name=name, password=name, role_ids=ids, **fields)

    return make


@pytest.fixture
def token(identity):
    """Makes short-lived tokens."""

    async def make(subject):
        return (await identity.tokens.issue(subject, issuer="http://hub.example")).text

    return make


@pytest.fixture
def holding(client_of, identity, role, user, token):
    """Makes clients of a user who holds just these permissions."""

    async def make(*permissions, name="bob"):
        return await client_of(await token(await user(name, await role(*permissions, name=f"role of {name}"))))

    return make
