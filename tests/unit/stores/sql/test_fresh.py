import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from eventyard.model.ids import EntryId, Millis
from eventyard.stores.sql.fresh import NUMBER_BITS, SHELVES, STEP, Fresh, Promise

NOW = 1000
ROUND = SHELVES * STEP


def promise(n: int, expires_at: Millis = NOW + 1) -> Promise:
    """Numbers all over the shelves, as those of digests are."""
    number = n * 0x9E3779B97F4A7C15 % (1 << NUMBER_BITS)
    return Promise(number, b"the rest", EntryId(n), 2, NOW, expires_at, None, f"event-{n}")


def write(fresh: Fresh, promises: Sequence[Promise], now: Millis = NOW) -> None:
    for one in promises:
        fresh.keep(one)
    fresh.write(promises, now)


def filed(connection: sqlite3.Connection) -> set[int]:
    return {entry_id for (entry_id,) in connection.execute("SELECT entry_id FROM idempotency")}


def test_a_promise_is_kept_in_memory_and_found_there_after_a_restart(connection: sqlite3.Connection) -> None:
    write(Fresh(connection), [promise(1), promise(2, NOW)])
    again = Fresh(connection)
    assert [again.get(promise(n).number) for n in (1, 2, 3)] == [promise(1), promise(2, NOW), None]
    assert filed(connection) == set()


def test_with_every_step_the_next_shelf_is_filed(connection: sqlite3.Connection) -> None:
    fresh = Fresh(connection)
    made = [promise(n) for n in range(STEP)]
    write(fresh, made[:-1])
    assert filed(connection) == set()
    write(fresh, made[-1:])
    on_shelf_1 = [one for one in made if one.number >> NUMBER_BITS - 7 == 1]
    assert filed(connection) == {one.entry_id for one in on_shelf_1} != set()
    assert [one for one in made if fresh.get(one.number) is None] == on_shelf_1


def test_each_promise_is_fresh_or_filed_whenever_the_store_is_opened_again(connection: sqlite3.Connection) -> None:
    size, fresh = 1000, Fresh(connection)
    for group in range(2 * ROUND // size):
        write(fresh, [promise(n) for n in range(group * size, group * size + size)])
        if group % 16 == 0:
            fresh = Fresh(connection)
    again, in_table = Fresh(connection), filed(connection)
    for n in range((group + 1) * size):
        assert fresh.get(promise(n).number) is not None or n in in_table
        assert again.get(promise(n).number) is not None or n in in_table
    assert connection.execute("SELECT count(*) FROM fresh").fetchone() == (-(-ROUND // size),)


def test_what_has_expired_is_not_filed(connection: sqlite3.Connection) -> None:
    fresh = Fresh(connection)
    write(fresh, [promise(n, expires_at=NOW + n % 2) for n in range(ROUND)])
    assert filed(connection) == set(range(1, ROUND, 2))


def test_a_newer_promise_takes_the_place_of_the_one_under_its_number(connection: sqlite3.Connection) -> None:
    fresh, over = Fresh(connection), promise(0, NOW)
    write(fresh, [promise(1), *[over] * (ROUND - 1)])
    assert filed(connection) == {1}
    newer = replace(promise(1), entry_id=EntryId(2))
    write(fresh, [newer])
    assert fresh.get(newer.number) == newer
    write(fresh, [over] * ROUND)
    assert filed(connection) == {2}


def test_whoever_adds_promises_sweeps_those_that_are_over_and_no_others(connection: sqlite3.Connection) -> None:
    fresh = Fresh(connection)
    write(fresh, [promise(n, expires_at=NOW + n % 2) for n in range(ROUND)], NOW - 1)
    write(fresh, [promise(n) for n in range(ROUND, 2 * ROUND)])
    assert filed(connection) == {n for n in range(2 * ROUND) if n % 2 or n >= ROUND}
