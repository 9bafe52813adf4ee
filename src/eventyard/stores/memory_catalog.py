"""The catalog of the in-memory store: records by id, and the names they go by, which outlive them."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from eventyard.model.catalog import Record
from eventyard.stores.records import NAME_KINDS, NameKind, Numbered, duplicate, identity, unique_values


class Name(Struct):
    """What a number stands for."""

    kind: NameKind
    id: str
    name: str


class MemoryCatalog:
    """Records, and the name table: ``names`` by number, from 1."""

    def __init__(self) -> None:
        self.names: dict[int, Name] = {}
        self._records: dict[tuple[type[Record], str], Record] = {}

    def load(self) -> list[Record]:
        """Every record."""
        return list(self._records.values())

    def save(self, records: Sequence[Record]) -> list[Record]:
        """Insert or replace by id, all or none. Raises ``Conflict`` (``duplicate``)."""
        return self.change(records, ())

    def change(self, records: Sequence[Record], removed: Sequence[Record]) -> list[Record]:
        """Insert or replace some by id and delete others, all or none. Raises ``Conflict`` (``duplicate``)."""
        gone = {(type(record), identity(record)) for record in removed}
        left = {key: record for key, record in self._records.items() if key not in gone}
        saved = left | {(type(record), identity(record)): record for record in records}
        taken = set()
        for record in saved.values():
            values = unique_values(record)
            if values is not None and (type(record), values) in taken:
                raise duplicate(record)
            taken.add((type(record), values))
        numbered = [self._name(record) if isinstance(record, Numbered) else record for record in records]
        self._records = saved | {(type(record), identity(record)): record for record in numbered}
        return numbered

    def remove(self, records: Sequence[Record]) -> None:
        """Delete by id; names stay."""
        for record in records:
            self._records.pop((type(record), identity(record)), None)

    def number(self, kind: NameKind, record_id: str) -> int:
        """A record's number in the name table; 0 when it has none."""
        for number, name in self.names.items():
            if (name.kind, name.id) == (kind, record_id):
                return number
        return 0

    def remembered(self, record: Numbered) -> int:
        """The number of a record; one that is in no catalog gets a number to be remembered by."""
        number = record.number or self.number(NAME_KINDS[type(record)], record.id)
        return number or self._name(record).number

    def _name(self, record: Numbered) -> Numbered:
        kind = NAME_KINDS[type(record)]
        number = self.number(kind, record.id) or len(self.names) + 1
        self.names[number] = Name(kind, record.id, record.name)
        return replace(record, number=number)
