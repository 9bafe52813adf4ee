from pamqp import frame
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from eventyard.wire.amqp.content import Content, Outlet, ack_frame, nack_frame
from eventyard.wire.amqp.properties import Properties, encode_properties

PROPERTIES = encode_properties(Properties(content_type="text/plain"))
BODY = b"0123456789" * 1_000


def expected(channel: int, head: Basic.Deliver | Basic.GetOk | Basic.Return, frame_max: int) -> bytes:
    parts = [ContentBody(BODY[at : at + frame_max - 8]) for at in range(0, len(BODY), frame_max - 8)]
    header = ContentHeader(0, len(BODY), Basic.Properties(content_type="text/plain"))
    return b"".join(frame.marshal(piece, channel) for piece in (head, header, *parts))


def test_a_delivery_is_what_pamqp_makes_of_it() -> None:
    message = Content("project.1", "vehicles.2.update", PROPERTIES, BODY)
    for channel, frame_max in ((1, 131_072), (2_047, 4_096)):
        outlet = Outlet(channel, "ctag1.1", frame_max)
        head = Basic.Deliver("ctag1.1", 7, True, "project.1", "vehicles.2.update")
        assert b"".join(outlet.frames(message, 7, True)) == expected(channel, head, frame_max)


def test_a_content_is_made_once_for_all_consumers_with_the_same_channel_number() -> None:
    message = Content("e", "k", PROPERTIES, BODY)
    (_, first), (_, second) = (Outlet(1, tag, 4_096).frames(message, 1, False) for tag in ("a", "b"))
    assert first is second
    assert first is message.frames(1, 4_096)


def test_a_large_body_is_not_kept_for_every_channel_number_there_is() -> None:
    message = Content("e", "k", PROPERTIES, bytes(3 * 1024 * 1024))
    for channel in range(1, 11):
        assert len(message.frames(channel, 131_072)) > len(message.body)
    assert len(message.made) <= 2


def test_an_empty_body_has_no_frame() -> None:
    assert Content("e", "k", b"\0\0", b"").frames(1, 4_096) == b"\2\0\1\0\0\0\x0e\0\x3c" + bytes(12) + b"\xce"


def test_a_message_is_got() -> None:
    message = Content("e", "k", PROPERTIES, BODY)
    assert b"".join(message.got(3, 4_096, 9, redelivered=True, remaining=5)) == expected(
        3, Basic.GetOk(9, True, "e", "k", 5), 4_096
    )


def test_a_message_is_returned() -> None:
    message = Content("e", "k", PROPERTIES, BODY)
    assert b"".join(message.returned(3, 4_096)) == expected(3, Basic.Return(312, "NO_ROUTE", "e", "k"), 4_096)


def test_confirmations_are_what_pamqp_makes_of_them() -> None:
    assert ack_frame(5, 2**40, True) == frame.marshal(Basic.Ack(2**40, True), 5)
    assert nack_frame(5, 3, False) == frame.marshal(Basic.Nack(3, False, False), 5)


def test_names_that_are_longer_than_a_short_string_are_cut() -> None:
    content = Content("\N{EURO SIGN}" * 100, "k" * 300, PROPERTIES, b"")
    assert content.ending[:-1] == b"\xff" + b"\xe2\x82\xac" * 85 + b"\xff" + b"k" * 255
