"""The sheet: one of each, over one catalog."""

from eventyard.model.catalog import Organization
from eventyard.testing.builders import NOW


async def test_what_is_built_in_is_made_for_every_organization(world, identity):
    assert identity.rights.role_named("organization-elsewhere", "admin") is None
    await world.catalog.save(Organization("organization-elsewhere", "elsewhere", NOW))
    await identity.ensure()
    assert identity.rights.role_named("organization-elsewhere", "admin") is not None


async def test_its_parts_know_each_other(world, identity):
    client, secret = await identity.clients.create(world.admin, name="ci")
    proven = identity.logins.client(client.client_id, secret, "192.0.2.1")
    issued = await identity.tokens.issue(proven, issuer="https://hub.example")
    assert identity.tokens.verify(issued.text).principal == identity.rights.principal(client).__class__(
        "ci", "organization-default", frozenset(), client_id=client.id, until=NOW // 1000 * 1000 + 3_600_000
    )
