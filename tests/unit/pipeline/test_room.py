import pytest

from eventyard.model.errors import TooMany
from eventyard.pipeline.room import FREE, Room, Share


def test_what_is_small_takes_no_room():
    room = Room(0)
    Share(room).cover(FREE)
    assert room.left == 0


def test_what_is_large_takes_room_until_it_is_let_go():
    room = Room(100)
    share = Share(room)
    share.cover(FREE + 60)
    share.cover(FREE + 50)
    assert room.left == 40
    share.cover(FREE + 100)
    assert room.left == 0
    del share
    assert room.left == 100


def test_where_there_is_none_it_comes_again_later():
    room = Room(100)
    first, second = Share(room), Share(room)
    first.cover(FREE + 60)
    with pytest.raises(TooMany) as refused:
        second.cover(FREE + 41)
    assert (refused.value.code, refused.value.retry_after, room.left) == ("busy", 1, 40)
    second.cover(FREE + 40)
    del first
    assert room.left == 60
