"""What every store must know about catalog records: who they are, what must be unique, which have a number.

Both stores lean on this, so that they refuse the same things in the same words. Knows no SQL and no dictionary.
The journal's side of a store is in ``stores/family.py``.
"""

from collections.abc import Mapping
from enum import IntEnum

from eventyard.model.catalog import (
    ApiKey,
    Application,
    Organization,
    Project,
    Record,
    Source,
    Subscription,
    Target,
    Topic,
    TopicSchema,
    User,
)
from eventyard.model.errors import Conflict
from eventyard.model.identity import Client, Permission, Realm, Resource, Role, SigningKey
from eventyard.model.products import ProductState
from eventyard.model.rules import Rule
from eventyard.model.schedule import ReleaseState
from eventyard.model.streams import Queue

Numbered = (
    Project
    | Application
    | Topic
    | Source
    | Subscription
    | Target
    | User
    | Client
    | Realm
    | Resource
    | Permission
    | Role
)
"""The records that have a number: journal entries refer to them by it, or a dialect does."""

TYPES: tuple[type[Record], ...] = (
    Organization, Project, Application, Topic, TopicSchema, Source, Target, Subscription, ApiKey, User, Queue,
    ProductState, ReleaseState, Realm, Resource, Permission, Role, Client, SigningKey, Rule,
)  # fmt: skip
"""All record types, owners before what they own."""


class NameKind(IntEnum):
    """What a row of the name table names. The numbers are stored; they never change."""

    PROJECT = 1
    APPLICATION = 2
    TOPIC = 3
    SOURCE = 4
    SUBSCRIPTION = 5
    TARGET = 6
    USER = 7
    CLIENT = 8
    REALM = 9
    RESOURCE = 10
    PERMISSION = 11
    ROLE = 12


NAME_KINDS: Mapping[type[Record], NameKind] = {
    Project: NameKind.PROJECT,
    Application: NameKind.APPLICATION,
    Topic: NameKind.TOPIC,
    Source: NameKind.SOURCE,
    Subscription: NameKind.SUBSCRIPTION,
    Target: NameKind.TARGET,
    User: NameKind.USER,
    Client: NameKind.CLIENT,
    Realm: NameKind.REALM,
    Resource: NameKind.RESOURCE,
    Permission: NameKind.PERMISSION,
    Role: NameKind.ROLE,
}

UNIQUE: Mapping[type[Record], tuple[str, ...]] = {
    Project: ("organization_id", "name"),
    Application: ("project_id", "name"),
    Topic: ("project_id", "name"),
    Source: ("project_id", "name"),
    Target: ("project_id", "name"),
    Subscription: ("source_id", "target_type", "target_id"),
    ApiKey: ("digest",),
    User: ("name",),
    Queue: ("project_id", "name"),
    Realm: ("organization_id", "name"),
    Resource: ("organization_id", "name"),
    Permission: ("resource_id", "name"),
    Role: ("organization_id", "name"),
    Client: ("organization_id", "name"),
    Rule: ("project_id", "name"),
}
"""Fields of which no two records of a type may share all values; a record with ``None`` among them is free."""


def identity(record: Record) -> str:
    """The id under which a record is kept; a schema version has none of its own and takes its topic's."""
    return f"{record.topic_id}/{record.version}" if isinstance(record, TopicSchema) else record.id


def unique_values(record: Record) -> tuple[str, ...] | None:
    """The values that must be unique among records of this type; ``None`` when this one is free."""
    values = tuple(getattr(record, field) for field in UNIQUE.get(type(record), ()))
    return None if not values or None in values else values


def duplicate(record: Record) -> Conflict:
    """The refusal of a record whose unique values are taken, naming them."""
    what = type(record).__name__.lower()
    if isinstance(record, Subscription):
        return Conflict(
            "duplicate",
            f"source {record.source_id!r} has a subscription to {record.target_type} {record.target_id!r} already",
            pointer="/target_id",
        )
    if isinstance(record, ApiKey):
        return Conflict("duplicate", "this API key exists already", hint="make another one")
    name = getattr(record, "name", identity(record))
    return Conflict("duplicate", f"there is a {what} named {name!r} already", pointer="/name")
