"""Programs with a secret that is told once."""

import asyncio
import re

import pytest
from msgspec.structs import replace

from eventyard.model.access import EVERYTHING, Scope
from eventyard.model.catalog import Organization
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.identity import Client
from eventyard.pipeline.identity.clients import digest_of, has_token
from eventyard.testing import builders


@pytest.fixture
def clients(identity):
    return identity.clients


async def test_a_new_client_has_an_id_to_show_and_a_secret_that_is_kept_as_a_hash(world, clients):
    client, secret = await clients.create(world.admin, name="ci", title="CI", description="builds")
    assert re.fullmatch(r"[A-Za-z0-9]{20}::default", client.client_id)
    assert secret.startswith("eys_")
    assert len(secret) > 40
    assert client.secret_digest == digest_of(secret)
    assert secret not in repr(client)
    assert (client.name, client.title, client.description, client.role_ids) == ("ci", "CI", "builds", ())
    assert client.number
    assert clients.known_as(client.client_id) == clients.get(world.admin, client.id) == client


async def test_its_id_names_the_organization_if_that_can_be_part_of_it(world, clients):
    for name, shown in (("acme-2.org", "acme-2.org"), ("Zoë & Söhne", "eventyard"), ("a:b", "eventyard")):
        organization = Organization(f"organization-{shown}", name, builders.NOW)
        await world.catalog.save(organization)
        client, _ = clients.record(organization.id, "ci")
        assert client.client_id.endswith(f"::{shown}")


async def test_the_secret_and_nothing_else_proves_it(world, clients):
    client, secret = await clients.create(world.admin, name="ci")
    assert clients.proves(client, secret)
    for wrong in (secret[:-1], secret + "x", "", client.secret_digest, "\udcff"):
        assert not clients.proves(client, wrong)
    assert not clients.proves(None, secret)


async def test_names_are_one_of_a_kind(world, clients):
    await clients.create(world.admin, name="ci")
    with pytest.raises(Conflict):
        await clients.create(world.admin, name="ci")


async def test_a_new_secret_ends_the_old_one(world, clients):
    client, old = await clients.create(world.admin, name="ci")
    changed, new = await clients.rotate_secret(world.admin, client.id)
    assert (clients.proves(changed, old), clients.proves(changed, new)) == (False, True)
    assert changed.client_id == client.client_id


async def test_a_client_is_revoked_and_restored(world, clients):
    client, _ = await clients.create(world.admin, name="ci")
    assert (await clients.revoke(world.admin, client.id)).revoked_at == world.clock.now
    world.clock.now += 1
    assert (await clients.revoke(world.admin, client.id)).revoked_at == world.clock.now - 1
    assert (await clients.restore(world.admin, client.id)).revoked_at is None


async def test_a_long_lived_token_is_told_once_and_can_be_replaced_and_removed(world, clients):
    client, _ = await clients.create(world.admin, name="ci")
    assert not has_token(client)
    made, text = await clients.make_token(world.admin, client.id)
    assert text.startswith(f"eyl_{client.number}_")
    assert (made.token_digest, has_token(made)) == (digest_of(text), True)
    again, other = await clients.make_token(world.admin, client.id)
    assert again.token_digest == digest_of(other) != digest_of(text)
    assert not has_token(await clients.remove_token(world.admin, client.id))


async def test_a_token_that_was_brought_along_counts_until_there_is_another(world, clients):
    client, _ = await clients.create(world.admin, name="ci")
    imported = builders.replace(client, imported_at=world.clock.now)
    await world.catalog.save(imported)
    assert has_token(imported)
    made, _ = await clients.make_token(world.admin, client.id)
    assert made.imported_at is None


async def test_the_client_of_an_application_is_found_as_it_changes(world, clients):
    shop = await world.catalog.save_one(builders.application("shop"))
    client, _ = await clients.create(world.admin, name="ci", application_id=shop.id)
    assert clients.of(shop.id) == client
    other, _ = await clients.create(world.admin, name="other")
    with pytest.raises(Conflict, match="has the client 'ci'"):
        await clients.assign(world.admin, other.id, shop.id)
    with pytest.raises(Conflict):
        await clients.create(world.admin, name="third", application_id=shop.id)
    assert (await clients.assign(world.admin, client.id, shop.id)).application_id == shop.id
    await clients.assign(world.admin, client.id, None)
    assert clients.of(shop.id) is None
    await clients.assign(world.admin, other.id, shop.id)
    assert clients.of(shop.id).name == "other"
    await clients.remove(world.admin, other.id)
    assert clients.of(shop.id) is None


async def test_a_client_is_assigned_to_an_application_only_while_it_belongs_to_no_other(world, clients):
    shop = await world.catalog.save_one(builders.application("shop"))
    client, _ = await clients.create(world.admin, name="ci", application_id="application-default")
    with pytest.raises(Conflict, match="client 'ci' belongs to the application 'default'"):
        await clients.assign(world.admin, client.id, shop.id)
    assert (await clients.change(world.admin, client.id, {"application_id": shop.id})).application_id == shop.id


async def test_clients_that_were_there_at_the_start_are_found(world, clients):
    client, _ = clients.record("organization-default", "ci", application_id="application-default")
    await world.store.save([client])
    await world.catalog.start()
    assert clients.of("application-default").id == clients.known_as(client.client_id).id == client.id


async def test_an_application_elsewhere_is_not_there(world, clients):
    client, _ = await clients.create(world.admin, name="ci")
    await world.catalog.save(
        builders.project("theirs", organization_id="organization-elsewhere"),
        builders.application("theirs", project_id="project-theirs"),
    )
    with pytest.raises(NotFound):
        await clients.assign(world.admin, client.id, "application-theirs")
    with pytest.raises(NotFound):
        await clients.assign(world.stranger, client.id, None)


async def test_who_writes_the_catalog_gives_an_application_its_client(world, clients):
    client, _ = await clients.create(world.admin, name="ci")
    await clients.assign(world.bound(Scope.CATALOG_WRITE), client.id, "application-default")
    with pytest.raises(Forbidden):
        await clients.assign(world.bound(Scope.KEYS_MANAGE), client.id, None)


async def test_a_change_changes_what_it_names(world, clients, role):
    client, _ = await clients.create(world.admin, name="ci", title="CI")
    reader = await role("reader", "event:select")
    changed = await clients.change(world.admin, client.id, {"title": "Builds", "role_ids": [reader, reader]})
    assert (changed.name, changed.title, changed.role_ids) == ("ci", "Builds", (reader,))
    with pytest.raises(Invalid):
        await clients.change(world.admin, client.id, {})


async def test_nobody_gives_a_client_more_than_they_hold_or_takes_what_it_holds(world, clients, role, holding):
    root, reader = await role("root", EVERYTHING), await role("reader", "event:select")
    clerk = holding("OAUTH2_client:*", "event:*")
    with pytest.raises(Forbidden):
        await clients.create(clerk, name="mine", role_ids=[root])
    own, _ = await clients.create(clerk, name="mine", role_ids=[reader])
    with pytest.raises(Forbidden):
        await clients.change(clerk, own.id, {"role_ids": [root]})
    await clients.rotate_secret(clerk, own.id)
    await clients.make_token(clerk, own.id)
    above, _ = await clients.create(world.admin, name="root", role_ids=[root])
    for attempt in (clients.rotate_secret(clerk, above.id), clients.make_token(clerk, above.id)):
        with pytest.raises(Forbidden):
            await attempt
    kept = await clients.change(clerk, above.id, {"role_ids": [root, reader]})
    assert kept.role_ids == (root, reader)


async def test_only_who_may_let_a_client_publish_for_an_application_takes_the_secret_of_one_that_does(
    world, clients, holding
):
    client, _ = await clients.create(world.admin, name="ci", application_id="application-default")
    clerk = holding("OAUTH2_client:*")
    for attempt in (clients.rotate_secret(clerk, client.id), clients.make_token(clerk, client.id)):
        with pytest.raises(Forbidden, match="catalog:write"):
            await attempt
    writer = replace(clerk, scopes=clerk.scopes | {Scope.CATALOG_WRITE})
    assert (await clients.rotate_secret(writer, client.id))[1]
    await clients.change(world.admin, client.id, {"application_id": None})
    assert (await clients.make_token(clerk, client.id))[1]


async def test_who_may_not_does_none_of_this(world, clients, holding):
    client, _ = await clients.create(world.admin, name="ci")
    nobody = holding("event:*", "OAUTH2_user:*")
    for look in (lambda: clients.list(nobody), lambda: clients.get(nobody, client.id)):
        with pytest.raises(Forbidden):
            look()
    for attempt in (
        clients.create(nobody, name="x"),
        clients.change(nobody, client.id, {"title": "x"}),
        clients.rotate_secret(nobody, client.id),
        clients.revoke(nobody, client.id),
        clients.restore(nobody, client.id),
        clients.make_token(nobody, client.id),
        clients.remove_token(nobody, client.id),
        clients.remove(nobody, client.id),
    ):
        with pytest.raises(Forbidden):
            await attempt


async def test_another_organizations_client_is_not_there(world, clients):
    client, _ = await clients.create(world.admin, name="ci")
    assert clients.list(world.stranger) == []
    assert [one.name for one in clients.list(world.admin)] == ["ci"]
    with pytest.raises(NotFound):
        clients.get(world.stranger, client.id)
    with pytest.raises(NotFound):
        await clients.remove(world.stranger, client.id)


async def test_a_client_cannot_revoke_itself(world, identity, clients, role):
    client, _ = await clients.create(world.admin, name="ci", role_ids=[await role("root", EVERYTHING)])
    with pytest.raises(Conflict, match="itself"):
        await clients.revoke(identity.rights.principal(client), client.id)


async def test_of_two_changes_at_the_same_time_neither_is_lost(world, clients, slow_disk):
    client, _ = await clients.create(world.admin, name="ci")
    await asyncio.gather(
        clients.change(world.admin, client.id, {"title": "CI"}),
        clients.revoke(world.admin, client.id),
        clients.make_token(world.admin, client.id),
    )
    left = world.catalog.get(Client, client.id)
    assert (left.title, left.revoked_at is None, has_token(left)) == ("CI", False, True)
