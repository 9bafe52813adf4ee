import pytest

from eventyard.model.access import Principal, Scope
from eventyard.model.errors import Forbidden, Invalid, NotFound, Unauthenticated
from eventyard.pipeline.keys import PREFIX, Keys, digest_of


@pytest.fixture
def keys(world):
    return Keys(world.catalog, world.clock, world.new_id)


async def test_a_new_key_is_told_once_and_kept_as_a_hash(world, keys):
    key, text = await keys.create(world.admin, name="ci", scopes=[Scope.EVENTS_PUBLISH])
    assert text.startswith(PREFIX)
    assert key.digest == digest_of(text)
    assert text not in repr(key)
    assert keys.by_key(text) == Principal("ci", "organization-default", frozenset({Scope.EVENTS_PUBLISH}), None, key.id)


@pytest.mark.parametrize("text", ["", "eyk_wrong", "x" * 10_000, "\udcff".encode("utf-8", "replace").decode()])
async def test_an_unknown_key_is_nobodys(keys, text):
    with pytest.raises(Unauthenticated):
        keys.by_key(text)


async def test_revoked_and_expired_keys_are_refused_in_the_same_words(world, keys):
    revoked, text = await keys.create(world.admin, name="old", scopes=[Scope.EVENTS_READ])
    keys.by_key(text)
    await keys.revoke(world.admin, revoked.id)
    _, short = await keys.create(world.admin, name="short", scopes=[Scope.EVENTS_READ], expires_at=world.clock.now + 1)
    keys.by_key(short)
    world.clock.now += 1
    said = set()
    for given in (text, short, "eyk_never"):
        with pytest.raises(Unauthenticated) as refused:
            keys.by_key(given)
        said.add(refused.value.message)
    assert len(said) == 1


async def test_nobody_gives_a_right_they_do_not_hold(world, keys):
    limited = world.bound(Scope.KEYS_MANAGE, Scope.EVENTS_READ)
    with pytest.raises(Forbidden):
        await keys.create(limited, name="x", scopes=[Scope.ADMIN])
    key, _ = await keys.create(limited, name="x", scopes=[Scope.EVENTS_READ])
    assert key.project_id == "project-default"


async def test_a_key_without_rights_is_refused(world, keys):
    with pytest.raises(Invalid):
        await keys.create(world.admin, name="x", scopes=[])


async def test_a_bound_manager_sees_and_ends_only_keys_of_their_project(world, keys):
    wide, _ = await keys.create(world.admin, name="wide", scopes=[Scope.EVENTS_READ])
    narrow, _ = await keys.create(world.admin, name="narrow", scopes=[Scope.EVENTS_READ], project_id="default")
    manager = world.bound(Scope.KEYS_MANAGE)
    assert [key.name for key in keys.list(manager)] == ["narrow"]
    with pytest.raises(NotFound):
        await keys.revoke(manager, wide.id)
    await keys.revoke(manager, narrow.id)
    assert keys.list(world.stranger) == []


async def test_a_key_cannot_revoke_itself(world, keys):
    key, text = await keys.create(world.admin, name="root", scopes=[Scope.ADMIN])
    with pytest.raises(Forbidden, match="itself"):
        await keys.revoke(keys.by_key(text), key.id)


async def test_it_is_known_which_texts_are_keys(world, keys):
    _, text = await keys.create(world.admin, name="ci", scopes=[Scope.EVENTS_READ])
    assert keys.has(text)
    assert not keys.has(text + "x")
