import pytest

from eventyard.wire.amqp.acknowledgements import Confirms
from eventyard.wire.amqp.channel import Channel
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import Publish
from eventyard.wire.amqp.frames import BodyFrame, HeaderFrame, PublishFrame

PUBLISH = PublishFrame(1, "e", "k", mandatory=True, immediate=False)
LARGEST = 10


def header(size: int) -> HeaderFrame:
    return HeaderFrame(1, 60, size, b"\0\0")


def take(channel: Channel, *pieces: PublishFrame | HeaderFrame | BodyFrame) -> list[Publish | None]:
    return [channel.take(piece, LARGEST) for piece in pieces]


def message(body: bytes, tag: int = 0) -> Publish:
    return Publish(1, "e", "k", True, b"\0\0", body, tag)


@pytest.mark.parametrize("parts", [[b"abcdef"], [b"a", b"bcde", b"f"], [b"", b"abc", b"", b"def"]])
def test_a_message_is_whole_with_the_last_octet_of_its_body(parts: list[bytes]) -> None:
    channel = Channel(1)
    pieces = [BodyFrame(1, part) for part in parts]
    *before, last = take(channel, PUBLISH, header(6), *pieces)
    assert last == message(b"abcdef")
    assert set(before) == {None}
    assert channel.held == 0


def test_a_message_without_a_body_is_whole_with_its_header() -> None:
    assert take(Channel(1), PUBLISH, header(0)) == [None, message(b"")]


def test_messages_follow_one_another_and_are_counted_in_confirm_mode() -> None:
    channel = Channel(1)
    channel.confirms = Confirms()
    assert take(channel, PUBLISH, header(0), PUBLISH, header(1), BodyFrame(1, b"a"))[1::3] == [
        message(b"", 1),
        message(b"a", 2),
    ]


def test_a_part_of_a_body_is_held_until_it_is_forgotten() -> None:
    channel = Channel(1)
    take(channel, PUBLISH, header(10), BodyFrame(1, b"abc"), BodyFrame(1, b"d"))
    assert channel.held == 4
    channel.forget_content()
    assert channel.held == 0
    channel.expect_method()


@pytest.mark.parametrize(
    ("pieces", "code", "why"),
    [
        ([header(1)], ReplyCode.UNEXPECTED_FRAME, "expected method frame, got non method frame instead"),
        ([BodyFrame(1, b"")], ReplyCode.UNEXPECTED_FRAME, "expected method frame, got non method frame instead"),
        (
            [PUBLISH, BodyFrame(1, b"a")],
            ReplyCode.UNEXPECTED_FRAME,
            "expected content header for class 60, got non content header frame instead",
        ),
        (
            [PUBLISH, PUBLISH],
            ReplyCode.UNEXPECTED_FRAME,
            "expected content header for class 60, got non content header frame instead",
        ),
        (
            [PUBLISH, HeaderFrame(1, 50, 1, b"\0\0")],
            ReplyCode.UNEXPECTED_FRAME,
            "expected content header for class 60, got one for class 50 instead",
        ),
        (
            [PUBLISH, header(1), header(1)],
            ReplyCode.UNEXPECTED_FRAME,
            "expected content body, got non content body frame instead",
        ),
        (
            [PUBLISH, header(3), BodyFrame(1, b"abcd")],
            ReplyCode.FRAME_ERROR,
            "content body frame exceeds remaining content size",
        ),
        (
            [PUBLISH, header(11)],
            ReplyCode.PRECONDITION_FAILED,
            "message size 11 is larger than configured max size 10",
        ),
        ([PublishFrame(1, "e", "k", mandatory=False, immediate=True)], ReplyCode.NOT_IMPLEMENTED, "immediate=true"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(
    pieces: list[PublishFrame | HeaderFrame | BodyFrame], code: ReplyCode, why: str
) -> None:
    channel = Channel(1)
    *before, last = pieces
    take(channel, *before)
    with pytest.raises(AmqpError) as refused:
        take(channel, last)
    assert refused.value.text == f"{code.name} - {why}"
    assert refused.value.method_id == (40 if before or code is ReplyCode.NOT_IMPLEMENTED else 0)
