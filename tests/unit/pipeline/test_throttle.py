import pytest

from eventyard.pipeline.throttle import FEW, Gathered, Throttle
from eventyard.testing.builders import NOW
from eventyard.testing.fakes import HandClock

INTERVALS = {"slow": 60_000, "quick": 10_000}


class Desk:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.told: list[tuple[str, Gathered[int]]] = []
        self.full = False
        self.throttle = Throttle(self._tell, INTERVALS.__getitem__, self.clock)

    def _tell(self, key: str, gathered: Gathered[int]) -> bool:
        if not self.full:
            self.told.append((key, gathered))
        return not self.full

    def later(self, wait_ms: int) -> None:
        self.clock.advance(wait_ms)
        self.throttle.tick()


@pytest.fixture
async def desk():
    desk = Desk()
    yield desk
    desk.throttle.stop()


async def test_the_first_is_told_at_once_and_the_others_together_at_the_end_of_the_interval(desk):
    for number in range(1_000):
        desk.throttle.add("slow", number)
    first = ("slow", Gathered(NOW, 1, (0,), 0))
    assert desk.told == [first]
    desk.later(59_999)
    assert desk.told == [first]
    desk.later(1)
    assert desk.told == [first, ("slow", Gathered(NOW, 999, tuple(range(1, FEW + 1)), 999))]


async def test_each_key_has_its_own_interval(desk):
    for key in ("slow", "quick"):
        desk.throttle.add(key, 1)
        desk.throttle.add(key, 2)
    desk.later(10_000)
    assert [key for key, _ in desk.told] == ["slow", "quick", "quick"]


async def test_after_an_interval_in_which_nothing_came_the_next_is_told_at_once(desk):
    desk.throttle.add("quick", 1)
    desk.later(10_000)
    desk.throttle.add("quick", 2)
    assert [gathered.last for _, gathered in desk.told] == [1, 2]


async def test_each_message_shows_what_came_since_the_one_before(desk):
    for number in range(4):
        desk.throttle.add("quick", number)
        desk.throttle.add("quick", number + 10)
        desk.later(10_000)
    assert [gathered.first for _, gathered in desk.told] == [(0,), (10,), (1, 11), (2, 12), (3, 13)]


async def test_what_cannot_be_told_is_gathered_on(desk):
    desk.full = True
    desk.throttle.add("quick", 1)
    desk.throttle.add("quick", 2)
    desk.full = False
    desk.later(10_000)
    assert desk.told == [("quick", Gathered(NOW, 2, (1, 2), 2))]


async def test_at_the_end_the_rest_is_told_and_what_cannot_be_is_named(desk):
    for key in ("slow", "quick"):
        desk.throttle.add(key, 1)
    desk.throttle.add("slow", 2)
    assert desk.throttle.stop() == []
    assert desk.told[-1] == ("slow", Gathered(NOW, 1, (2,), 2))
    desk.full = True
    desk.throttle.add("slow", 3)
    assert desk.throttle.stop() == ["slow"]


async def test_a_clock_that_was_set_back_keeps_nothing_from_being_told(desk):
    desk.throttle.add("slow", 1)
    desk.throttle.add("slow", 2)
    desk.later(-86_400_000)
    assert [gathered.last for _, gathered in desk.told] == [1, 2]
