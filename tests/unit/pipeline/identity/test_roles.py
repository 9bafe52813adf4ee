"""Permissions under a name."""

import pytest
from msgspec.structs import replace

from eventyard.model.access import BUILT_IN_ROLES, EVERYTHING, Scope, scopes_of
from eventyard.model.catalog import User
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.identity import Client, Role


async def test_a_role_has_the_permissions_it_is_given(world, identity):
    made = await identity.roles.create(world.admin, name="reader", permissions=["system:select", "event:select"])
    assert made.number
    assert identity.roles.permissions(made) == ["event:select", "system:select"]
    assert identity.roles.get(world.admin, made.id) == made
    assert [role.name for role in identity.roles.list(world.admin)] == [*BUILT_IN_ROLES, "reader"]


async def test_a_scope_is_a_permission_like_any_other(world, identity):
    made = await identity.roles.create(world.admin, name="sender", permissions=["events:publish", "jobs:work"])
    client, _ = await identity.clients.create(world.admin, name="ci", role_ids=[made.id])
    assert identity.rights.principal(client).scopes == {Scope.EVENTS_PUBLISH, Scope.JOBS_WORK}
    again = await identity.roles.create(world.admin, name="sender-too", permissions=["events:publish"])
    assert set(again.permission_ids) < set(made.permission_ids)
    assert [realm.name for realm in identity.resources.realms(world.admin)][1:] == ["eventyard"]


@pytest.mark.parametrize("word", ["admin", "event", "event:", "event:fly", "invoices:print", "", "*"])
async def test_a_permission_that_is_not_there_is_refused(world, identity, word):
    with pytest.raises(Invalid) as refused:
        await identity.roles.create(world.admin, name="x", permissions=["event:select", word])
    assert refused.value.pointer == "/permissions/1"
    assert len(list(world.catalog.all(Role))) == len(BUILT_IN_ROLES)


async def test_nobody_makes_a_role_with_more_than_they_hold(world, identity, holding):
    clerk = holding("OAUTH2_role:*", "event:*")
    made = await identity.roles.create(clerk, name="reader", permissions=["event:select"])
    for permissions in ([EVERYTHING], ["system:select"], ["events:publish"]):
        with pytest.raises(Forbidden):
            await identity.roles.create(clerk, name="x", permissions=permissions)
        with pytest.raises(Forbidden):
            await identity.roles.change(clerk, made.id, {"permissions": permissions})


async def test_what_one_does_not_hold_may_be_left_in_a_role_or_taken_out_of_it(world, identity, holding, role):
    mixed = await role("mixed", "event:select", "system:select")
    clerk = holding("OAUTH2_role:*", "event:*")
    more = await identity.roles.change(clerk, mixed, {"permissions": ["event:create", "system:select"]})
    assert identity.roles.permissions(more) == ["event:create", "system:select"]
    less = await identity.roles.change(clerk, mixed, {"permissions": []})
    assert identity.roles.permissions(less) == []


async def test_names_are_one_of_a_kind(world, identity, role):
    reader = await role("reader")
    with pytest.raises(Conflict):
        await role("reader")
    with pytest.raises(Conflict):
        await identity.roles.change(world.admin, reader, {"name": "admin"})
    assert (await identity.roles.change(world.admin, reader, {"name": "reader"})).name == "reader"


async def test_a_role_that_goes_is_taken_from_everybody(world, identity, user, role):
    reader, other = await role("reader", "event:select"), await role("other")
    ada = await user(role_ids=(reader, other))
    client, _ = await identity.clients.create(world.admin, name="ci", role_ids=[reader])
    await identity.roles.remove(world.admin, reader)
    assert world.catalog.get(User, ada.id).role_ids == (other,)
    assert world.catalog.get(Client, client.id).role_ids == ()


async def test_the_role_admin_stays_as_it_is(world, identity):
    admin = identity.rights.role_named("organization-default", "admin")
    for attempt in (
        identity.roles.remove(world.admin, admin.id),
        identity.roles.change(world.admin, admin.id, {"permissions": []}),
    ):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.code == "reserved_name"


async def test_a_role_is_seen_and_changed_by_who_may_and_in_its_organization_only(world, identity, role, holding):
    reader = await role("reader")
    with pytest.raises(Forbidden):
        identity.roles.list(holding("event:*"))
    with pytest.raises(Forbidden):
        await identity.roles.remove(holding("OAUTH2_role:select"), reader)
    assert identity.roles.list(world.stranger) == []
    for attempt in (
        identity.roles.change(world.stranger, reader, {"name": "x"}),
        identity.roles.remove(world.stranger, reader),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        identity.roles.get(world.stranger, reader)


@pytest.mark.parametrize(
    ("name", "scopes"),
    [
        ("administrator", {Scope.ADMIN}),
        ("designer", {Scope.CATALOG_READ, Scope.CATALOG_WRITE, Scope.EVENTS_READ, Scope.EVENTS_MANAGE}),
        ("operator", {Scope.CATALOG_READ, Scope.EVENTS_READ, Scope.EVENTS_MANAGE}),
        ("monitor", {Scope.CATALOG_READ, Scope.EVENTS_READ}),
    ],
)
async def test_what_is_built_in_comes_to_these_scopes_and_stays(world, identity, name, scopes):
    built_in = identity.rights.role_named("organization-default", name)
    assert scopes_of(identity.rights.of_role(built_in)) == scopes
    for attempt in (
        identity.roles.change(world.admin, built_in.id, {"permissions": []}),
        identity.roles.remove(world.admin, built_in.id),
    ):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.code == "reserved_name"


async def test_a_role_that_somebody_made_under_such_a_name_before_is_theirs(world, identity):
    monitor = identity.rights.role_named("organization-default", "monitor")
    await world.catalog.save(replace(monitor, permission_ids=()))
    await identity.ensure()
    assert identity.roles.permissions(world.catalog.get(Role, monitor.id)) == []
    await identity.roles.change(world.admin, monitor.id, {"permissions": ["event:select"]})
