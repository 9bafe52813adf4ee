"""The plan of a move while it is made: what is there, what is to be there, and what that comes to.

Each record's id follows from what it was called in the other hub, so a second plan finds what the first one brought. A
record that was changed here later than there is kept as it is here; so is one that says the same.
"""

import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.catalog import Project, Record, Target
from eventyard.model.ids import Millis
from eventyard.model.sealed import Sealed
from eventyard.pipeline.vault import Vault
from eventyard.stores.records import identity

SPACE = uuid.UUID("6f0d5c7e-0f5c-5d0c-9d5e-6576656e7468")
"""The name space (RFC 9562, 5.5) of everything that comes from an eventhos."""

R = TypeVar("R", bound=Record)


def id_of(kind: str, name: str) -> str:
    """The id of what was called so."""
    return str(uuid.uuid5(SPACE, f"{kind}/{name}"))


class Verb(StrEnum):
    """What becomes of something."""

    MAKE = "make"
    CHANGE = "change"
    KEEP = "keep"
    LEAVE = "leave"


class Step(Struct, frozen=True):
    """What becomes of one thing, and why, where that is not plain."""

    verb: Verb
    kind: str
    name: str
    why: str = ""


class Note(Struct, frozen=True):
    """What somebody has to know or do about something that moves."""

    kind: str
    name: str
    text: str


class Draft:
    """Collects the steps, and the records that they save."""

    def __init__(self, records: Iterable[Record], project: Project, vault: Vault, now: Millis) -> None:
        """``records`` are those that are there."""
        self.project = project
        self.vault = vault
        self.now = now
        self.steps: list[Step] = []
        self.notes: list[Note] = []
        self.saved: list[Record] = []
        self._records: dict[type[Any], dict[str, Any]] = {}
        for record in records:
            self._add(record)

    @property
    def organization_id(self) -> str:
        """Whose users, clients and roles they are going to be."""
        return self.project.organization_id

    def all(self, kind: type[R]) -> list[R]:
        """Every record of a kind that is there, or going to be."""
        return list(self._records.get(kind, {}).values())

    def get(self, kind: type[R], record_id: str) -> R | None:
        """The one with that id."""
        found: R | None = self._records.get(kind, {}).get(record_id)
        return found

    def find(self, kind: type[R], **fields: Any) -> R | None:
        """The first that has these fields."""
        return next(
            (r for r in self.all(kind) if all(getattr(r, name) == wanted for name, wanted in fields.items())), None
        )

    def leave(self, kind: str, name: str, why: str) -> None:
        """It does not move."""
        self.steps.append(Step(Verb.LEAVE, kind, name, why))

    def keep(self, kind: str, name: str, why: str = "") -> None:
        """It is there already."""
        self.steps.append(Step(Verb.KEEP, kind, name, why))

    def note(self, kind: str, name: str, text: str) -> None:
        """Somebody has to know this."""
        self.notes.append(Note(kind, name, text))

    def put(self, kind: str, wanted: R) -> R:
        """Have it there, as it is wanted unless it was changed here since; the record that is going to be there."""
        name = str(getattr(wanted, "name", kind))
        current = self.get(type(wanted), identity(wanted))
        if current is None:
            return self.make(kind, name, wanted)
        wanted = self._as_is(current, wanted)
        differing = [f for f in wanted.__struct_fields__ if getattr(wanted, f) != getattr(current, f)]
        if not set(differing) - {"updated_at"}:
            self.keep(kind, name)
            return current
        if getattr(current, "updated_at", 0) > getattr(wanted, "updated_at", 0):
            self.keep(kind, name, "changed here since")
            return current
        self.steps.append(Step(Verb.CHANGE, kind, name, ", ".join(f for f in differing if f != "updated_at")))
        return self.add(wanted)

    def make(self, kind: str, name: str, record: R) -> R:
        """It is new."""
        self.steps.append(Step(Verb.MAKE, kind, name))
        return self.add(record)

    def add(self, record: R) -> R:
        """Save it without a word: it comes with something else."""
        self.saved.append(record)
        self._add(record)
        return record

    def _add(self, record: Record) -> None:
        self._records.setdefault(type(record), {})[identity(record)] = record

    def _as_is(self, current: R, wanted: R) -> R:
        """What is wanted, with what only the hub gives, and with the boxes of secrets that say the same."""
        given = {name: getattr(current, name) for name in ("number", "created_at") if hasattr(current, name)}
        if isinstance(wanted, Target) and isinstance(current, Target):
            given["secrets"] = {
                name: current.secrets[name] if self._same(current.secrets.get(name), sealed, wanted.id) else sealed
                for name, sealed in wanted.secrets.items()
            }
        return replace(wanted, **given)

    def _same(self, one: tuple[Sealed, ...] | None, other: tuple[Sealed, ...], owner: str) -> bool:
        return one is not None and [self.vault.open(s, owner) for s in one] == [
            self.vault.open(s, owner) for s in other
        ]


def counts(steps: Iterable[Step]) -> Mapping[str, Mapping[str, int]]:
    """By kind, and by what becomes of it."""
    found: dict[str, dict[str, int]] = {}
    for step in steps:
        by_verb = found.setdefault(step.kind, dict.fromkeys(Verb, 0))
        by_verb[step.verb] += 1
    return found
