"""A process that is killed at any instant loses nothing it acknowledged, and leaves nothing half done.

A child appends, records and keeps positions as fast as it can and prints what was acknowledged. It is killed, the
journal is opened again, and the next child goes on in the same file.
"""

import os
import random
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Kind, Status
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

ROUNDS = 8

CHILD = """
import asyncio, sys
from contextlib import AsyncExitStack
from pathlib import Path
from eventyard.model.streams import Position
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()

async def work(store, scene, worker, first):
    for n in range(1_000_000):
        event = b.event(bytes(300), id=f"{first}-{worker}-{n}")
        deliveries = [scene.delivery()] * (n % 3)
        made = await store.append(scene.publication(event, deliveries, idempotency=(b.idempotency(event.id),)))
        say("event", made.entry_id, made.event_id, made.deliveries)
        for child in range(made.entry_id + 1, made.entry_id + 1 + made.deliveries):
            await store.record(b.delivered(child, made.entry_id))
            say("done", child)

async def walk(store, first):
    for n in range(1_000_000):
        cursor = int(first) * 1_000_000 + n
        await store.keep([Position(f"q-{queue}", cursor) for queue in range(300)])
        say("kept", cursor)

async def main(path, first):
    async with AsyncExitStack() as stack:
        store = SqliteStore(Path(path), HandClock())
        await store.start(stack)
        scene = await b.saved(store)
        await asyncio.gather(walk(store, first), *(work(store, scene, worker, first) for worker in range(16)))

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def acknowledged(path: Path, round_: int, lines: int) -> list[list[str]]:
    """What a child acknowledged before it was killed, which is after about so many lines."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(round_)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)]
    os.kill(child.pid, signal.SIGKILL)
    said += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    return [line.split() for line in said if line.endswith("\n")]


async def check(path: Path, words: list[list[str]]) -> None:
    """Everything acknowledged is there with all that belongs to it, and so is everything else that is there."""
    async with AsyncExitStack() as stack:
        store = SqliteStore(path, HandClock())
        await store.start(stack)
        scene = await b.saved(store)
        kept = max((int(cursor) for kind, cursor, *_ in words if kind == "kept"), default=0)
        cursors = {position.cursor for position in await store.positions()}
        assert len(cursors) <= 1
        assert kept <= max(cursors, default=0)
        for kind, entry_id, *rest in words:
            if kind == "kept":
                continue
            detail = await store.detail(EntryId(int(entry_id)))
            if kind == "done":
                assert detail.entry.status is Status.COMPLETE
                assert len(detail.attempts) == 1
            else:
                event_id, deliveries = rest
                assert detail.entry.event_id == event_id
                assert detail.event is not None
                assert len(detail.children) == int(deliveries)
        query = Query(projects=(scene.project.number,), kinds=(Kind.PUBLICATION,), limit=500)
        for entry in (await store.find(query)).entries:
            detail = await store.detail(entry.id)
            assert detail.event is not None
            assert len(detail.children) == int(entry.event_id.rpartition("-")[2]) % 3
            key = b.idempotency(entry.event_id)
            again = await store.append(scene.publication(idempotency=(key,)))
            assert (again.entry_id, again.duplicate) == (entry.id, True)


async def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path) -> None:
    chance = random.Random(7)
    path = tmp_path / "journal.db"
    for round_ in range(ROUNDS):
        words = acknowledged(path, round_, chance.randrange(1, 1_500))
        assert words
        await check(path, words)
