import pytest

from eventyard.model.errors import HubError
from eventyard.wire.stomp.frames import Frame, FrameLimits, FrameReader, encode, escape

USUAL = FrameLimits()
SMALL = FrameLimits(frame_bytes=100, greeting_bytes=50, headers=3, header_bytes=20, command_bytes=12)


def read(data: bytes, limits: FrameLimits = USUAL) -> list[Frame]:
    return list(FrameReader(limits).feed(data))


def refused(data: bytes, limits: FrameLimits = USUAL) -> str:
    with pytest.raises(HubError) as caught:
        read(data, limits)
    return caught.value.code


def test_a_frame_is_a_command_headers_and_a_body_up_to_a_nul() -> None:
    assert read(b"SEND\ndestination:/queue/a\nfoo: bar:baz \n\nhello\0") == [
        Frame("SEND", {"destination": "/queue/a", "foo": " bar:baz "}, b"hello")
    ]


def test_a_body_with_a_length_may_hold_nuls() -> None:
    assert read(b"SEND\ncontent-length:3\n\n\0a\0\0")[0].body == b"\0a\0"


def test_lines_may_end_in_cr_lf() -> None:
    assert read(b"SEND\r\na:b\r\n\r\nx\r\n\0") == [Frame("SEND", {"a": "b"}, b"x\r\n")]
    assert read(b"SEND\na:b\r\n\nx\0") == [Frame("SEND", {"a": "b"}, b"x")]


def test_between_frames_line_ends_and_nuls_mean_nothing() -> None:
    assert read(b"\n\r\n\0A\n\n\0\n\n\0\0B\n\n\0\n") == [Frame("A"), Frame("B")]


def test_the_first_of_a_repeated_header_counts() -> None:
    assert read(b"A\nfoo:World\nfoo:Hello\n\n\0")[0].headers == {"foo": "World"}


def test_escapes_are_undone_in_names_and_values() -> None:
    assert read(rb"SEND" + b"\n" + rb"a\cb:\n\r\c\\n" + b"\n\n\0")[0].headers == {"a:b": "\n\r:\\n"}


@pytest.mark.parametrize("command", ["CONNECT", "STOMP", "CONNECTED"])
def test_a_frame_that_connects_knows_no_escapes(command: str) -> None:
    frame = Frame(command, {"passcode": r"a\b\c:d"})
    assert read(command.encode() + b"\npasscode:" + rb"a\b\c:d" + b"\n\n\0") == [frame]
    assert read(encode(frame)) == [frame]


@pytest.mark.parametrize(
    "data",
    [
        rb"SEND" + b"\na:" + rb"\t" + b"\n\n\0",
        b"SEND\na:b\\\n\n\0",
        b"SEND\nab\n\n\0",
        b"SEND\n:b\n\n\0",
        b"SEND\na:b\rc\n\n\0",
        b"SEND\na:b\r\r\n\n\0",
        b"SEND\na:\xff\n\n\0",
        "GR\N{LATIN CAPITAL LETTER U WITH DIAERESIS}N\n\n\0".encode(),
        b"SEND\na:b\0",
        b"\x01" * 34,
        b"A" * 33 + b"\n\n\0",
        b"SEND\ncontent-length:-1\n\n\0",
        b"SEND\ncontent-length:\n\n\0",
        "SEND\ncontent-length:\N{SUPERSCRIPT TWO}\n\nab\0".encode(),
        b"SEND\ncontent-length:2\n\nabc\0",
    ],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    assert refused(data) == "invalid_frame"


def test_a_length_may_stand_behind_blanks() -> None:
    assert read(b"SEND\ncontent-length: 3\n\nabc\0")[0].body == b"abc"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"COMMANDTOOLONG\n\n\0", "invalid_frame"),
        (b"A\na:1\nb:2\nc:3\nd:4\n\n\0", "invalid_frame"),
        (b"A\na:" + b"1" * 19 + b"\n\n\0", "invalid_frame"),
        (b"A\n\n" + b"x" * 48, "frame_too_large"),
        (b"A\ncontent-length:40\n\n", "frame_too_large"),
        (b"A\n" + b"a:1\n" * 13, "frame_too_large"),
    ],
)
def test_each_bound_is_kept(data: bytes, code: str) -> None:
    assert refused(data, SMALL) == code


def test_a_length_of_many_digits_is_too_large() -> None:
    assert refused(b"A\ncontent-length:" + b"9" * 5000 + b"\n\n") == "frame_too_large"


def test_what_just_fits_is_taken() -> None:
    assert read(b"COMMAND12345\na:1\nb:2\ncd:34567890123456789\n\nx\0", SMALL)
    assert read(b"A\n\n" + b"x" * 47 + b"\0", SMALL)[0].body == b"x" * 47


def test_a_client_that_is_known_may_send_larger_frames() -> None:
    reader = FrameReader(SMALL)
    larger = b"A\n\n" + b"x" * 97 + b"\0"
    frames = reader.feed(b"CONNECT\n\n\0" + larger)
    assert next(frames).command == "CONNECT"
    reader.admit()
    assert next(frames).body == b"x" * 97


def test_after_an_error_there_is_no_way_back() -> None:
    reader = FrameReader(FrameLimits())
    frames = reader.feed(b"A\n\n\0" + b"SEND\ncontent-length:1\n\nab\0")
    assert next(frames) == Frame("A")
    for more in (frames, reader.feed(b"B\n\n\0"), reader.feed(b"")):
        with pytest.raises(HubError, match="content-length"):
            next(more)
    assert reader.held == 0


def test_frames_that_were_not_asked_for_come_with_the_next_ones() -> None:
    reader = FrameReader(FrameLimits())
    assert next(reader.feed(b"A\n\n\0\nB\n\n\0\nC\n")).command == "A"
    assert next(reader.feed(b"\n\0")).command == "B"
    assert [frame.command for frame in reader.feed(b"\n\n")] == ["C"]
    assert reader.held == 0


def test_a_frame_that_is_written_has_the_length_of_its_body_and_a_line_end_behind() -> None:
    assert encode(Frame("SEND", {"a:b": "c\n", "content-length": "99"}, b"hi")) == (
        b"SEND\n" + rb"a\cb:c\n" + b"\ncontent-length:2\n\nhi\0\n"
    )
    assert encode(Frame("RECEIPT", {"receipt-id": "7"})) == b"RECEIPT\nreceipt-id:7\n\n\0\n"


def test_a_header_cannot_end_a_frame() -> None:
    assert escape("a\0b") == "a\N{REPLACEMENT CHARACTER}b"
