"""Who may come in by OAuth 2.0, and what for: clients with their tokens, and roles made of permissions.

A permission is a word on a resource, written ``resource:word``; :class:`eventyard.model.access.Scope` values are
permissions of that form, and mean the same everywhere. Knows no token's format (``wire/jwt.py``) and no verb
(``pipeline/identity/``).
"""

from msgspec import Struct

from eventyard.model.ids import Millis
from eventyard.model.sealed import Sealed


class Client(Struct, frozen=True):
    """A program that proves itself with ``client_id`` and a secret (RFC 6749, 2.3.1), kept as its SHA-256.

    ``application_id`` is the application whose sources it may publish through; an application has one client at most.
    ``token_digest`` is the SHA-256 of its long-lived token, if it has one: then it is given no short-lived ones.
    ``imported_at`` is set where a long-lived token of another system counts too, until a new one is made here.
    ``revoked_at`` bars whatever it presents, until it is restored. ``categories`` are what it may see; ``None``: all.
    """

    id: str
    organization_id: str
    name: str
    client_id: str
    secret_digest: str
    created_at: Millis
    updated_at: Millis
    title: str = ""
    description: str = ""
    role_ids: tuple[str, ...] = ()
    application_id: str | None = None
    token_digest: str | None = None
    imported_at: Millis | None = None
    revoked_at: Millis | None = None
    number: int = 0
    categories: tuple[str, ...] | None = None


class Realm(Struct, frozen=True):
    """Whose resources those are that permissions speak of: the hub's own, or another program's that asks the hub."""

    id: str
    organization_id: str
    name: str
    created_at: Millis
    number: int = 0


class Resource(Struct, frozen=True):
    """What permissions are about: ``event``, ``contract``, ``OAUTH2_user``, …"""

    id: str
    organization_id: str
    realm_id: str
    name: str
    created_at: Millis
    number: int = 0


class Permission(Struct, frozen=True):
    """What may be done with a resource: ``select``, ``create``, …; ``*`` is all of it."""

    id: str
    organization_id: str
    resource_id: str
    name: str
    created_at: Millis
    number: int = 0


class Role(Struct, frozen=True):
    """A set of permissions that users and clients are given by name."""

    id: str
    organization_id: str
    name: str
    created_at: Millis
    permission_ids: tuple[str, ...] = ()
    number: int = 0


class SigningKey(Struct, frozen=True):
    """A key that tokens are signed with. ``retired_at`` ends its signing; what it signed counts until it expires.

    ``private`` is the key itself: a JSON Web Key for ``ES256`` (its public half is published), and for ``HS256`` the
    shared secret of another system, by which that system's long-lived tokens are still known.
    """

    id: str
    organization_id: str
    algorithm: str
    private: Sealed
    created_at: Millis
    public: str = ""
    retired_at: Millis | None = None
