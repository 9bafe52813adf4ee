"""Roles come to permissions, permissions to scopes, and nobody to more than they were given."""

import pytest

from eventyard.model.access import EVERYTHING, Scope
from eventyard.model.catalog import User
from eventyard.model.errors import Conflict, Forbidden, NotFound
from eventyard.model.identity import Role


async def test_what_somebody_may_do_is_what_their_roles_say_together(identity, user, role):
    ada = await user(role_ids=(await role("reader", "event:select"), await role("editor", "event:update")))
    principal = identity.rights.principal(ada)
    assert principal.permissions == {"event:select", "event:update"}
    assert principal.scopes == {Scope.EVENTS_READ}
    assert (principal.name, principal.user_id, principal.client_id) == ("ada", "user-ada", None)
    assert [one.name for one in identity.rights.roles(ada)] == ["reader", "editor"]


async def test_a_user_who_is_an_administrator_counts_as_one_with_the_role(identity, user):
    ada = await user(scopes=["admin"])
    assert [one.name for one in identity.rights.roles(ada)] == ["admin"]
    assert identity.rights.permissions(ada) == {EVERYTHING}


async def test_a_client_with_the_role_admin_may_do_everything(world, identity):
    admin = identity.rights.role_named("organization-default", "admin")
    client, _ = await identity.clients.create(world.admin, name="root", role_ids=[admin.id])
    principal = identity.rights.principal(client)
    assert (principal.scopes, principal.client_id) == ({Scope.ADMIN}, client.id)


async def test_a_change_of_a_role_counts_at_once(world, identity, user, role):
    ada = await user(role_ids=(given := await role("reader", "event:select"),))
    assert Scope.EVENTS_READ in identity.rights.principal(ada).scopes
    await identity.roles.change(world.admin, given, {"permissions": ["system:select"]})
    assert identity.rights.principal(ada).permissions == {"system:select"}
    await identity.roles.remove(world.admin, given)
    assert identity.rights.principal(world.catalog.get(User, ada.id)).permissions == frozenset()


async def test_what_is_another_organizations_is_not_there(world, identity, role):
    reader = await role("reader", "event:select")
    with pytest.raises(NotFound, match="there is no role"):
        identity.rights.find(Role, world.stranger, reader)
    with pytest.raises(NotFound):
        identity.rights.need_roles(world.stranger, [reader])


async def test_a_role_is_given_only_by_who_holds_all_of_it(world, identity, role, holding):
    reader, root = await role("reader", "event:select"), await role("root", EVERYTHING)
    assert identity.rights.need_roles(holding("event:*"), [reader, reader]) == (reader,)
    for giver, wanted in ((holding("event:create"), reader), (holding("event:*"), root)):
        with pytest.raises(Forbidden):
            identity.rights.need_roles(giver, [wanted])


async def test_above_somebody_is_who_holds_all_that_they_do(world, identity, user, holding):
    ada = await user(scopes=["admin"])
    bob = await user("bob", scopes=["events:read"])
    identity.rights.need_above(world.admin, ada)
    identity.rights.need_above(world.bound(Scope.EVENTS_READ), bob)
    for caller in (holding("system:select"), world.bound(Scope.KEYS_MANAGE)):
        with pytest.raises(Forbidden):
            identity.rights.need_above(caller, ada)
        with pytest.raises(Forbidden):
            identity.rights.need_above(caller, bob)


async def test_the_last_administrator_stays_one_however_they_came_to_be_it(world, identity, user, role):
    root = await role("root", EVERYTHING)
    ada = await user(role_ids=(root,))
    for attempt in (
        identity.users.remove(world.admin, ada.id),
        identity.users.change(world.admin, ada.id, {"role_ids": []}),
        identity.roles.remove(world.admin, root),
        identity.roles.change(world.admin, root, {"permissions": ["event:*"]}),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "in_use"
    await user("bob", scopes=["admin"])
    await identity.roles.remove(world.admin, root)


async def test_where_no_user_is_an_administrator_none_has_to_be(world, identity, user):
    ada = await user()
    await identity.users.remove(world.admin, ada.id)
