"""The rows of an eventhos database, as far as they are moved. Moments are milliseconds, UTC.

Columns that came late have defaults, so that an older database is read as well; those unknown here are passed over.
"""

from msgspec import Struct, field

from eventyard.model.ids import Millis


class System(Struct):
    """Table ``system``. ``client_id`` is the row of its client."""

    id: int
    class_: str = field(name="class")
    identifier: str
    name: str
    type: str
    description: str
    created_at: Millis
    updated_at: Millis
    deleted: bool = False
    client_id: int | None = None


class Event(Struct):
    """Table ``event``."""

    id: int
    system_id: int
    identifier: str
    name: str
    operation: str
    description: str
    created_at: Millis
    updated_at: Millis
    deleted: bool = False


class Action(Struct):
    """Table ``action``, beside what ``action_security`` says of it. Both configurations are encrypted."""

    id: int
    system_id: int
    identifier: str
    name: str
    http_configuration: str
    operation: str
    description: str
    created_at: Millis
    updated_at: Millis
    deleted: bool = False
    reply_to: str | None = None


class Security(Struct):
    """Table ``action_security``."""

    action_id: int
    type: str
    updated_at: Millis
    http_configuration: str | None = None


class Contract(Struct):
    """Table ``contract``."""

    id: int
    action_id: int
    event_id: int
    identifier: str
    name: str | None
    active: bool
    order: int | None = 0
    deleted: bool | None = False
    created_at: Millis | None = None
    updated_at: Millis | None = None
    mail_recipients_on_error: str | None = None


class Subject(Struct):
    """Table ``OAUTH2_Subjects``: a user or a client, or both."""

    id: int
    name: str
    description: str = ""


class User(Struct):
    """Table ``OAUTH2_Users``. ``password`` is a bcrypt hash."""

    id: int
    subject_id: int
    username: str
    password: str
    created_at: Millis
    deleted: bool | None = False


class Client(Struct):
    """Table ``OAUTH2_Clients``. ``access_token`` is the bcrypt hash of a long-lived token."""

    id: int
    subject_id: int
    client_id: str
    client_secret: str
    identifier: str
    created_at: Millis
    updated_at: Millis
    access_token: str | None = None
    revoked: bool | None = False
    deleted: bool | None = False


class Role(Struct):
    """Table ``OAUTH2_Roles``."""

    id: int
    identifier: str
    created_at: Millis
    deleted: bool | None = False


class SubjectRole(Struct):
    """Table ``OAUTH2_SubjectRole``."""

    subject_id: int
    roles_id: int


class RolePermission(Struct):
    """Table ``OAUTH2_RolePermission``."""

    roles_id: int
    permissions_id: int


class Permission(Struct, rename={"resource_id": "applicationResource_id"}):
    """Table ``OAUTH2_Permissions``."""

    id: int
    allowed: str
    resource_id: int
    created_at: Millis
    deleted: bool | None = False


class Resource(Struct, rename={"identifier": "resourceIdentifier", "realm_id": "applications_id"}):
    """Table ``OAUTH2_ApplicationResource``."""

    id: int
    identifier: str
    realm_id: int
    created_at: Millis
    deleted: bool | None = False


class Realm(Struct):
    """Table ``OAUTH2_Applications``."""

    id: int
    identifier: str
    created_at: Millis
    deleted: bool | None = False


class Received(Struct):
    """Table ``received_event``."""

    id: int
    event_id: int
    received_request: str
    received_at: Millis


class Executed(Struct):
    """A row of ``contract_exc_detail``, and of its try what tells more than that: both are encrypted, if they are."""

    contract_id: int
    received_event_id: int
    state: str
    attempts: int | None = 0
    is_aborted: bool | None = False
    reply_from: str | None = None
    request: str | None = None
    response: str | None = None


class Original(Struct, frozen=True):
    """All of the database but its log."""

    systems: list[System]
    events: list[Event]
    actions: list[Action]
    securities: list[Security]
    contracts: list[Contract]
    subjects: list[Subject]
    users: list[User]
    clients: list[Client]
    roles: list[Role]
    subject_roles: list[SubjectRole]
    role_permissions: list[RolePermission]
    permissions: list[Permission]
    resources: list[Resource]
    realms: list[Realm]
