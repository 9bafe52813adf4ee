"""What a search looks for, as query parameters of a list or as the ``filter`` of a bulk call. Both say the same.

Kinds and statuses are read leniently: any case, spaces and hyphens for underscores, several with commas or repeated.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import Field, WithJsonSchema

from eventyard.api.v1.bodies import EVERYWHERE, Body, Moment, Ref
from eventyard.api.v1.entries import KINDS, STATUSES
from eventyard.model.errors import Invalid
from eventyard.model.lifecycle import Descendants
from eventyard.pipeline.search import MAX_ENTRY_ID
from eventyard.wire.cloudevents import ATTRIBUTE_LIMIT

E = TypeVar("E", bound=Enum)

SAME = (
    "topic", "application", "name", "contains", "event_id", "entry_id", "parent_id", "run_id", "application_number",
    "any",
)  # fmt: skip
"""What a ``Query`` calls by the same name, and takes as it is."""

DESCENDANTS = {state.name.lower(): state for state in Descendants}
KindWord = Annotated[str, WithJsonSchema({"type": "string", "enum": list(KINDS)})]
StatusWord = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
DescendantsWord = Annotated[str, WithJsonSchema({"type": "string", "enum": list(DESCENDANTS)})]
"""Texts that are read leniently, and described as strict ones."""

Text = Annotated[str, Field(min_length=1, max_length=255)]
EventId = Annotated[str, Field(min_length=1, max_length=ATTRIBUTE_LIMIT)]
EntryNumber = Annotated[int, Field(ge=1, le=MAX_ENTRY_ID)]


class Criteria:
    """The query parameters of a search. A dependency of the routes that take them."""

    def __init__(
        self,
        kind: Annotated[list[KindWord] | None, Query(description="Any of these kinds.")] = None,
        status: Annotated[list[StatusWord] | None, Query(description="Any of these statuses.")] = None,
        descendants: Annotated[
            list[DescendantsWord] | None, Query(description="Publications whose deliveries come to this.")
        ] = None,
        topic: Annotated[Text | None, Query(description="Name of the topic.")] = None,
        application: Annotated[Text | None, Query(description="Name of the application.")] = None,
        name: Annotated[Text | None, Query(description="Name of the source or subscription.")] = None,
        contains: Annotated[bool, Query(description="The three names may match in part.")] = False,
        event_id: Annotated[EventId | None, Query(description="The event's own id.")] = None,
        entry_id: Annotated[EntryNumber | None, Query(description="The journal's id.")] = None,
        parent_id: Annotated[EntryNumber | None, Query(description="Deliveries of this publication.")] = None,
        run_id: Annotated[Text | None, Query(description="What a worker called its run.")] = None,
        application_number: Annotated[
            EntryNumber | None, Query(description="Number of the application: DIH's `partnerId`, eventhos' system id.")
        ] = None,
        any: Annotated[bool, Query(description="One of all these will do; project and times hold all the same.")] = (
            False
        ),
        from_: Annotated[Moment | None, Query(alias="from", description="Created not before.")] = None,
        to: Annotated[Moment | None, Query(description="Created not after.")] = None,
    ) -> None:
        self.fields = criteria(
            {
                "kind": kind, "status": status, "descendants": descendants, "topic": topic, "application": application,
                "name": name, "contains": contains, "event_id": event_id, "entry_id": entry_id, "parent_id": parent_id,
                "run_id": run_id, "application_number": application_number, "any": any, "from": from_, "to": to,
            },
            at="",
        )  # fmt: skip


class Filter(Body):
    """What a bulk call is about: the same as the parameters of a search."""

    project_id: Ref | None = Field(default=None, description=EVERYWHERE)
    status: StatusWord | list[StatusWord] | None = None
    descendants: DescendantsWord | list[DescendantsWord] | None = None
    topic: Text | None = None
    application: Text | None = None
    name: Text | None = None
    contains: bool = False
    event_id: EventId | None = None
    entry_id: EntryNumber | None = None
    parent_id: EntryNumber | None = None
    run_id: Text | None = None
    application_number: EntryNumber | None = None
    any: bool = False
    from_: Moment | None = Field(default=None, alias="from")
    to: Moment | None = None

    def criteria(self) -> dict[str, Any]:
        """The fields of a ``Query``."""
        given = {(field.alias or name): getattr(self, name) for name, field in type(self).model_fields.items()}
        return criteria(given, at="/filter/")


class EntryFilter(Filter):
    """The same, for a call that is about entries of every kind."""

    kind: KindWord | list[KindWord] | None = None


def criteria(given: Mapping[str, Any], *, at: str) -> dict[str, Any]:
    """The fields of a ``Query``.

    Raises ``Invalid`` naming the field, below ``at``, that holds no known word, or an end before the beginning.
    """
    found: dict[str, Any] = {name: given[name] for name in SAME if given.get(name) is not None}
    for name, field, words in (
        ("kind", "kinds", KINDS), ("status", "statuses", STATUSES), ("descendants", "descendants", DESCENDANTS),
    ):  # fmt: skip
        if given.get(name):
            found[field] = members_of(given[name], words, at + name)
    for name, field in (("from", "created_from"), ("to", "created_to")):
        if given.get(name) is not None:
            found[field] = given[name]
    begun = found.get("created_from")
    if begun is not None and found.get("created_to", begun) < begun:
        raise Invalid(_code(at), "the time ends before it begins", pointer=at + "to")
    return found


def members_of(given: str | Iterable[str], words: Mapping[str, E], pointer: str) -> tuple[E, ...]:
    """What the words stand for, each once. Raises ``Invalid`` naming one that is none."""
    members = []
    for text in (given if isinstance(given, str) else ",".join(given)).split(","):
        word = text.strip().lower().replace(" ", "_").replace("-", "_")
        if word not in words:
            message = f"there is no {pointer.rpartition('/')[2]} {text!r:.80}"
            raise Invalid(_code(pointer), message, pointer=pointer, hint=f"one of: {', '.join(words)}")
        members.append(words[word])
    return tuple(dict.fromkeys(members))


def _code(pointer: str) -> str:
    return "invalid_body" if pointer.startswith("/") else "invalid_parameter"
