import asyncio

import pytest

from eventyard.model.catalog import Target
from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Status
from eventyard.model.rules import Act
from eventyard.pipeline.monitoring.stuck import APART_MS, Stuck
from eventyard.telemetry.log import make_log
from eventyard.testing.fakes import HandClock

MINUTE = 60_000


class Watching:
    """A scene with a job that nobody works on, and clocks: the one on the wall, and the steady one."""

    def __init__(self, scene) -> None:
        self.scene, self.wall, self.steady = scene, scene.yard.clock, HandClock(0)
        self.stuck = self.made()

    def made(self) -> Stuck:
        hub = self.scene.hub
        return Stuck(
            hub.catalog, self.scene.yard.store, hub.monitoring.monitor, hub.monitoring.rules.reached,
            make_log("error"), self.wall, self.steady,
        )  # fmt: skip

    async def restart(self) -> None:
        await self.stuck.stop()
        self.stuck = self.made()
        self.stuck.start()
        await self.look()

    async def rule(self, **fields):
        stuck = {"statuses": [Status.PENDING], "stuck_ms": 5 * MINUTE, "interval_ms": 1_000}
        made = await self.scene.rule("slow", **(stuck | fields))
        await self.look()
        return made

    async def look(self) -> None:
        self.stuck.tick()
        await self.scene.quiet()

    async def later(self, wait_ms: int) -> list[str]:
        """Both clocks go on; the subjects of all mails since the beginning."""
        self.wall.advance(wait_ms)
        self.steady.advance(wait_ms)
        self.scene.monitoring.monitor.tick()
        await self.look()
        return self.scene.subjects()


@pytest.fixture
async def watching(scene):
    scene.press = await scene.job()
    made = Watching(scene)
    made.stuck.start()
    yield made
    await made.stuck.stop()


async def test_a_run_that_nobody_claims_for_too_long_is_told_of_once(watching):
    await watching.rule()
    await watching.scene.publish()
    assert await watching.later(5 * MINUTE - 1) == []
    assert await watching.later(1) == ["slow: 1 entry"]
    assert await watching.later(60 * MINUTE) == ["slow: 1 entry"]
    assert "Pending for longer than 5 min" in watching.scene.box.taken[0].text


async def test_what_was_stuck_before_there_was_a_rule_is_told_of_at_once(watching):
    await watching.scene.publish()
    await watching.later(60 * MINUTE)
    await watching.rule()
    assert watching.scene.subjects() == ["slow: 1 entry"]


async def test_many_that_are_stuck_are_two_messages(watching):
    for _ in range(30):
        await watching.scene.publish()
    await watching.rule()
    assert await watching.later(5 * MINUTE) == ["slow: 1 entry"]
    assert await watching.later(1_000) == ["slow: 1 entry", "slow: 29 entries"]


async def test_the_time_counts_from_the_last_change_of_the_status(watching):
    await watching.rule(statuses=[Status.PENDING, Status.PROCESSING])
    await watching.scene.publish()
    await watching.later(4 * MINUTE)
    job = watching.scene.hub.catalog.get(Target, watching.scene.press.target_id)
    claiming = asyncio.ensure_future(watching.scene.hub.runs.claim(job, "w", 1, 1_000))
    await watching.scene.quiet()
    assert claiming.done()
    assert await watching.later(4 * MINUTE) == []
    assert await watching.later(2 * MINUTE) == ["slow: 1 entry"]


async def test_each_that_comes_to_be_stuck_is_told_of(watching):
    await watching.rule()
    await watching.scene.publish()
    await watching.later(MINUTE)
    await watching.scene.publish()
    assert await watching.later(4 * MINUTE) == ["slow: 1 entry"]
    assert await watching.later(MINUTE) == ["slow: 1 entry", "slow: 1 entry"]


async def test_a_restart_does_not_tell_it_again_and_misses_nothing(watching):
    await watching.rule()
    await watching.scene.publish()
    await watching.later(5 * MINUTE)
    await watching.scene.publish()
    await watching.restart()
    assert watching.scene.subjects() == ["slow: 1 entry"]
    watching.wall.advance(5 * MINUTE)
    watching.scene.monitoring.monitor.tick()
    await watching.restart()
    assert len(watching.scene.subjects()) == 2


async def test_nothing_is_stuck_because_the_clock_was_set_forward(watching):
    await watching.rule()
    await watching.scene.publish()
    watching.wall.advance(24 * 60 * MINUTE)
    assert await watching.later(MINUTE) == []
    assert await watching.later(5 * MINUTE) == ["slow: 1 entry"]


async def test_a_clock_that_was_set_back_hides_nothing(watching):
    await watching.rule()
    await watching.later(24 * 60 * MINUTE)
    watching.wall.advance(-24 * 60 * MINUTE)
    await watching.later(6 * MINUTE)
    await watching.scene.publish()
    assert await watching.later(5 * MINUTE + APART_MS) == ["slow: 1 entry"]


async def test_what_is_stuck_can_be_discarded_and_its_subscription_paused(watching):
    await watching.rule(discard=True, act=Act.PAUSE)
    accepted = await watching.scene.publish()
    await watching.later(5 * MINUTE)
    [entry] = [
        child.entry_id
        for child in await watching.scene.yard.store.siblings([accepted.entry_id])
        if child.subscription_id == watching.scene.press.id
    ]
    assert (await watching.scene.last_line(EntryId(entry))).comment == "discarded by rule 'slow'"
    assert watching.scene.mode(watching.scene.press) == "paused"


async def test_a_rule_that_is_changed_looks_at_once_and_one_that_is_gone_no_more(watching):
    rule = await watching.rule(stuck_ms=60 * MINUTE)
    await watching.scene.publish()
    assert await watching.later(10 * MINUTE) == []
    await watching.scene.rules.change(watching.scene.who, rule.id, {"stuck_ms": 5 * MINUTE})
    await watching.look()
    assert watching.scene.subjects() == ["slow: 1 entry"]
    await watching.scene.rules.remove(watching.scene.who, rule.id)
    await watching.scene.publish()
    assert await watching.later(10 * MINUTE) == ["slow: 1 entry"]


async def test_while_entries_wait_nobody_looks(watching, monkeypatch):
    await watching.rule()
    for _ in range(20):
        await watching.scene.publish()
    looks = []
    find = watching.scene.yard.store.find
    monkeypatch.setattr(watching.scene.yard.store, "find", lambda query: looks.append(query) or find(query))
    for _ in range(59):
        await watching.later(5_000)
    assert looks == []
    await watching.later(5_000)
    assert len(looks) == 1


async def test_a_store_that_cannot_be_read_is_asked_again(watching, monkeypatch):
    await watching.rule()
    await watching.scene.publish()

    async def broken(query, most):
        raise Unavailable("store_unavailable", "not now")

    with monkeypatch.context() as down:
        down.setattr(watching.scene.yard.store, "stories", broken)
        assert await watching.later(5 * MINUTE) == []
    assert await watching.later(APART_MS) == ["slow: 1 entry"]


async def test_more_than_a_page_is_read_to_its_end(watching, monkeypatch):
    monkeypatch.setattr("eventyard.pipeline.monitoring.stuck.PAGE", 2)
    for _ in range(5):
        await watching.scene.publish()
    await watching.rule()
    await watching.later(5 * MINUTE)
    assert await watching.later(1_000) == ["slow: 1 entry", "slow: 4 entries"]
