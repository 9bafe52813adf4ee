import asyncio
from collections.abc import Mapping

from eventyard.model.breaker import BreakerPolicy
from eventyard.model.journal import CLAIM_BYTES, Claimed, Recording
from eventyard.pipeline.claim import Claimer
from eventyard.pipeline.lanes import Lane, Limits
from eventyard.pipeline.recorder import Recorder
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.fakes import FrailStore, HandClock, settle


class Counting(FrailStore):
    def __init__(self, clock: HandClock) -> None:
        super().__init__(clock)
        self.rooms: list[dict[int, int]] = []

    async def claim(self, room: Mapping[int, int], lease_until: int, now: int) -> list[Claimed]:
        self.rooms.append(dict(room))
        return await super().claim(room, lease_until, now)


class Barn:
    """Lanes numbered as given, and a claimer that feeds them from a store."""

    def __init__(self, *numbers: int) -> None:
        self.clock = HandClock()
        self.store = Counting(self.clock)
        self.filled: list[int] = []
        self.lanes = {number: Lane(number, 2, 20_000, Limits(claim=10), BreakerPolicy()) for number in numbers}
        self.recorder = Recorder(self.store, make_log("error"), bound=10, pause=self.pause)
        self.claimer = Claimer(
            self.store, self.recorder, make_log("error"), self.clock, Limits(), self.lanes, self.fill
        )
        self.go_on = asyncio.Event()
        self.claimer.start()

    async def pause(self, _: float) -> None:
        await self.go_on.wait()

    def fill(self, lane: Lane) -> None:
        self.filled.append(lane.number)

    def feed(self, number: int) -> Lane:
        lane = self.lanes[number]
        lane.backlog = True
        self.claimer.feed(lane)
        return lane

    async def commit(self, number: int, deliveries: int, data: bytes = b"{}") -> None:
        scene = builders.scene()
        target = builders.target(number=number)
        delivery = builders.delivery(scene.subscription, target)
        await builders.saved(self.store)
        await self.store.append(scene.publication(builders.event(data), [delivery] * deliveries))


async def test_large_events_are_fetched_as_the_lane_works_them_off() -> None:
    barn = Barn(5)
    data = b'"%s"' % (b"x" * (CLAIM_BYTES // 2))
    await barn.commit(5, 3, data)
    lane = barn.feed(5)
    await settle()
    assert (len(lane.queue), lane.backlog, lane.wants(barn.clock())) == (2, True, 0)
    lane.take(barn.clock())
    assert lane.wants(barn.clock()) > 0
    barn.feed(5)
    await settle()
    assert (len(lane.queue), lane.backlog) == (2, False)
    await barn.claimer.stop()


async def test_all_hungry_lanes_are_fed_by_one_claim() -> None:
    barn = Barn(5, 6, 7)
    await barn.commit(5, 3)
    barn.feed(5)
    barn.feed(6)
    await settle()
    assert barn.store.rooms == [{5: 10, 6: 10}]
    assert barn.filled == [5, 6]
    assert [len(lane.queue) for lane in barn.lanes.values()] == [3, 0, 0]
    assert not barn.lanes[5].backlog
    await barn.claimer.stop()


async def test_a_lane_that_got_all_it_asked_for_may_have_more_in_the_store() -> None:
    barn = Barn(5)
    await barn.commit(5, 12)
    lane = barn.feed(5)
    await settle()
    assert (len(lane.queue), lane.backlog) == (10, True)
    await barn.claimer.stop()


async def test_nothing_is_claimed_while_recordings_wait_for_the_disk() -> None:
    barn = Barn(5)
    await barn.commit(5, 1)
    barn.store.down = True
    barn.recorder.put(hold())
    await settle()
    barn.feed(5)
    await settle()
    assert not barn.store.rooms
    barn.store.down = False
    barn.go_on.set()
    await settle()
    assert barn.store.rooms == [{5: 10}]
    await barn.claimer.stop()


def hold() -> Recording:
    return builders.delivered(2, 1)


async def test_a_lane_whose_claim_failed_looks_again_after_a_pause() -> None:
    barn = Barn(5)
    barn.store.down = True
    lane = barn.feed(5)
    await settle()
    assert lane.agenda.next() == barn.clock() + Limits().pause_ms
    assert barn.filled == [5]
    await barn.claimer.stop()


async def test_a_lane_that_ran_dry_and_is_uncertain_learns_what_is_due_next() -> None:
    barn = Barn(5)
    lane = barn.feed(5)
    lane.agenda.uncertain = True
    await settle()
    assert (lane.agenda.uncertain, lane.agenda.next()) == (False, None)
    await barn.claimer.stop()
