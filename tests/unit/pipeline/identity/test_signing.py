"""Keys that sign: one at a time, sealed, and remembered as long as what they signed counts."""

import asyncio
import json

import pytest

from eventyard.model.access import Scope
from eventyard.model.errors import Forbidden, Unavailable
from eventyard.model.identity import SigningKey
from eventyard.pipeline.identity.signing import LONGEST_MS, SigningKeys
from eventyard.pipeline.vault import Vault
from eventyard.wire.jwt import sign, verify

HERE = "organization-default"


@pytest.fixture
def keys(identity):
    return identity.signing


async def test_there_is_none_until_one_is_needed_and_then_always_the_same(world, keys):
    assert not list(world.catalog.all(SigningKey))
    assert keys.published() == []
    first = await keys.current(HERE)
    assert await keys.current(HERE) is first
    assert (await keys.current("organization-elsewhere")).id != first.id


async def test_of_many_who_need_the_first_one_at_once_each_gets_the_same(world, keys, slow_disk):
    made = await asyncio.gather(*(keys.current(HERE) for _ in range(20)))
    assert len({key.id for key in made}) == len(list(world.catalog.all(SigningKey))) == 1


async def test_the_private_half_is_sealed_and_the_public_half_is_published(world, keys):
    key = await keys.current(HERE)
    [record] = world.catalog.all(SigningKey)
    assert "d" in json.loads(world.vault.open(record.private, record.id))
    [shown] = keys.published()
    assert shown == json.loads(record.public)
    assert (shown["kid"], shown["alg"], "d" in shown) == (key.id, "ES256", False)


async def test_after_a_restart_it_is_opened_again(world, keys):
    token = sign({"a": 1}, await keys.current(HERE))
    again = SigningKeys(world.catalog, world.vault, world.clock, world.new_id)
    key = await again.current(HERE)
    assert verify(token, again.known(key.id), world.clock.now) == {"a": 1}


async def test_without_the_key_file_nothing_is_signed_and_everything_verified(world, keys):
    token = sign({"a": 1}, await keys.current(HERE))
    lost = SigningKeys(world.catalog, Vault([b"x" * 32]), world.clock, world.new_id)
    with pytest.raises(Unavailable) as refused:
        await lost.current(HERE)
    assert refused.value.code == "secret_unreadable"
    [record] = world.catalog.all(SigningKey)
    assert verify(token, lost.known(record.id), world.clock.now) == {"a": 1}


async def test_what_a_retired_key_signed_counts_until_it_has_expired_for_sure(world, keys):
    old = await keys.current(HERE)
    await keys.rotate(world.admin)
    new = await keys.current(HERE)
    assert new.id != old.id
    assert {key["kid"] for key in keys.published()} == {old.id, new.id}
    world.clock.now += LONGEST_MS - 1
    assert keys.known(old.id) is not None
    world.clock.now += 1
    assert keys.known(old.id) is None
    assert [key["kid"] for key in keys.published()] == [new.id]
    await keys.rotate(world.admin)
    assert old.id not in {record.id for record in world.catalog.all(SigningKey)}


async def test_only_an_administrator_rotates_and_only_their_own(world, keys):
    theirs = await keys.current("organization-elsewhere")
    with pytest.raises(Forbidden):
        await keys.rotate(world.bound(Scope.KEYS_MANAGE))
    await keys.rotate(world.admin)
    assert (await keys.current("organization-elsewhere")).id == theirs.id


async def test_another_systems_secret_verifies_and_is_never_published_or_signed_with(world, keys):
    record = keys.record(HERE, "the secret of another system")
    await world.catalog.save(record)
    [shared] = keys.imported()
    assert (shared.id, shared.algorithm, shared.material) == (record.id, "HS256", b"the secret of another system")
    assert keys.published() == []
    assert (await keys.current(HERE)).algorithm == "ES256"
    await keys.rotate(world.admin)
    assert keys.imported() == [shared]


def test_a_key_that_is_not_there_is_not_known(keys):
    assert keys.known("nobody") is None
