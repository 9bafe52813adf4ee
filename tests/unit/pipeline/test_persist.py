import pytest

from eventyard.model.errors import Unavailable
from eventyard.pipeline.persist import persist


class Disk:
    """Full for so many tries."""

    def __init__(self, full: int) -> None:
        self.full = full
        self.pauses: list[float] = []

    async def write(self) -> str:
        if self.full:
            self.full -= 1
            raise Unavailable("store_full", "no room")
        return "written"

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def test_what_can_be_written_is_written_at_once() -> None:
    disk = Disk(0)
    assert (await persist(disk.write, disk.pause), disk.pauses) == ("written", [])


async def test_it_is_tried_until_there_is_room_and_less_and_less_often() -> None:
    disk = Disk(9)
    assert await persist(disk.write, disk.pause) == "written"
    assert disk.pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


async def test_any_other_error_is_the_callers() -> None:
    async def broken() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await persist(broken, Disk(0).pause)
