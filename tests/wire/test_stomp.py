"""STOMP as bytes: what clients really send, and the promise that any bytes, however cut, give frames or an error."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventyard.model.errors import HubError
from eventyard.wire.stomp.frames import Frame, FrameLimits, FrameReader, encode

# The first frames of clients in use, as they stand on the wire.
VECTORS = [
    (  # stompjs 7, over a WebSocket
        b"CONNECT\naccept-version:1.2,1.1,1.0\nheart-beat:10000,10000\nlogin:me\npasscode:a\\b:c\n\n\0",
        Frame(
            "CONNECT",
            {
                "accept-version": "1.2,1.1,1.0",
                "heart-beat": "10000,10000",
                "login": "me",
                "passcode": "a\\b:c",
            },
        ),
    ),
    (  # stomp.py, version 1.1
        b"STOMP\naccept-version:1.1\nhost:127.0.0.1\nlogin:me\npasscode:secret\n\n\0",
        Frame("STOMP", {"accept-version": "1.1", "host": "127.0.0.1", "login": "me", "passcode": "secret"}),
    ),
    (  # Spring
        b"SEND\ndestination:/topic/a\ncontent-type:application/json;charset=UTF-8\ncontent-length:13\n\n"
        + '{"name":"ü"}\0'.encode(),
        Frame(
            "SEND",
            {"destination": "/topic/a", "content-type": "application/json;charset=UTF-8", "content-length": "13"},
            '{"name":"ü"}'.encode(),
        ),
    ),
    (  # somebody at a terminal
        b"SUBSCRIBE\r\nid:0\r\ndestination:/exchange/project.p/#\r\nack:client\r\n\r\n\0\r\n",
        Frame("SUBSCRIBE", {"id": "0", "destination": "/exchange/project.p/#", "ack": "client"}),
    ),
    (  # STOMP 1.2, "Repeated Header Entries"
        b"MESSAGE\nfoo:World\nfoo:Hello\n\n\0",
        Frame("MESSAGE", {"foo": "World"}),
    ),
]

LIMITS = FrameLimits(frame_bytes=200, greeting_bytes=200, headers=4, header_bytes=40, command_bytes=12)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
HEADERS = st.dictionaries(TEXT.filter(lambda name: name not in {"", "content-length"}), TEXT, max_size=5)
FRAMES = st.builds(Frame, st.sampled_from(["SEND", "ACK", "MESSAGE", "ERROR", "X"]), HEADERS, st.binary(max_size=40))
PIECES = st.sampled_from(
    [
        *(b"SEND\n", b"A", b"CONNECT\n", b"\n", b"\r\n", b"\r", b"\0", b":", b"\\", b"\\n", b"\\c", b"\\x", b"a:b\n"),
        *(b"content-length:", b"content-length:3\n", b"content-length:190\n", b"5\n", b"-", b"\xff", b"\xc3\xbc"),
        *(b"x" * 13, b"x" * 41, b"y" * 199),
    ]
)
BYTES = st.lists(PIECES | st.binary(max_size=4), max_size=14).map(b"".join)


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[a:b] for a, b in pairwise(places)]


def read(pieces: Iterable[bytes], limits: FrameLimits) -> tuple[list[Frame], str | None]:
    """The frames, and what the error said if there was one. Looks after every piece at what is kept."""
    reader, frames = FrameReader(limits), list[Frame]()
    try:
        for piece in pieces:
            frames += reader.feed(piece)
            assert reader.held <= limits.frame_bytes
    except HubError as error:
        assert error.code in {"invalid_frame", "frame_too_large"}
        assert reader.held == 0
        return frames, error.message
    return frames, None


@pytest.mark.parametrize(("data", "frame"), VECTORS)
def test_what_clients_send_is_understood(data: bytes, frame: Frame) -> None:
    assert read([data], FrameLimits()) == ([frame], None)
    assert read((data[i : i + 1] for i in range(len(data))), FrameLimits()) == ([frame], None)


@given(st.lists(FRAMES, max_size=4), st.lists(st.integers(0), max_size=8))
def test_frames_that_are_written_are_read_wherever_they_are_cut(frames: list[Frame], at: list[int]) -> None:
    data = b"".join(map(encode, frames))
    found, error = read(cut(data, at), FrameLimits())
    assert error is None
    for one, other in zip(found, frames, strict=True):
        length = {"content-length": str(len(other.body))} if other.body else {}
        assert one == Frame(other.command, {**other.headers, **length}, other.body)


@given(BYTES, st.lists(st.integers(0), max_size=8))
@example(b"COMMAND12345\r\n\n\0", [13])
@example(b"COMMAND123456\nx\0", [14])
@example(b"A" * 11 + b"\xff\xff\xff\n\n\0", [13])
@example(b"A\n" + b"a:b\n" * 60 + b"\0", [200, 201])
@example(b"A\n" + b"x" * 197 + b"\n\n\0", [200])
@example(b"A\n" + b"x" * 198 + b"\0\n\n", [200, 201, 202])
@example(b"A\n\n" + b"x" * 197 + b"\0", [199, 200])
@example(b"A\n\n" + b"x" * 198 + b"\0", [200, 201])
@example(b"A\n\r\n\r\n\0", [2, 3])
def test_any_bytes_give_the_same_however_they_are_cut(data: bytes, at: list[int]) -> None:
    whole = read([data], LIMITS)
    assert read(cut(data, at), LIMITS) == whole
    assert read((data[i : i + 1] for i in range(len(data))), LIMITS) == whole


@pytest.mark.parametrize(
    "data",
    [
        b"SEND\ncontent-length:50000\n\n" + b"x" * 50_000 + b"\0",
        b"SEND\n\n" + b"x" * 50_000 + b"\0",
        b"SEND\na:" + b"x" * 50_000 + b"\n\n\0",
        b"\n" * 50_000,
    ],
)
def test_a_large_frame_may_come_in_single_bytes(data: bytes) -> None:
    reader = FrameReader(FrameLimits())
    frames = [frame for i in range(len(data)) for frame in reader.feed(data[i : i + 1])]
    assert [len(frame.body) + len(frame.headers.get("a", "")) for frame in frames] == (
        [] if data[0] == 10 else [50_000]
    )
    assert reader.held == 0
