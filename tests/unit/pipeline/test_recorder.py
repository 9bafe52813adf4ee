import asyncio

import pytest

from eventyard.model.journal import Recorded, Recording
from eventyard.model.lifecycle import Status
from eventyard.pipeline.recorder import FIRST_PAUSE, Recorder
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.fakes import FrailStore, HandClock, settle


class Desk:
    def __init__(self, bound: int = 10) -> None:
        self.store = FrailStore(HandClock())
        self.pauses: list[float] = []
        self.go_on = asyncio.Semaphore(0)
        self.recorder = Recorder(self.store, make_log("error"), bound=bound, pause=self.pause)
        self.written: list[int] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.go_on.acquire()

    async def deliveries(self, number: int) -> list[Recording]:
        scene = await builders.saved(self.store)
        appended = await self.store.append(scene.publication(deliveries=[scene.delivery()] * number))
        first = appended.entry_id + 1
        return [builders.delivered(first + n, appended.entry_id) for n in range(number)]

    def note(self, recording: Recording) -> None:
        self.written.append(recording.entry_id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_is_put_is_committed_and_then_told(desk: Desk) -> None:
    [recording] = await desk.deliveries(1)
    desk.recorder.put(recording, desk.note)
    await desk.recorder.empty()
    assert desk.written == [recording.entry_id]


async def test_there_is_room_for_so_many_and_no_more() -> None:
    desk = Desk(bound=2)
    first, second = await desk.deliveries(2)
    desk.recorder.put(first)
    desk.recorder.put(second)
    fullness = [desk.recorder.full]
    await desk.recorder.room()
    fullness.append(desk.recorder.full)
    assert fullness == [True, False]


async def test_nothing_is_thrown_away_while_the_store_cannot_write(desk: Desk) -> None:
    recordings = await desk.deliveries(3)
    desk.store.down = True
    for recording in recordings:
        desk.recorder.put(recording, desk.note)
    await settle()
    assert not desk.written
    desk.go_on.release()
    await settle()
    assert desk.pauses == [FIRST_PAUSE, FIRST_PAUSE * 2]
    desk.store.down = False
    desk.go_on.release()
    await desk.recorder.empty()
    await desk.recorder.sound()
    assert sorted(desk.written) == [recording.entry_id for recording in recordings]


async def test_a_recording_that_is_itself_wrong_does_not_hold_up_the_others(desk: Desk) -> None:
    [recording] = await desk.deliveries(1)
    desk.recorder.put(builders.delivered(999, 998), desk.note)
    desk.recorder.put(recording, desk.note)
    await desk.recorder.empty()
    assert desk.written == [recording.entry_id]


async def test_a_recorder_that_stops_waits_no_more(desk: Desk) -> None:
    [recording] = await desk.deliveries(1)
    desk.store.down = True
    desk.recorder.put(recording)
    await settle()
    desk.recorder.stop()
    desk.go_on.release()
    await settle()
    assert desk.store.refused == 1


async def test_an_end_for_which_others_waited_is_told_once_it_is_on_disk(desk: Desk) -> None:
    scene = await builders.saved(desk.store)
    told: list[tuple[int, Recorded]] = []
    desk.recorder = Recorder(
        desk.store,
        make_log("error"),
        bound=9,
        told=lambda recording, recorded: told.append((recording.entry_id, recorded)),
    )
    deliveries = [scene.delivery(), scene.delivery(), scene.delivery(), scene.delivery(status=Status.DELAYED)]
    await desk.store.append(scene.publication(deliveries=deliveries))
    desk.recorder.put(builders.failed(2, 1, again_at=builders.NOW))
    desk.recorder.put(builders.delivered(3, 1))
    await desk.recorder.empty()
    assert await desk.recorder.write(builders.delivered(2, 1)) is Recorded.AWAITED
    assert await desk.recorder.write(builders.delivered(4, 1)) is Recorded.SETTLED
    assert await desk.recorder.write(builders.delivered(4, 1)) is Recorded.LATE
    assert told == [(3, Recorded.AWAITED), (2, Recorded.AWAITED), (4, Recorded.SETTLED)]


async def test_an_end_as_error_is_told_of_once_it_is_on_disk(desk: Desk) -> None:
    first, second, third = await desk.deliveries(3)
    told: list[int] = []
    recorder = Recorder(
        desk.store, make_log("error"), bound=10, pause=desk.pause, failed=lambda one: told.append(one.entry_id)
    )
    desk.store.down = True
    recorder.put(builders.failed(first.entry_id, first.publication_id))
    await settle()
    assert not told
    desk.store.down = False
    desk.go_on.release()
    recorder.put(builders.failed(second.entry_id, second.publication_id, again_at=builders.NOW + 1))
    recorder.put(third)
    await recorder.empty()
    await recorder.write(builders.failed(second.entry_id, second.publication_id, number=2))
    assert told == [first.entry_id, second.entry_id]


async def test_an_end_as_error_that_came_too_late_is_told_to_nobody(desk: Desk) -> None:
    [recording] = await desk.deliveries(1)
    told: list[Recording] = []
    recorder = Recorder(desk.store, make_log("error"), bound=10, failed=told.append)
    recorder.put(recording)
    recorder.put(builders.failed(recording.entry_id, recording.publication_id, number=2))
    await recorder.empty()
    assert not told


async def test_of_every_change_of_a_status_that_is_on_record_somebody_is_told(desk: Desk) -> None:
    told: list[int] = []
    first, second = await desk.deliveries(2)
    recorder = Recorder(
        desk.store, make_log("error"), bound=10, ended=lambda recording: told.append(recording.entry_id)
    )
    await recorder.write(Recording(first.entry_id, first.publication_id, None, None, builders.NOW))
    await recorder.write(first)
    await recorder.write(first)
    recorder.put(second)
    await recorder.empty()
    assert told == [first.entry_id, second.entry_id]
