"""What can be declared, in the order in which it is made: each kind with what refers to others by name.

The fields themselves are those of the API, asked of the hub's own description of it, so that a hub that knows more lets
more be declared.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from eventyard.model.reserved import is_reserved


class Reference(NamedTuple):
    """A field that names others: under what it is shown, under what it is sent, and of which kind they are.

    A dot leads into a field. Where it is shown as a list it is one.
    """

    field: str
    shown: str
    sent: str
    kind: str


class Kind(NamedTuple):
    """A kind: its word in the API's description, and where it is."""

    name: str
    word: str
    references: Sequence[Reference] = ()
    secret: str | None = None
    """The field that takes a secret; it is shown as the list of those that count."""

    @property
    def path(self) -> str:
        """Of the list."""
        return f"/v1/{self.name}"


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("applications", "Application"),
        Kind("topics", "Topic"),
        Kind(
            "sources",
            "Source",
            (
                Reference("application", "application_id", "application", "applications"),
                Reference("topic", "topic_id", "topic", "topics"),
            ),
            secret="secret",
        ),
        Kind("targets", "Target"),
        Kind(
            "subscriptions",
            "Subscription",
            (
                Reference("application", "application_id", "application", "applications"),
                Reference("topics", "topic_ids", "topics", "topics"),
                Reference("source", "source_id", "source_id", "sources"),
                Reference("target", "target_id", "target_id", "targets"),
                Reference("notify", "notify", "notify", "targets"),
                Reference("schedule.after", "schedule.after", "schedule.after", "subscriptions"),
                Reference(
                    "compound.optional_topics", "compound.optional_topic_ids", "compound.optional_topics", "topics"
                ),
            ),
        ),
        Kind(
            "rules",
            "Rule",
            (
                Reference("sources", "source_ids", "source_ids", "sources"),
                Reference("subscriptions", "subscription_ids", "subscription_ids", "subscriptions"),
                Reference("target", "target_id", "target_id", "targets"),
            ),
        ),
    )
}

UNDECLARED = ("project_id", "target_type")
"""Fields of the API that have no place in a declaration: they follow from others, or from the call."""


class Fields(NamedTuple):
    """The fields of a kind: those that it can be made with, and those that can be changed."""

    new: frozenset[str]
    changed: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Both."""
        return self.new | self.changed


def fields_of(openapi: Mapping[str, Any]) -> dict[str, Fields]:
    """The fields that can be declared, by kind, as the hub's description has them; kinds that it lacks are left out."""
    schemas = openapi["components"]["schemas"]
    return {
        name: Fields(_declarable(kind, schemas[f"New{kind.word}"]), _declarable(kind, schemas[f"{kind.word}Change"]))
        for name, kind in KINDS.items()
        if f"New{kind.word}" in schemas and f"{kind.word}Change" in schemas
    }


def _declarable(kind: Kind, schema: Mapping[str, Any]) -> frozenset[str]:
    fields = set(schema["properties"]) - set(UNDECLARED)
    for reference in kind.references:
        for name in (reference.sent, reference.shown):
            if name in fields:
                fields.discard(name)
                fields.add(reference.field)
    if kind.name == "topics":
        fields.discard("schema_version")
        fields.add("schema")
    return frozenset(fields)


def is_the_hubs(kind: str, record: Mapping[str, Any]) -> bool:
    """Whether the hub made it for itself: nobody declares that."""
    if kind == "topics":
        return is_reserved(record["name"])
    if kind == "subscriptions":
        return str(record["id"]).startswith("rule-")
    return kind == "sources" and record["scheme"] == "internal"
