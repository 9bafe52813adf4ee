import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.api.http import AT_ONCE, Answer, Body, headers_of, query_of, read_body, whole_body
from eventyard.model.errors import HubError, Invalid, TooLarge, TooMany
from eventyard.pipeline.room import FREE, Room

ROOM = Room(1000)


def receiving(*parts):
    """An ASGI ``receive`` that hands out a body in these parts."""
    messages = [
        {"type": "http.request", "body": part, "more_body": place < len(parts) - 1} for place, part in enumerate(parts)
    ]

    async def receive():
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


async def came(receive, headers, limit):
    """The body that comes this way under these headers."""
    body = Body(headers, limit, ROOM)
    await read_body(receive, body)
    return body.whole()


async def test_a_whole_body_is_one_within_its_bounds_and_so_are_the_headers():
    raw = [(b"content-encoding", b"gzip")]
    assert await whole_body(raw, receiving(gzip.compress(b"{}")), 100, 100, ROOM) == b"{}"
    with pytest.raises(TooLarge) as refused:
        await whole_body([], receiving(b"x" * 101), 100, 100, ROOM)
    assert refused.value.code == "body_too_large"
    with pytest.raises(TooLarge) as refused:
        await whole_body(raw, receiving(b""), 10, 100, ROOM)
    assert refused.value.code == "headers_too_large"


async def test_a_body_comes_together_from_its_parts():
    assert await came(receiving(b"ab", b"", b"c"), {}, 3) == b"abc"


def test_a_body_may_be_empty():
    assert Body({}, 3, ROOM).whole() == b""


def test_a_part_too_many_is_refused_before_the_next():
    body = Body({}, 3, ROOM)
    body.take(b"abc")
    with pytest.raises(TooLarge):
        body.take(b"d")


def test_large_bodies_share_the_room_until_they_are_let_go():
    room = Room(100)
    first, second = Body({}, FREE + 100, room), Body({}, FREE + 100, room)
    first.take(b"x" * FREE)
    first.take(b"x" * 60)
    with pytest.raises(TooMany) as refused:
        second.take(b"x" * (FREE + 41))
    assert (refused.value.code, room.left) == ("busy", 40)
    assert first.whole() == b"x" * (FREE + 60)
    assert room.left == 40
    del first
    assert room.left == 100


def test_what_is_inflated_counts_as_large_as_it_is_then():
    room = Room(100)
    small, large = Body({"content-encoding": "gzip"}, 1 << 20, room), Body({"content-encoding": "gzip"}, 1 << 20, room)
    small.take(gzip.compress(b"x" * (FREE + 100)))
    large.take(gzip.compress(b"x" * (FREE + 101)))
    with pytest.raises(TooMany):
        large.whole()
    assert len(small.whole()) == FREE + 100
    assert room.left == 0


@pytest.mark.parametrize(
    ("parts", "headers"),
    [((b"abcd",), {}), ((b"ab", b"cd"), {}), ((b"",), {"content-length": "4"}), ((b"a", b"b", b"c", b"d"), {})],
)
async def test_a_body_beyond_the_limit_is_refused(parts, headers):
    with pytest.raises(TooLarge) as refused:
        await came(receiving(*parts), headers, 3)
    assert refused.value.code == "body_too_large"


@pytest.mark.parametrize(
    ("headers", "limit", "swells"),
    [
        ({"content-encoding": "gzip"}, AT_ONCE + 1, True),
        ({"content-encoding": "gzip"}, AT_ONCE, False),
        ({}, 1 << 30, False),
    ],
)
def test_a_body_swells_that_may_become_large_when_inflated(headers, limit, swells):
    assert Body(headers, limit, ROOM).swells is swells


async def test_a_body_that_swells_is_inflated_in_a_thread_within_its_bounds():
    room = Room(100)
    body = Body({"content-encoding": "GZIP "}, AT_ONCE + 1, room)
    body.take(gzip.compress(b"x" * (FREE + 90)))
    await body.inflate()
    assert (room.left, body.whole()) == (10, b"x" * (FREE + 90))
    for packed, code in (
        (gzip.compress(b"x" * (AT_ONCE + 2)), "body_too_large"),
        (gzip.compress(b"x" * (FREE + 11)), "busy"),
        (b"nope", "invalid_body"),
    ):
        other = Body({"content-encoding": "gzip"}, AT_ONCE + 1, room)
        other.take(packed)
        with pytest.raises(HubError) as refused:
            await other.inflate()
        assert refused.value.code == code


async def test_a_client_that_goes_away_in_the_middle_is_no_event():
    async def receive():
        return {"type": "http.disconnect"}

    with pytest.raises(Invalid, match="went away"):
        await came(receive, {}, 3)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
async def test_gzip_is_inflated(encoding):
    assert await came(receiving(gzip.compress(b"a" * 100)), {"content-encoding": encoding}, 100) == b"a" * 100


async def test_a_bomb_is_stopped_at_the_limit_and_not_blown_up():
    bomb = gzip.compress(b"\0" * 10_000_000)
    with pytest.raises(TooLarge):
        await came(receiving(bomb), {"content-encoding": "gzip"}, 20_000)


WHOLE = gzip.compress(b"abc", mtime=0)


@pytest.mark.parametrize("body", [b"not gzip", WHOLE[:-3], WHOLE + b"more", b""])
async def test_what_is_not_whole_gzip_is_refused(body):
    with pytest.raises(Invalid) as refused:
        await came(receiving(body), {"content-encoding": "gzip"}, 1000)
    assert refused.value.code == "invalid_body"


@given(st.binary(max_size=200))
async def test_arbitrary_bytes_as_gzip_give_a_body_or_an_error_of_ours(body):
    try:
        await came(receiving(body), {"content-encoding": "gzip"}, 1000)
    except HubError as error:
        assert error.code in ("invalid_body", "body_too_large")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
async def test_another_encoding_is_named(encoding):
    with pytest.raises(Invalid) as refused:
        await came(receiving(b"x"), {"content-encoding": encoding}, 10)
    assert (refused.value.code, refused.value.pointer) == ("unsupported_encoding", "Content-Encoding")


def test_a_header_that_came_twice_is_joined_by_a_comma():
    raw = [(b"accept", b"a"), (b"accept", b"b"), (b"x", b"\xe9")]
    assert headers_of(raw, 100) == {"accept": "a, b", "x": "é"}


def test_headers_beyond_the_limit_are_refused():
    with pytest.raises(TooLarge) as refused:
        headers_of([(b"x", b"y" * 100)], 100)
    assert refused.value.code == "headers_too_large"


def test_query_parameters_are_decoded_and_the_last_wins():
    assert query_of(b"a=1&a=2&b=%20x&c=") == {"a": "2", "b": " x", "c": ""}
    assert query_of(b"") == {}


async def test_an_answer_knows_its_length():
    sent = []

    async def send(message):
        sent.append(message)

    await Answer(202, b"{}", headers=((b"x-y", b"z"),)).send(send)
    start, body = sent
    assert start["status"] == 202
    assert dict(start["headers"]) == {b"content-type": b"application/json", b"content-length": b"2", b"x-y": b"z"}
    assert body["body"] == b"{}"


def test_an_answer_stands_on_the_wire_behind_what_the_server_says_every_time():
    answer = Answer(202, b"{}", headers=((b"x-y", b"z"),))
    assert answer.wire([(b"date", b"today")], keep_alive=True) == (
        b"HTTP/1.1 202 Accepted\r\ndate: today\r\n"
        b"content-type: application/json\r\ncontent-length: 2\r\nx-y: z\r\n\r\n{}"
    )


def test_an_answer_says_that_it_is_the_last():
    assert Answer(202).wire([], keep_alive=False) == (
        b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )


def test_a_body_in_the_smallest_parts_is_whole_all_the_same():
    body = Body({}, 10_000, ROOM)
    for number in range(10_000):
        body.take(b"%d" % (number % 10))
    assert body.whole() == b"0123456789" * 1000
    assert type(body.whole()) is bytes
