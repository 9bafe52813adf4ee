"""Identity on one sheet: what the front doors ask for when it is about who may come in."""

from collections.abc import Callable

from msgspec import Struct

from eventyard.model.catalog import Organization
from eventyard.model.ids import Millis
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.identity.clients import Clients
from eventyard.pipeline.identity.lockout import Lockout
from eventyard.pipeline.identity.logins import Logins
from eventyard.pipeline.identity.passwords import Passwords
from eventyard.pipeline.identity.resources import Resources
from eventyard.pipeline.identity.rights import Rights
from eventyard.pipeline.identity.roles import Roles
from eventyard.pipeline.identity.signing import SigningKeys
from eventyard.pipeline.identity.tokens import Tokens
from eventyard.pipeline.identity.users import Users
from eventyard.pipeline.vault import Vault
from eventyard.ports import Clock


class Identity(Struct, frozen=True):
    """Who may come in."""

    catalog: Catalog
    rights: Rights
    clients: Clients
    users: Users
    roles: Roles
    resources: Resources
    tokens: Tokens
    signing: SigningKeys
    logins: Logins
    lockout: Lockout

    async def ensure(self) -> None:
        """Make what is built in, in every organization."""
        for organization in list(self.catalog.all(Organization)):
            await self.resources.ensure(organization.id)


def identity(
    catalog: Catalog, vault: Vault, clock: Clock, new_id: Callable[[], str], *, lifetime_ms: Millis = 3_600_000
) -> Identity:
    """All of it over a catalog. ``lifetime_ms`` is how long a token counts of which nothing else is said."""
    rights = Rights(catalog)
    clients = Clients(catalog, rights, clock, new_id)
    resources = Resources(catalog, rights, clock, new_id)
    passwords = Passwords()
    lockout = Lockout(clock)
    logins = Logins(catalog, clients, passwords, lockout)
    signing = SigningKeys(catalog, vault, clock, new_id)
    return Identity(
        catalog=catalog,
        rights=rights,
        clients=clients,
        users=Users(catalog, rights, passwords, logins, clock, new_id),
        roles=Roles(catalog, rights, resources, clock, new_id),
        resources=resources,
        tokens=Tokens(catalog, rights, clients, signing, clock, lifetime_ms=lifetime_ms),
        signing=signing,
        logins=logins,
        lockout=lockout,
    )
