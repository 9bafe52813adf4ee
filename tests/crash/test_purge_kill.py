"""A purge that is killed again and again takes whole families, and the last round ends it."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec.structs import replace

from eventyard.app import JOURNAL_FILE
from eventyard.model.retention import Retention
from eventyard.stores.sql.store import SqliteStore
from eventyard.testing import builders as b
from eventyard.testing.fakes import HandClock

FAMILIES = 500
LONG_AGO = b.NOW - 400 * 86_400_000
KILLS = 3

COUNT = "SELECT count(*) FROM entries"
BROKEN = {
    "a delivery without its publication": """
        SELECT count(*) FROM entries AS child WHERE parent_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM entries WHERE id = child.parent_id)""",
    "a publication without all of its deliveries": """
        SELECT count(*) FROM entries AS root WHERE parent_id IS NULL
        AND children <> (SELECT count(*) FROM entries WHERE parent_id = root.id)""",
    "a publication without its payload": """
        SELECT count(*) FROM entries WHERE parent_id IS NULL AND id NOT IN (SELECT entry_id FROM payloads)""",
    "a payload of nothing": "SELECT count(*) FROM payloads WHERE entry_id NOT IN (SELECT id FROM entries)",
    "a history of nothing": "SELECT count(*) FROM history WHERE entry_id NOT IN (SELECT id FROM entries)",
    "an attempt of nothing": "SELECT count(*) FROM attempts WHERE delivery_id NOT IN (SELECT id FROM entries)",
    "a wrong tally": """
        SELECT (SELECT coalesce(sum(number), 0) FROM tallies)
        <> (SELECT count(*) FROM entries WHERE parent_id IS NULL)""",
}


async def filled(path: Path) -> None:
    """A journal of publications with two deliveries each, all of them over for long, and one more."""
    async with AsyncExitStack() as stack:
        store = SqliteStore(path, HandClock(LONG_AGO))
        await store.start(stack)
        scene = await b.saved(store)
        await store.save([replace(scene.topic, retention=Retention(consumed_days=30))])
        for _ in range(FAMILIES):
            made = [scene.delivery(due_at=LONG_AGO)] * 2
            appended = await store.append(scene.publication(deliveries=made, received_at=LONG_AGO))
            for delivery in (1, 2):
                end = b.delivered(appended.entry_id + delivery, appended.entry_id, at=LONG_AGO)
                await store.record(end)
        await store.append(scene.publication(received_at=LONG_AGO))


def asked(path: Path, question: str) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute(question).fetchone()[0])


def purge(data: Path) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "eventyard.cli", "db", "purge", "--data", str(data), "--json"]
    return subprocess.Popen(words, stdout=subprocess.PIPE)


async def test_a_purge_that_is_killed_leaves_whole_families_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    await filled(path)
    left = asked(path, COUNT)
    assert left == 3 * FAMILIES + 1
    for _ in range(KILLS):
        killed = purge(tmp_path)
        while asked(path, COUNT) > left - 100 and killed.poll() is None:
            pass
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert {what: asked(path, question) for what, question in BROKEN.items()} == dict.fromkeys(BROKEN, 0)
        assert 1 < asked(path, COUNT) < left
        left = asked(path, COUNT)
    last = purge(tmp_path)
    told, _ = last.communicate()
    assert json.loads(told) == {
        "consumed": (left - 1) // 3, "unconsumed": 0, "payloads": 0, "entries": left - 1, "dry_run": False,
    }  # fmt: skip
    assert asked(path, COUNT) == 1
    assert {what: asked(path, question) for what, question in BROKEN.items()} == dict.fromkeys(BROKEN, 0)
