"""Leases on due deliveries: claimed, prolonged, counted, given up.

The work queue is read target by target along ``by_lane`` (lane, lease_until, due_at): what nobody has stands first and
in order of its due time, what somebody lost follows in order of the lost lease. So a claim costs what it takes, and a
target with a million waiting deliveries does not slow another's.
"""

import sqlite3
from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Claimed, HistoryLine, Waiting
from eventyard.model.lifecycle import Status, Trigger, after
from eventyard.stores.family import lost_attempt, taken
from eventyard.stores.records import NameKind
from eventyard.stores.sql.append import event_of
from eventyard.stores.sql.changes import Changes
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.statements import id_list, one_document, update
from eventyard.stores.sql.tables import due, names

_CLAIMABLE = """
SELECT json_group_array(json_array(delivery_id, publication_id, due_at, lease_until, attempt,
  (SELECT length(data) FROM payloads WHERE entry_id = publication_id))) FROM (
  SELECT * FROM (SELECT * FROM due WHERE lane = :lane AND lease_until = 0 AND due_at <= :now
                 ORDER BY due_at, delivery_id LIMIT :places)
  UNION ALL
  SELECT * FROM (SELECT * FROM due WHERE lane = :lane AND lease_until BETWEEN 1 AND :now AND due_at <= :now
                 ORDER BY lease_until, due_at, delivery_id LIMIT :places)
  ORDER BY due_at, delivery_id LIMIT :places)
"""
_LEASE = update("due", "delivery_id, lease_until, attempt")
_PAYLOADS = "SELECT entry_id, attributes, data FROM payloads WHERE entry_id IN (SELECT value FROM json_each(?))"


def claim(
    connection: sqlite3.Connection, known: Known, room: Mapping[int, int], lease_until: Millis, now: Millis
) -> list[Claimed]:
    """Lease, for each target number, at most so many deliveries that are due and free; none beyond ``CLAIM_BYTES``."""
    found = []
    for lane, places in room.items():
        wanted = {"lane": lane, "now": now, "places": places}
        rows = one_document(connection.execute(_CLAIMABLE, wanted))
        found += [(lane, *row) for row in taken((row, size) for *row, size in rows)]
    if not found:
        return []
    changes = Changes(connection, {row[1] for row in found})
    events = {
        entry_id: event_of(attributes, data)
        for entry_id, attributes, data in connection.execute(_PAYLOADS, (id_list({row[2] for row in found}),))
    }
    leases, claimed = [], []
    for lane, delivery_id, publication_id, due_at, lost_at, number in found:
        entry = changes.get(delivery_id)
        assert entry is not None
        if lost_at:
            changes.attempt(delivery_id, lost_attempt(number, due_at))
        if entry.status is not Status.PROCESSING:
            changes.line(entry, HistoryLine(now, after(entry.status, Trigger.START)))
        attempt = number + 1 if lost_at else number
        leases += [delivery_id, lease_until, attempt]
        claimed.append(
            Claimed(
                entry_id=EntryId(delivery_id),
                publication_id=EntryId(publication_id),
                subscription_id=known.record_id(known.meaning(entry.series).name),
                target_number=lane,
                attempt=attempt,
                due_at=due_at,
                lease_until=lease_until,
                event=events[publication_id],
                status=entry.status,
                lost=bool(lost_at),
            )
        )
    changes.write()
    _LEASE.run(connection, leases)
    return claimed


def extend(connection: sqlite3.Connection, entry_id: EntryId, lease_until: Millis, now: Millis) -> bool:
    """Prolong a lease that is still held."""
    cursor = connection.execute(
        "UPDATE due SET lease_until = ? WHERE delivery_id = ? AND lease_until > ?", (lease_until, entry_id, now)
    )
    return cursor.rowcount == 1


def release(connection: sqlite3.Connection) -> int:
    """Give up every lease, without counting an attempt as lost."""
    return connection.execute("UPDATE due SET lease_until = 0 WHERE lease_until > 0").rowcount


def waiting(connection: Connection) -> list[Waiting]:
    """Per target, from when on a claim would find something: two look-ups for each, however many wait."""
    found = []
    for number, unleased, leased in connection.execute(_WAITING):
        moments = [moment for moment in (unleased, leased) if moment is not None]
        if moments:
            found.append(Waiting(number, min(moments)))
    return found


_IN_LANE = due.c.lane == names.c.number
_UNLEASED = select(func.min(due.c.due_at)).where(_IN_LANE, due.c.lease_until == 0).scalar_subquery()
_LEASED = select(func.min(due.c.lease_until)).where(_IN_LANE, due.c.lease_until > 0).scalar_subquery()
_WAITING = (
    select(names.c.number, _UNLEASED, _LEASED).where(names.c.kind == int(NameKind.TARGET)).order_by(names.c.number)
)
