"""What permissions are made of."""

import pytest

from eventyard.model.access import BUILT_IN_ROLES, EVERYTHING
from eventyard.model.catalog import Organization
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.identity import Permission, Realm, Resource, Role
from eventyard.testing.builders import NOW

BUILT_IN = [
    "event", "system", "action", "contract", "OAUTH2_user", "OAUTH2_client", "OAUTH2_role", "OAUTH2_application",
    "OAUTH2_Permission", "OAUTH2_global",
]  # fmt: skip


def words(identity, resource):
    return [permission.name for permission in identity.resources.permissions(resource)]


async def test_what_eventhos_asks_for_is_built_in(world, identity):
    resources = identity.resources.list(world.admin)
    assert sorted(resource.name for resource in resources) == sorted(BUILT_IN)
    for resource in resources:
        extra = ["retry-aborted"] if resource.name == "event" else []
        assert words(identity, resource) == ["*", "create", "select", "update", "delete", *extra]
    assert [realm.name for realm in identity.resources.realms(world.admin)] == ["OAUTH2_main_application"]
    roles = {role.name: identity.rights.of_role(role) for role in world.catalog.all(Role)}
    assert roles == {name: frozenset(permissions) for name, permissions in BUILT_IN_ROLES.items()}
    assert (next(iter(roles)), roles["admin"]) == ("admin", {EVERYTHING})
    assert all(record.number for kind in (Realm, Resource, Permission, Role) for record in world.catalog.all(kind))


async def test_it_is_made_once_and_again_only_where_it_lacks(world, identity):
    before = {kind: list(world.catalog.all(kind)) for kind in (Realm, Resource, Permission, Role)}
    await identity.ensure()
    assert {kind: list(world.catalog.all(kind)) for kind in before} == before
    gone = next(one for one in world.catalog.all(Permission) if one.name == "retry-aborted")
    await world.catalog.remove(gone)
    await identity.ensure()
    assert "retry-aborted" in words(identity, world.catalog.get(Resource, gone.resource_id))


async def test_each_organization_has_its_own(world, identity):
    await world.catalog.save(Organization("organization-elsewhere", "elsewhere", NOW))
    await identity.ensure()
    own, others = identity.resources.list(world.admin), identity.resources.list(world.stranger)
    assert [r.name for r in own] == [r.name for r in others]
    assert not {r.id for r in own} & {r.id for r in others}


async def test_other_programs_may_have_resources_of_their_own(world, identity):
    shop = await identity.resources.add_realm(world.admin, "shop")
    invoices = await identity.resources.add(world.admin, "invoices", shop.id, ["*", "print"])
    assert (invoices.realm_id, words(identity, invoices)) == (shop.id, ["*", "print"])
    await identity.roles.create(world.admin, name="printer", permissions=["invoices:print"])
    with pytest.raises(Conflict):
        await identity.resources.add(world.admin, "invoices", shop.id)
    with pytest.raises(Conflict):
        await identity.resources.add_realm(world.admin, "shop")


async def test_a_word_that_goes_goes_from_all_roles(world, identity, role):
    realm = identity.resources.realms(world.admin)[0]
    invoices = await identity.resources.add(world.admin, "invoices", realm.id, ["print", "send"])
    clerk = await role("clerk", "invoices:print", "invoices:send", "event:select")
    await identity.resources.say(world.admin, invoices.id, ["print", "archive"])
    assert words(identity, invoices) == ["print", "archive"]
    assert identity.rights.of_role(world.catalog.get(Role, clerk)) == {"invoices:print", "event:select"}
    await identity.resources.remove(world.admin, invoices.id)
    assert identity.rights.of_role(world.catalog.get(Role, clerk)) == {"event:select"}
    assert not [one for one in world.catalog.all(Permission) if one.resource_id == invoices.id]


async def test_what_is_built_in_stays(world, identity):
    event = next(one for one in identity.resources.list(world.admin) if one.name == "event")
    for attempt in (
        identity.resources.remove(world.admin, event.id),
        identity.resources.say(world.admin, event.id, []),
    ):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.code == "reserved_name"
    more = [*words(identity, event), "archive"]
    assert [one.name for one in await identity.resources.say(world.admin, event.id, more)] == more


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\n", "x" * 256])
async def test_a_name_that_could_not_be_told_from_a_permission_is_refused(world, identity, name):
    realm = identity.resources.realms(world.admin)[0]
    for attempt in (
        identity.resources.add(world.admin, name, realm.id),
        identity.resources.add(world.admin, "invoices", realm.id, [name]),
        identity.resources.add_realm(world.admin, name),
    ):
        with pytest.raises(Invalid):
            await attempt


async def test_who_holds_no_permission_for_it_does_none_of_this(world, identity, holding):
    nobody, [realm] = holding("event:*"), identity.resources.realms(world.admin)
    event = identity.resources.list(world.admin)[0]
    for look in (identity.resources.realms, identity.resources.list):
        with pytest.raises(Forbidden):
            look(nobody)
    for attempt in (
        identity.resources.add_realm(nobody, "a"),
        identity.resources.add(nobody, "a", realm.id),
        identity.resources.say(nobody, event.id, []),
        identity.resources.remove(nobody, event.id),
    ):
        with pytest.raises(Forbidden):
            await attempt
    assert identity.resources.list(holding("OAUTH2_role:select"))


async def test_another_organizations_are_not_there(world, identity):
    event, [realm] = identity.resources.list(world.admin)[0], identity.resources.realms(world.admin)
    for attempt in (
        identity.resources.say(world.stranger, event.id, ["*"]),
        identity.resources.remove(world.stranger, event.id),
        identity.resources.add(world.stranger, "a", realm.id),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_one_more_word_is_said_of_a_resource_once(world, identity, holding):
    event = identity.resources.list(world.admin)[0]
    made = await identity.resources.add_word(world.admin, event.id, "archive")
    assert made in identity.resources.permissions(event)
    with pytest.raises(Conflict) as error:
        await identity.resources.add_word(world.admin, event.id, "archive")
    assert error.value.code == "duplicate"
    with pytest.raises(Invalid):
        await identity.resources.add_word(world.admin, event.id, "a:b")
    with pytest.raises(Forbidden):
        await identity.resources.add_word(holding("OAUTH2_Permission:update"), event.id, "sell")
    with pytest.raises(NotFound):
        await identity.resources.add_word(world.stranger, event.id, "sell")
