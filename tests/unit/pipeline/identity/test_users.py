"""People with a name and a password."""

import pytest
from msgspec.structs import replace

from eventyard.model.access import EVERYTHING, Principal, Scope
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound, TooMany

HOME = "192.0.2.1"


@pytest.fixture
def users(identity):
    return identity.users


@pytest.fixture
async def ada(world, users):
    return await users.create(world.admin, name="ada", password="correct horse", scopes=["admin"])


def oneself(user):
    return Principal(user.name, user.organization_id, frozenset(), user_id=user.id)


async def test_a_user_is_made_with_a_password_that_is_kept_as_a_hash(world, users, ada):
    assert ada.password_hash.startswith("$argon2id$")
    assert "correct horse" not in repr(ada)
    assert ada.number
    assert users.named("ada") == users.get(world.admin, ada.id) == ada
    assert users.list(world.admin) == [ada]


async def test_the_first_user_of_a_hub_is_a_record_like_any_other(world, users):
    first = users.record("organization-default", "admin", "correct horse", [Scope.ADMIN])
    await world.catalog.save(first)
    assert users.named("admin").scopes == (Scope.ADMIN,)


async def test_names_are_one_of_a_kind(world, users, ada):
    with pytest.raises(Conflict):
        await users.create(world.admin, name="ada", password="x")
    bob = await users.create(world.admin, name="bob", password="x")
    with pytest.raises(Conflict):
        await users.change(world.admin, bob.id, {"name": "ada"})
    assert (await users.change(world.admin, bob.id, {"name": "rob"})).name == "rob"
    assert users.named("bob") is None


@pytest.mark.parametrize("password", ["", "x" * 1025])
async def test_a_password_has_a_length_within_reason(world, users, ada, password):
    for attempt in (
        users.create(world.admin, name="bob", password=password),
        users.change_password(world.admin, ada.id, old="correct horse", new=password),
        users.reset_password(world.admin, ada.id, password),
    ):
        with pytest.raises(Invalid):
            await attempt


async def test_who_knows_the_old_password_sets_a_new_one(identity, users, ada):
    await users.change_password(oneself(ada), ada.id, old="correct horse", new="battery staple", source=HOME)
    assert (await identity.logins.user("ada", "battery staple", HOME)).id == ada.id


async def test_who_does_not_is_refused_and_locked_out(world, users, ada):
    for number in range(5):
        with pytest.raises(Forbidden, match="old password") as refused:
            await users.change_password(oneself(ada), ada.id, old=f"wrong {number}", new="x", source=HOME)
        assert refused.value.pointer == "/old_password"
    with pytest.raises(TooMany):
        await users.change_password(oneself(ada), ada.id, old="correct horse", new="x", source=HOME)


async def test_an_administrator_resets_what_somebody_forgot(world, identity, users, ada, holding):
    await users.reset_password(world.admin, ada.id, "battery staple")
    assert (await identity.logins.user("ada", "battery staple", HOME)).id == ada.id
    with pytest.raises(Forbidden):
        await users.reset_password(holding("OAUTH2_user:*"), ada.id, "mine now")


async def test_nobody_gives_a_user_more_than_they_hold(world, users, role, holding):
    root, reader = await role("root", EVERYTHING), await role("reader", "event:select")
    clerk = holding("OAUTH2_user:*", "event:*")
    bob = await users.create(clerk, name="bob", password="x", role_ids=[reader], scopes=[Scope.EVENTS_READ])
    for attempt in (
        users.create(clerk, name="x", password="x", role_ids=[root]),
        users.create(clerk, name="x", password="x", scopes=[Scope.ADMIN]),
        users.change(clerk, bob.id, {"role_ids": [root]}),
        users.change(clerk, bob.id, {"scopes": [Scope.ADMIN]}),
    ):
        with pytest.raises(Forbidden):
            await attempt
    assert (await users.change(clerk, bob.id, {"role_ids": [], "scopes": []})).role_ids == ()


async def test_everybody_may_look_at_themselves_and_others_are_seen_by_who_may(world, users, ada, holding):
    bob = await users.create(world.admin, name="bob", password="x")
    assert users.get(oneself(bob), bob.id) == bob
    with pytest.raises(Forbidden):
        users.get(oneself(bob), ada.id)
    with pytest.raises(Forbidden):
        users.list(oneself(bob))
    assert users.list(holding("OAUTH2_user:select")) == [ada, bob]


async def test_who_may_not_does_none_of_this(users, ada, holding):
    nobody = holding("OAUTH2_user:select", "OAUTH2_client:*")
    for attempt in (
        users.create(nobody, name="x", password="x"),
        users.change(nobody, ada.id, {"title": "x"}),
        users.change_password(nobody, ada.id, old="correct horse", new="x"),
        users.reset_password(nobody, ada.id, "x"),
        users.remove(nobody, ada.id),
    ):
        with pytest.raises(Forbidden):
            await attempt


async def test_another_organizations_user_is_not_there(world, users, ada):
    assert users.list(world.stranger) == []
    for attempt in (
        users.change(world.stranger, ada.id, {"title": "x"}),
        users.reset_password(world.stranger, ada.id, "x"),
        users.remove(world.stranger, ada.id),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_the_last_administrator_cannot_go(world, users, ada):
    for attempt in (users.remove(world.admin, ada.id), users.change(world.admin, ada.id, {"scopes": []})):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "in_use"
    await users.create(world.admin, name="bob", password="x", scopes=[Scope.ADMIN])
    await users.remove(world.admin, ada.id)
    assert users.named("ada") is None


async def test_nobody_gives_categories_beyond_their_own_nor_takes_the_place_of_who_sees_more(world, identity, user):
    limited = replace(world.admin, categories=frozenset({"a"}))
    made = await identity.users.create(limited, name="bob", password="correct horse", scopes=[])
    assert made.categories == ("a",)
    assert identity.rights.principal(made).categories == {"a"}
    for wanted in (["b"], None):
        with pytest.raises(Forbidden):
            await identity.users.change(limited, made.id, {"categories": wanted})
    whole = await user("whole")
    with pytest.raises(Forbidden):
        await identity.users.reset_password(limited, whole.id, "correct horse")
    changed = await identity.users.change(world.admin, made.id, {"categories": None})
    assert identity.rights.principal(changed).categories is None


async def test_an_administrator_with_categories_is_not_the_last_one(world, identity, user):
    ada = await user("ada", scopes=["admin"])
    with pytest.raises(Conflict) as refused:
        await identity.users.change(world.admin, ada.id, {"categories": ["a"]})
    assert refused.value.code == "in_use"


async def test_a_client_has_the_categories_of_its_maker_and_its_secret_is_not_for_who_sees_less(world, identity):
    limited = replace(world.admin, categories=frozenset({"a"}))
    made, _ = await identity.clients.create(limited, name="ci")
    assert made.categories == ("a",)
    with pytest.raises(Forbidden):
        await identity.clients.change(limited, made.id, {"categories": ["a", "b"]})
    widened = await identity.clients.change(world.admin, made.id, {"categories": ["a", "b"]})
    for verb in (identity.clients.rotate_secret, identity.clients.make_token):
        with pytest.raises(Forbidden):
            await verb(limited, widened.id)
