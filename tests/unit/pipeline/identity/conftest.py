"""Identity over a small hub in memory, with what is built in."""

from functools import partial

import pytest
from argon2 import PasswordHasher

from eventyard.model.access import Principal, Scope, scopes_of
from eventyard.pipeline.identity.identity import identity as make
from eventyard.testing import builders


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """Argon2id that takes no time to speak of."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("eventyard.pipeline.identity.passwords.PasswordHasher", cheap)


@pytest.fixture
async def identity(world):
    made = make(world.catalog, world.vault, world.clock, world.new_id)
    await made.ensure()
    return made


@pytest.fixture
def holding(world):
    """Makes a caller whose roles have just these permissions."""

    def make(*permissions, name="bob"):
        held = frozenset(permissions)
        return Principal(name, "organization-default", scopes_of(held), permissions=held)

    return make


@pytest.fixture
def role(world, identity):
    """Makes a role with these permissions; its id."""

    async def make(name, *permissions):
        return (await identity.roles.create(world.admin, name=name, permissions=permissions)).id

    return make


@pytest.fixture
def user(world, identity):
    """Makes a user without a password to speak of."""

    async def make(name="ada", *, scopes=(), role_ids=(), password_hash="$argon2id$made-up"):
        fields = {"scopes": tuple(Scope(scope) for scope in scopes), "role_ids": tuple(role_ids)}
        return await world.catalog.save_one(builders.user(name, password_hash=password_hash, **fields))

    return make
