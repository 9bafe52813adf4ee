"""The parts of a move that need no server. The whole of it is in ``tests/moving``."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventyard.app import JOURNAL_FILE
from eventyard.cli.failure import Failure
from eventyard.cli.moving import rows
from eventyard.cli.moving.move import Asked, move, plan
from eventyard.config import Settings
from eventyard.ports import Egress
from eventyard.targets.request import RequestTarget
from tests.moving.original import boxed
from tests.unit.cli.moving.others import action, client, contract, draft, event, original, system, told, user


class There:
    """A database without a log."""

    def __init__(self, found: rows.Original) -> None:
        self._found = found

    def original(self) -> rows.Original:
        return self._found


@contextmanager
def unseen(total: int) -> Iterator[Callable[[int], None]]:
    yield lambda number: None


async def refused(data: Path, found: rows.Original, asked: Asked, **settings: object) -> Failure:
    with pytest.raises(Failure) as failed:
        await move(Settings(data=data, **settings), There(found), asked, unseen)  # type: ignore[arg-type]
    return failed.value


def test_things_are_planned_before_what_hangs_on_them() -> None:
    there = original(
        roles=[rows.Role(1, "reader", 1)], users=[user()], systems=[system(client_id=1)], clients=[client()],
        events=[event()], actions=[action()], contracts=[contract()],
    )  # fmt: skip
    made = draft()
    moved = plan(made, there, None, None, RequestTarget(Egress()))
    kinds = [kind for _, kind, *_ in told(made)]
    assert kinds == ["role", "user", "system", "client", "event", "action", "contract"]
    assert moved.subscriptions[1].target_id == moved.targets[1].id


async def test_a_hub_must_be_there(tmp_path: Path) -> None:
    failure = await refused(tmp_path, original(), Asked())
    assert failure.message == f"there is no journal at {tmp_path / JOURNAL_FILE}"
    assert failure.hint == "make one with: eventyard init"


async def test_a_journal_of_an_older_version_is_not_upgraded_by_the_way(hub: Path) -> None:
    with sqlite3.connect(hub / JOURNAL_FILE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert (await refused(hub, original(), Asked())).hint == "run: eventyard db upgrade"


async def test_a_key_that_opens_nothing_is_not_the_key(hub: Path) -> None:
    long = "so long that no wrong key makes a text of it"
    there = original(clients=[client(secret=boxed(long))], actions=[action(http=boxed({"url": long}))])
    failure = await refused(hub, there, Asked(crypto_key="wrong"))
    assert failure.message == "nothing in the database can be decrypted with this --crypto-key"


async def test_the_log_needs_the_key(hub: Path) -> None:
    assert "--with-log needs --crypto-key" in (await refused(hub, original(), Asked(with_log=True))).message


async def test_the_project_must_be_there(hub: Path) -> None:
    failure = await refused(hub, original(), Asked(), eventhos={"project": "elsewhere"})
    assert failure.message == "there is no project 'elsewhere'"
