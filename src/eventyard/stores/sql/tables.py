"""What is kept, and how it is found again. ``migrations/`` makes these tables; a test holds the two together.

The journal is ``entries`` with its payloads, history lines, attempts and work queue beside it. Five ideas keep it fast
to write and flat to search:

* **Series.** Kind, project, application, topic and name of an entry come in few combinations. Each combination is a row
  of ``series``, and an entry carries its number only. One index, ``by_series``, then answers any search by any of the
  five, by status and by descendants, in any combination, newest first: see ``search.py``.
* **Spans.** Entry ids follow commit order, and so nearly follow time. ``spans`` keeps the first and last moment of each
  block of 4,096 ids; a time range becomes a range of ids, and what a clock that jumped put elsewhere is still found.
* **Tallies.** How many publications there are of each series and endings in each block of ids. A numbered
  page adds them up and looks into the block it begins in: see ``tallies.py`` and ``listing.py``.
* **Born lines.** The history an entry is born with (published: Processing, Complete; delivery: its first status)
  follows from ``born``, ``created_at`` and ``completed_at``, so it is read from there and not written again. Lines that
  come later are rows of ``history``. It saves a fifth of the cost of an append; ``reading.py`` puts the two together.
* **Fresh promises.** Idempotency keys wait in ``fresh``, in the order they came, until neighbours in the table of their
  digests can be written together: see ``fresh.py``.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    literal_column,
    text,
)

from eventyard.model.catalog import Record
from eventyard.stores.records import TYPES, UNIQUE

BUCKET_BITS = 14
"""Event ids are indexed within buckets of 2**14 entries, so that random ids touch few pages of the index at a time."""

SPAN_BITS = 12
"""``spans`` has one row for each 2**12 entries."""

metadata = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")


def _number(name: str, *, key: bool = False, null: bool = False, default: int | None = None) -> Column[int]:
    server_default = None if default is None else text(str(default))
    return Column(name, Number, primary_key=key, nullable=null, server_default=server_default, autoincrement=False)


entries = Table(
    "entries",
    metadata,
    _number("id", key=True),
    _number("series"),
    Column("status", SmallInteger, nullable=False),
    Column("descendants", SmallInteger, nullable=False),
    _number("parent_id", null=True),
    _number("target", null=True),
    Column("born", SmallInteger, nullable=True),
    Column("lines", Integer, nullable=False),
    _number("created_at"),
    _number("completed_at", null=True),
    _number("delayed_ms", default=0),
    _number("children", default=0),
    _number("open", default=0),
    _number("delayed", default=0),
    _number("failed", default=0),
    _number("source_success", default=0),
    _number("source_failed", default=0),
    _number("target_success", default=0),
    _number("target_failed", default=0),
    Column("run_id", Text, nullable=True),
    Column("event_id", Text, nullable=False),
    _number("completed", default=0),
    _number("supersedes", null=True),
)
bucket = entries.c.id.op(">>")(text(str(BUCKET_BITS)))
"""The bucket of an entry, written as the index has it: a bound number there would keep the index from being used."""

Index("by_series", entries.c.series, entries.c.status, entries.c.descendants, entries.c.id)
Index(
    "by_event",
    bucket,
    entries.c.event_id,
    sqlite_where=entries.c.parent_id.is_(None),
)
Index(
    "by_parent",
    entries.c.parent_id,
    entries.c.id,
    sqlite_where=entries.c.parent_id.is_not(None),
)
Index(
    "by_run",
    entries.c.run_id,
    sqlite_where=entries.c.run_id.is_not(None),
)

series = Table(
    "series",
    metadata,
    _number("number", key=True),
    Column("kind", SmallInteger, nullable=False),
    _number("project"),
    _number("application"),
    _number("topic"),
    _number("name"),
)
Index("one_series", series.c.kind, series.c.project, series.c.application, series.c.topic, series.c.name, unique=True)
Index("named_series", series.c.kind, series.c.name, series.c.topic)

names = Table(
    "names",
    metadata,
    _number("number", key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
)
Index("one_name", names.c.kind, names.c.id, unique=True)

spans = Table("spans", metadata, _number("block", key=True), _number("first_at"), _number("last_at"))

tallies = Table(
    "tallies",
    metadata,
    _number("series", key=True),
    Column("endings", SmallInteger, primary_key=True, autoincrement=False),
    _number("block", key=True),
    _number("number"),
    sqlite_with_rowid=False,
)


endings: ColumnElement[int] = literal_column(
    "((entries.completed > 0) + 2 * (entries.children > entries.open + entries.delayed + entries.completed))",
    SmallInteger,
)
"""How the deliveries of a publication ended (``model.lifecycle.Endings``), by its counters."""

payloads = Table(
    "payloads",
    metadata,
    _number("entry_id", key=True),
    Column("attributes", JSON, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

history = Table(
    "history",
    metadata,
    _number("entry_id", key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    _number("at"),
    Column("status", SmallInteger, nullable=False),
    Column("comment", Text, nullable=False),
    Column("actor", Text, nullable=True),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    _number("delivery_id", key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _number("started_at"),
    Column("duration_ms", Float, nullable=False),
    Column("result", SmallInteger, nullable=False),
    Column("status_code", Integer, nullable=True),
    Column("error", Text, nullable=True),
    Column("more", JSON, nullable=True),
    Column("response_body", LargeBinary, nullable=True),
    sqlite_with_rowid=False,
)

members = Table(
    "members",
    metadata,
    _number("root_id", key=True),
    _number("entry_id", key=True),
    sqlite_with_rowid=False,
)
Index("one_run", members.c.entry_id, unique=True)

due = Table(
    "due",
    metadata,
    _number("delivery_id", key=True),
    _number("publication_id"),
    _number("lane"),
    _number("due_at"),
    _number("lease_until"),
    Column("attempt", Integer, nullable=False),
)
Index("by_lane", due.c.lane, due.c.lease_until, due.c.due_at, due.c.delivery_id)

idempotency = Table(
    "idempotency",
    metadata,
    _number("id", key=True),
    Column("rest", LargeBinary, nullable=False),
    _number("entry_id"),
    Column("deliveries", Integer, nullable=False),
    _number("committed_at"),
    _number("expires_at"),
    Column("fingerprint", LargeBinary, nullable=True),
)

fresh = Table("fresh", metadata, _number("last", key=True), Column("promises", LargeBinary, nullable=False))


positions = Table(
    "positions",
    metadata,
    Column("queue_id", Text, primary_key=True),
    Column("position", JSON, nullable=False),
)


def _catalog(record: type[Record]) -> Table:
    fields = UNIQUE.get(record, ())
    table = Table(
        _plural(record),
        metadata,
        Column("id", Text, primary_key=True),
        *(Column(field, Text, nullable=field == "source_id") for field in fields),
        Column("record", JSON, nullable=False),
    )
    if fields:
        Index(f"one_of_{table.name}", *(table.c[field] for field in fields), unique=True)
    return table


def _plural(record: type[Record]) -> str:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in record.__name__).lstrip("_")
    return f"{words}s"


catalog: dict[type[Record], Table] = {record: _catalog(record) for record in TYPES}
"""One table for each type of record: its id, what must be unique, and the rest as JSON."""
