import pytest
from pamqp import frame as peer
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.frames import (
    HEARTBEAT,
    PROTOCOL_HEADER,
    BodyFrame,
    Frame,
    FrameReader,
    HeaderFrame,
    MethodFrame,
    PublishFrame,
    content_frames,
    frame,
)

PUBLISH = peer.marshal(Basic.Publish(0, "exchange", "größe.2", mandatory=True), 7)


def reader(data: bytes, frame_max: int = 4_096) -> FrameReader:
    made = FrameReader(frame_max)
    made.feed(data)
    return made


def frames(data: bytes) -> list[Frame]:
    made = reader(data)
    return list(iter(made.next_frame, None))


def test_a_publish_and_its_content_are_read() -> None:
    properties = Basic.Properties(content_type="text/plain")
    header = peer.marshal(ContentHeader(0, 3, properties), 7)
    body = peer.marshal(ContentBody(b"abc"), 7)
    assert frames(PUBLISH + header + body) == [
        PublishFrame(7, "exchange", "größe.2", mandatory=True, immediate=False),
        HeaderFrame(7, 60, 3, b"\x80\0\x0atext/plain"),
        BodyFrame(7, b"abc"),
    ]


def test_a_publish_is_read_with_its_content_where_that_is_all_there_and_in_one_frame() -> None:
    whole = PUBLISH + content_frames(7, b"\0\0", b"abc", 4_096)
    made = reader(whole + HEARTBEAT)
    content = made.whole_content()
    assert content == made.whole_content()
    assert content is not None
    assert content.publish == PublishFrame(7, "exchange", "größe.2", mandatory=True, immediate=False)
    assert (content.properties, content.body) == (b"\0\0", b"abc")
    made.skip(content)
    assert made.held == len(HEARTBEAT)
    assert all(reader(whole[:size]).whole_content() is None for size in range(len(whole)))


@pytest.mark.parametrize(
    "data",
    [
        PUBLISH + content_frames(7, b"\0\0", b"", 4_096) + HEARTBEAT,
        PUBLISH + content_frames(7, b"\0\0", b"abc", 10) + HEARTBEAT,
        PUBLISH + content_frames(8, b"\0\0", b"abc", 4_096),
        PUBLISH + content_frames(7, b"", b"abc", 4_096),
        PUBLISH[:-1] + b"\0" + content_frames(7, b"\0\0", b"abc", 4_096),
        PUBLISH + PUBLISH + content_frames(7, b"\0\0", b"abc", 4_096),
        content_frames(7, b"\0\0", b"abc", 4_096) * 2,
        peer.marshal(Basic.Ack(3), 7) + content_frames(7, b"\0\0", b"abc", 4_096),
    ],
)
def test_what_is_not_so_plain_is_left_to_be_read_frame_by_frame(data: bytes) -> None:
    assert reader(data).whole_content() is None


def test_heartbeats_are_left_out() -> None:
    (read,) = frames(HEARTBEAT + peer.marshal(Basic.Ack(3, True), 1) + HEARTBEAT * 5_000)
    assert isinstance(read, MethodFrame)
    assert isinstance(read.method, Basic.Ack)
    assert (read.channel, read.method.delivery_tag, read.method.multiple) == (1, 3, True)


def test_a_frame_is_given_with_its_last_octet_and_nothing_is_kept() -> None:
    made = FrameReader(4_096)
    for octet in PUBLISH[:-1]:
        made.feed(bytes([octet]))
        assert made.next_frame() is None
    assert made.held == len(PUBLISH) - 1
    made.feed(PUBLISH[-1:])
    assert isinstance(made.next_frame(), PublishFrame)
    assert made.next_frame() is None
    assert made.held == 0


def test_what_is_fed_before_all_was_asked_for_is_kept_in_order() -> None:
    made = reader(PUBLISH + frame(3, 1, b"first"))
    assert isinstance(made.next_frame(), PublishFrame)
    made.feed(frame(3, 1, b"second"))
    assert list(iter(made.next_frame, None)) == [BodyFrame(1, b"first"), BodyFrame(1, b"second")]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (PUBLISH[:-1] + b"\0", "a frame ends with octet 0x00 instead of 0xce"),
        (b"\4\0\1\0\0\0\0", "there is no frame of type 4"),
        (b"\4\0\1\0\0\0\0\xce", "there is no frame of type 4"),
        (b"GET / H", "a payload of 539959368 octets is too large for frames of 4096"),
        (b"\3\0\1\0\0\x10\1", "a payload of 4097 octets is too large for frames of 4096"),
        (frame(3, 1, bytes(4_097)), "a payload of 4097 octets is too large for frames of 4096"),
        (b"\x08\0\1\0\0\0\0\xce", "a heartbeat is empty and on channel 0"),
        (b"\x08\0\0\0\0\0\1", "a heartbeat is empty and on channel 0"),
        (frame(1, 0, b"abc"), "a method frame has no room for a method"),
    ],
)
def test_what_can_never_become_a_frame_is_a_frame_error(data: bytes, why: str) -> None:
    with pytest.raises(AmqpError) as refused:
        reader(data).next_frame()
    assert refused.value.text == f"FRAME_ERROR - {why}"


@pytest.mark.parametrize(
    "data",
    [
        frame(1, 1, b"\0\x3c\0\x28"),
        frame(1, 1, b"\0\x3c\0\x28\0\0\x05e\x01k\0"),
        frame(1, 1, b"\0\x3c\0\x28\0\0\x01e\x01k"),
        frame(1, 1, b"\0\x3c\0\x28\0\0\x01e\x01k\0\0"),
        frame(1, 1, b"\0\x3c\0\x28\0\0\x01\xff\x01k\0"),
        frame(2, 1, b"\0\x3c\0\0" + bytes(8)),
        frame(2, 1, b"\0\x3c\0\1" + bytes(10)),
    ],
)
def test_a_publish_or_header_that_cannot_be_read_is_a_syntax_error_and_the_next_frame_is_read(data: bytes) -> None:
    made = reader(data + PUBLISH)
    with pytest.raises(AmqpError) as refused:
        made.next_frame()
    assert refused.value.code is ReplyCode.SYNTAX_ERROR
    assert (refused.value.class_id, refused.value.method_id) == (60, 40)
    assert isinstance(made.next_frame(), PublishFrame)


def test_a_payload_may_fill_what_is_meant_for_a_whole_frame() -> None:
    assert frames(frame(3, 1, bytes(4_096))) == [BodyFrame(1, bytes(4_096))]


def test_the_size_of_frames_can_be_agreed_on_between_two() -> None:
    made = reader(PUBLISH + frame(3, 1, bytes(5_000)))
    made.next_frame()
    made.frame_max = 8_192
    assert made.next_frame() == BodyFrame(1, bytes(5_000))


@pytest.mark.parametrize("header", [b"AMQP\0\0\x08\0", b"AMQP\x03\1\0\0", b"GET / HTTP/1.1", b"B", b"AMQX"])
def test_another_header_is_told_by_its_first_wrong_octet(header: bytes) -> None:
    assert reader(header).greeting() is False
    made = FrameReader(4_096)
    told = []
    for octet in header:
        made.feed(bytes([octet]))
        told.append(made.greeting())
        if told[-1] is False:
            break
    wrong = next(at for at, octet in enumerate(header) if octet != PROTOCOL_HEADER[at])
    assert told == [None] * wrong + [False]


def test_the_header_may_come_in_pieces_and_with_what_follows() -> None:
    made = reader(PROTOCOL_HEADER[:5])
    assert made.greeting() is None
    made.feed(PROTOCOL_HEADER[5:] + PUBLISH)
    assert made.greeting() is True
    assert isinstance(made.next_frame(), PublishFrame)


def test_a_large_body_is_cut_to_the_size_of_frames() -> None:
    octets = content_frames(1, b"\0\0", bytes(9_000), 4_096)
    assert [len(part.payload) for part in frames(octets) if isinstance(part, BodyFrame)] == [4_088, 4_088, 824]
