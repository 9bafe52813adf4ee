import pytest
from pamqp import frame
from pamqp.commands import Basic, Channel, Confirm, Connection, Queue

from eventyard.wire.amqp import connection
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import (
    ChannelClosing,
    ChannelFailed,
    ChannelOpened,
    Closing,
    Command,
    Failed,
    Login,
    Open,
    Publish,
    SecretUpdate,
)
from eventyard.wire.amqp.frames import HEARTBEAT, PROTOCOL_HEADER
from eventyard.wire.amqp.handshake import Limits, Tuning
from eventyard.wire.amqp.states import State
from tests.wire.amqp_client import (
    CAPABLE,
    START_OK,
    TUNE_OK,
    content,
    greeted,
    happened,
    method,
    names,
    publish,
    running,
    said,
)

BYE = Connection.Close(200, "bye", 0, 0)


def goodbye(served: connection.Connection) -> tuple[int, int, str, int, int]:
    """The one close that was said: on which channel, and its arguments."""
    ((channel, what),) = said(served)
    assert isinstance(what, Channel.Close | Connection.Close)
    assert isinstance(what, Channel.Close) == bool(channel)
    assert what.reply_code is not None
    return channel, what.reply_code, what.reply_text, what.class_id or 0, what.method_id or 0


def test_a_client_is_let_in() -> None:
    served = connection.Connection(("PLAIN", "EXTERNAL"))
    assert happened(served, PROTOCOL_HEADER) == []
    ((_, start),) = said(served)
    assert isinstance(start, Connection.Start)
    assert start.mechanisms == "PLAIN EXTERNAL"

    assert happened(served, method(0, START_OK)) == [Login("PLAIN", "alice", "secret", CAPABLE)]
    served.accept_login()
    ((_, tune),) = said(served)
    assert isinstance(tune, Connection.Tune)
    assert (tune.channel_max, tune.frame_max, tune.heartbeat) == (2_047, 131_072, 60)

    answer = method(0, Connection.TuneOk(10, 4_096, 30)) + method(0, Connection.Open("amqp"))
    assert happened(served, answer) == [Open("amqp")]
    assert served.tuning == Tuning(10, 4_096, 30)
    served.accept_open()
    assert names(served) == ["Connection.OpenOk"]
    assert happened(served, HEARTBEAT + method(10, Channel.Open())) == [ChannelOpened(10)]
    assert names(served) == ["Channel.OpenOk"]


def test_a_client_in_a_hurry_is_heard_when_its_turn_comes() -> None:
    served = connection.Connection()
    hurry = PROTOCOL_HEADER + b"".join(
        [method(0, START_OK), method(0, TUNE_OK), method(0, Connection.Open("/")), method(1, Channel.Open())]
    )
    assert [type(event) for event in happened(served, hurry)] == [Login]
    served.accept_login()
    assert happened(served) == [Open("/")]
    served.accept_open()
    assert happened(served) == [ChannelOpened(1)]


@pytest.mark.parametrize("header", [b"AMQP\0\0\x08\0", b"AMQP\x03\1\0\0", b"GET / HTTP/1.1\r\n\r\n"])
def test_another_protocol_is_answered_with_ours_and_the_end(header: bytes) -> None:
    served = connection.Connection()
    assert happened(served, header) == []
    assert served.take() == [PROTOCOL_HEADER]
    assert served.ended


def test_a_refused_client_that_can_be_told_is_told() -> None:
    served = greeted()
    happened(served, method(0, START_OK))
    served.refuse_login("Login was refused using authentication mechanism PLAIN")
    assert goodbye(served) == (
        0, 403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN", 0, 0,
    )  # fmt: skip
    happened(served, method(0, Connection.CloseOk()))
    assert served.ended


def test_a_refused_client_that_cannot_be_told_is_cut_off() -> None:
    served = greeted()
    happened(served, method(0, Connection.StartOk({}, "PLAIN", "\0alice\0wrong")))
    served.refuse_login("no")
    assert served.take() == []
    assert served.ended


def test_an_unknown_virtual_host_is_refused() -> None:
    served = greeted()
    happened(served, method(0, START_OK))
    served.accept_login()
    happened(served, method(0, TUNE_OK) + method(0, Connection.Open("other")))
    served.take()
    served.fail(AmqpError(ReplyCode.NOT_ALLOWED, "vhost other not found", Connection.Open))
    assert goodbye(served) == (0, 530, "NOT_ALLOWED - vhost other not found", 10, 40)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (method(0, TUNE_OK), "CHANNEL_ERROR - unexpected method in connection state started"),
        (method(0, Queue.Purge(queue="q")), "CHANNEL_ERROR - unexpected method in connection state started"),
        (method(0, Connection.CloseOk()), "CHANNEL_ERROR - unexpected method in connection state started"),
        (method(1, Channel.Open()), "UNEXPECTED_FRAME - a frame on channel 1 before connection.open"),
        (content(0, b"a"), "UNEXPECTED_FRAME - content on channel 0"),
        (b"\3\0\0\0\0\x20\1", "FRAME_ERROR - a payload of 8193 octets is too large for frames of 8192"),
    ],
)
def test_before_it_is_let_in_a_client_does_nothing_else(sent: bytes, text: str) -> None:
    served = greeted()
    (failed,) = happened(served, sent)
    assert isinstance(failed, Failed)
    assert failed.error.text == text
    assert goodbye(served)[2] == text


def test_a_message_is_published_with_its_properties_as_they_came() -> None:
    served = running()
    head = method(1, Basic.Publish(0, "amq.topic", "a.b", mandatory=True))
    body = content(1, b"x" * 9_000, Basic.Properties(message_id="m"), part=4_000)
    assert happened(served, head + body) == [
        Publish(1, "amq.topic", "a.b", True, b"\0\x80\1m", b"x" * 9_000, 0),
    ]


def test_contents_on_several_channels_may_be_interleaved() -> None:
    served = running(channels=2)
    one, two = publish(1, b"one!", part=2), publish(2, b"two!", part=2)
    pieces = [(one[:-10], two[:-10]), (one[-10:], two[-10:])]
    assert [event for pair in pieces for piece in pair for event in happened(served, piece)] == [
        Publish(1, "", "k", False, b"\0\0", b"one!", 0),
        Publish(2, "", "k", False, b"\0\0", b"two!", 0),
    ]


def test_publications_are_confirmed_as_they_become_safe() -> None:
    served = running()
    (command,) = happened(served, method(1, Confirm.Select()))
    assert isinstance(command, Command)
    published = happened(served, publish(1, b"a") * 3)
    assert [event.tag for event in published if isinstance(event, Publish)] == [1, 2, 3]
    confirms = served.channels[1].confirms
    assert confirms is not None
    confirms.settle(1)
    confirms.settle(3, safe=False)
    served.confirm(1)
    assert b"".join(served.take()) == method(1, Basic.Ack(1, False)) + method(1, Basic.Nack(3, False, False))


def test_any_other_method_is_for_the_gateway_and_answered_by_it() -> None:
    served = running()
    (command,) = happened(served, method(1, Queue.Declare(queue="q")))
    assert isinstance(command, Command)
    assert isinstance(command.method, Queue.Declare)
    served.send(1, Queue.DeclareOk("q", 0, 0))
    assert names(served) == ["Queue.DeclareOk"]


def test_a_method_that_fails_closes_its_channel_and_what_follows_it_is_dropped() -> None:
    served = running(channels=2)
    served.receive(
        method(1, Queue.Purge(queue="q")) + publish(1, b"lost") + method(1, Queue.Purge(queue="q")) + publish(2, b"ok")
    )
    command = served.next_event()
    assert isinstance(command, Command)
    served.fail(AmqpError(ReplyCode.NOT_FOUND, "no queue 'q' in vhost '/'").blaming(command.method), 1)
    assert goodbye(served) == (1, 404, "NOT_FOUND - no queue 'q' in vhost '/'", 50, 30)
    assert [event.channel for event in happened(served) if isinstance(event, Publish)] == [2]
    served.send(1, Queue.PurgeOk(0))
    served.fail(AmqpError(ReplyCode.NOT_FOUND, "again"), 1)
    served.confirm(1)
    assert served.take() == []

    assert happened(served, method(1, Channel.CloseOk()) + method(1, Channel.Open())) == [ChannelOpened(1)]


def test_goodbyes_on_a_channel_may_cross() -> None:
    served = running()
    served.fail(AmqpError(ReplyCode.NOT_FOUND, "no"), 1)
    served.take()
    crossing = method(1, Channel.Close(200, "bye", 0, 0))
    late = method(1, Channel.CloseOk())
    assert happened(served, crossing + late + method(1, Channel.Open())) == [ChannelOpened(1)]
    assert names(served) == ["Channel.CloseOk", "Channel.OpenOk"]


def test_a_client_closes_a_channel_and_may_use_its_number_again() -> None:
    served = running()
    assert happened(served, method(1, Channel.Close(200, "bye", 0, 0))) == [ChannelClosing(1, 200, "bye")]
    assert served.take() == []
    served.channel_close_ok(1)
    served.channel_close_ok(1)
    assert names(served) == ["Channel.CloseOk"]
    assert happened(served, method(1, Channel.Open())) == [ChannelOpened(1)]


@pytest.mark.parametrize(
    ("sent", "code", "text", "ids"),
    [
        (method(2, Queue.Purge(queue="q")), 504, "expected 'channel.open'", (50, 30)),
        (publish(2, b"a"), 504, "expected 'channel.open'", (0, 0)),
        (method(1, Channel.Open()), 504, "second 'channel.open' seen", (20, 10)),
        (
            method(2, Channel.Open()),
            530,
            "number of channels opened has reached the negotiated channel_max (1)",
            (20, 10),
        ),
        (content(1, b"a"), 505, "expected method frame, got non method frame instead", (0, 0)),
        (
            method(1, Basic.Publish()) + method(1, Basic.Ack(1)),
            505,
            "expected content header for class 60, got non content header frame instead",
            (60, 40),
        ),
        (method(1, Basic.Publish(immediate=True)), 540, "immediate=true", (60, 40)),
        (method(0, TUNE_OK), 504, "unexpected method in connection state running", (10, 31)),
        (method(1, Basic.RecoverOk()), 503, "basic.recoverok is not for clients to send", (60, 111)),
        (b"\1\0\1\0\0\0\4\0\x1e\0\x0a\xce", 540, "there is no method 10 of class 30", (0, 0)),
        (b"\x05\0\1\0\0\0\0\xce", 501, "there is no frame of type 5", (0, 0)),
    ],
)
def test_who_breaks_the_protocol_is_told_how_and_let_go(
    sent: bytes, code: int, text: str, ids: tuple[int, int]
) -> None:
    served = running(limits=Limits(tuning=Tuning(channel_max=1)))
    (failed,) = happened(served, sent)
    assert isinstance(failed, Failed)
    assert goodbye(served) == (0, code, f"{ReplyCode(code).name} - {text}", *ids)
    assert served.state is State.CLOSING
    assert served.channels == {}


def test_a_channel_may_have_any_number() -> None:
    served = running()
    assert happened(served, method(65_535, Channel.Open())) == [ChannelOpened(65_535)]


def test_a_message_that_is_too_large_closes_its_channel_and_is_dropped() -> None:
    served = running(limits=Limits(body=10))
    (failed,) = happened(served, publish(1, b"a" * 11) + publish(1, b"b"))
    assert isinstance(failed, ChannelFailed)
    text = "PRECONDITION_FAILED - message size 11 is larger than configured max size 10"
    assert goodbye(served) == (1, 406, text, 60, 40)


def test_unfinished_messages_have_a_bound_together() -> None:
    served = running(channels=3, limits=Limits(gathering=100))
    unfinished = [publish(channel, b"a" * 61, part=60)[:-9] for channel in (1, 2)]
    finished = publish(3, b"a" * 99, part=50)
    assert happened(served, unfinished[0]) == []
    for _ in range(10):
        assert len(happened(served, publish(3, b"a" * 41, part=40))) == 1
    served.fail(AmqpError(ReplyCode.NOT_FOUND, "no"), 1)
    assert len(happened(served, finished)) == 1
    assert happened(served, unfinished[1]) == []
    (failed,) = happened(served, finished)
    assert isinstance(failed, Failed)
    assert failed.error.text == "RESOURCE_ERROR - more than 100 octets of unfinished messages"


def test_after_the_servers_goodbye_only_the_clients_is_heard() -> None:
    served = running()
    served.fail(AmqpError(ReplyCode.CONNECTION_FORCED, "the hub is stopping"))
    assert goodbye(served) == (0, 320, "CONNECTION_FORCED - the hub is stopping", 0, 0)
    ignored = publish(1, b"a") + content(0, b"a") + method(0, TUNE_OK) + method(1, Basic.RecoverOk())
    assert happened(served, ignored + method(0, BYE)) == []
    assert names(served) == ["Connection.CloseOk"]
    served.fail(AmqpError(ReplyCode.INTERNAL_ERROR, "again"))
    assert served.take() == []
    assert not served.ended
    happened(served, method(0, Connection.CloseOk()))
    assert served.ended


def test_a_stream_that_cannot_be_followed_is_read_no_more() -> None:
    served = running()
    happened(served, b"\x05\0\1\0\0\0\0\xce")
    assert happened(served, method(0, Connection.CloseOk())) == []
    assert served.state is State.CLOSING
    served.abandon()
    assert served.ended


def test_a_stream_that_is_lost_while_closing_is_read_no_more() -> None:
    served = running()
    served.fail(AmqpError(ReplyCode.CONNECTION_FORCED, "stop"))
    assert happened(served, b"\x05\0\1\0\0\0\0\xce" + method(0, Connection.CloseOk())) == []
    assert not served.ended


def test_a_client_says_goodbye_and_is_answered_once_all_of_its_is_gone() -> None:
    served = running()
    assert happened(served, method(0, BYE) + publish(1, b"a")) == [Closing(200, "bye")]
    assert served.take() == []
    served.close_ok()
    assert names(served) == ["Connection.CloseOk"]
    assert served.ended


def test_answers_that_come_after_the_end_are_dropped() -> None:
    served = greeted()
    happened(served, method(0, START_OK))
    served.abandon()
    served.abandon()
    served.accept_login()
    served.accept_open()
    served.accept_secret()
    served.close_ok()
    served.refuse_login("too late")
    assert served.take() == []
    assert served.ended


def test_a_secret_is_renewed() -> None:
    served = running()
    assert happened(served, method(0, Connection.UpdateSecret("token", "expires"))) == [
        SecretUpdate("token", "expires")
    ]
    served.accept_secret()
    assert names(served) == ["Connection.UpdateSecretOk"]


def test_a_client_that_can_be_told_is_told_once_that_it_has_to_wait() -> None:
    served = running()
    served.unblock()
    served.block("the disk is full")
    served.block("the disk is full")
    ((_, blocked),) = said(served)
    assert isinstance(blocked, Connection.Blocked)
    assert blocked.reason == "the disk is full"
    served.unblock()
    assert names(served) == ["Connection.Unblocked"]


def test_a_client_that_cannot_be_told_is_not() -> None:
    served = greeted()
    happened(served, method(0, Connection.StartOk({}, "PLAIN", "\0alice\0secret")))
    served.accept_login()
    happened(served, method(0, TUNE_OK) + method(0, Connection.Open("/")))
    served.accept_open()
    served.take()
    served.block("the disk is full")
    served.unblock()
    assert served.take() == []


def test_frames_made_elsewhere_go_out_in_their_order() -> None:
    served = running()
    served.write(b"one", b"two")
    served.send(1, Basic.CancelOk("c"))
    served.write(HEARTBEAT)
    assert served.take() == [b"one", b"two", frame.marshal(Basic.CancelOk("c"), 1), HEARTBEAT]
