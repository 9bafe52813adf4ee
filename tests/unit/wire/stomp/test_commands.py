import pytest

from eventyard.wire.stomp import commands
from eventyard.wire.stomp.commands import AckMode, Connect, Renew, Send, Subscribe, Unsubscribe
from eventyard.wire.stomp.destinations import Destination, Kind
from eventyard.wire.stomp.errors import Refused
from eventyard.wire.stomp.frames import Frame
from eventyard.wire.stomp.negotiation import HeartBeat

QUEUE = {"destination": "/queue/a", "id": "7"}


def test_connect_says_who_is_there() -> None:
    headers = {
        "accept-version": "1.1,1.2",
        "host": "example.org",
        "login": "me",
        "passcode": "secret",
        "heart-beat": "1000,2000",
        "x-continue-on-error": "true",
    }
    assert commands.connect(Frame("STOMP", headers)) == Connect(
        version="1.2",
        login="me",
        passcode="secret",
        host="example.org",
        heart_beat=HeartBeat(1000, 2000),
        continues=True,
    )


def test_values_of_the_oldest_version_begin_behind_their_blanks() -> None:
    assert commands.connect(Frame("CONNECT", {"login": " me", "passcode": "  pass "})).passcode == "pass "
    assert commands.connect(Frame("CONNECT", {"accept-version": "1.2", "passcode": " p"})).passcode == " p"


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(commands.connect(Frame("CONNECT", {"login": "me", "passcode": "secret"})))
    assert "secret" not in repr(commands.send({"destination": "/token"}, b"secret"))


def test_send_tells_properties_from_headers_of_the_sender() -> None:
    headers = {
        "destination": "/topic/a.b",
        "content-type": "text/plain",
        "persistent": "true",
        "priority": "4",
        "reply-to": "/temp-queue/me",
        "receipt": "r1",
        "content-length": "2",
        "transaction": "t",
        "ce-id": "1",
    }
    assert commands.send(headers, b"hi") == Send(
        destination=Destination(Kind.TOPIC, "a.b"),
        body=b"hi",
        properties={"content-type": "text/plain", "persistent": "true", "priority": "4", "reply-to": "/temp-queue/me"},
        headers={"ce-id": "1"},
        reply_to=Destination(Kind.TEMPORARY_QUEUE, "me"),
        receipt="r1",
    )


def test_a_reply_to_somewhere_else_is_the_client_s_own_business() -> None:
    made = commands.send({"destination": "/queue/a", "reply-to": "mailto:me"}, b"")
    assert isinstance(made, Send)
    assert made.reply_to is None


def test_a_token_is_renewed_by_sending_it() -> None:
    assert commands.send({"destination": "/token", "receipt": "r"}, b"abc.def\n") == Renew(token="abc.def", receipt="r")


@pytest.mark.parametrize(
    ("headers", "body", "title"),
    [
        ({}, b"", "Missing destination"),
        ({"destination": "/nowhere"}, b"", "Unknown destination"),
        ({"destination": "/temp-queue/a"}, b"", "Invalid destination"),
        ({"destination": "/queue/a", "message-id": "1"}, b"", "Invalid header"),
        ({"destination": "/queue/a", "reply-to": "/temp-queue/"}, b"", "Invalid destination"),
        ({"destination": "/token"}, b" \n", "Missing token"),
        ({"destination": "/token", "transaction": "t"}, b"abc", "Invalid header"),
    ],
)
def test_what_cannot_be_sent_is_refused(headers: dict[str, str], body: bytes, title: str) -> None:
    with pytest.raises(Refused) as caught:
        commands.send(headers, body)
    assert caught.value.title == title


def test_subscribe_reads_every_wish() -> None:
    headers = {
        "destination": "/exchange/project.p/vehicles.#",
        "id": "sub-1",
        "ack": "client-individual",
        "prefetch-count": "50",
        "persistent": "true",
        "auto-delete": "false",
        "exclusive": "true",
        "x-queue-name": "mine",
        "x-message-ttl": "60000",
        "x-priority": "-1",
        "x-overflow": "reject-publish",
        "x-single-active-consumer": "true",
        "x-stream-offset": "offset=4711",
        "receipt": "r",
    }
    assert commands.subscribe(headers, "1.2") == Subscribe(
        tag="T_sub-1",
        destination=Destination(Kind.EXCHANGE, "project.p", "vehicles.#"),
        ack=AckMode.CLIENT_INDIVIDUAL,
        prefetch=50,
        durable=True,
        auto_delete=False,
        exclusive=True,
        queue="mine",
        arguments={
            "x-message-ttl": 60_000,
            "x-priority": -1,
            "x-overflow": "reject-publish",
            "x-single-active-consumer": True,
            "x-stream-offset": "offset=4711",
        },
        receipt="r",
    )


def test_a_subscription_wishes_little_by_itself() -> None:
    assert commands.subscribe(QUEUE | {"prefetch-count": "0"}, "1.1") == Subscribe(
        tag="T_7", destination=Destination(Kind.QUEUE, "a")
    )


def test_in_the_oldest_version_the_destination_may_stand_for_the_id() -> None:
    assert commands.subscribe({"destination": "/queue/a"}, "1.0").tag == "Q_/queue/a"
    assert commands.unsubscribe({"destination": "/queue/a"}, "1.0") == Unsubscribe(tag="Q_/queue/a")


@pytest.mark.parametrize(
    ("headers", "title"),
    [
        ({"id": "7"}, "Missing destination"),
        ({"destination": "/queue/a"}, "Missing header"),
        ({"destination": "/queue/a", "durable": "true"}, "Missing Header"),
        ({"destination": "/queue/a", "id": "/temp-queue/x"}, "Invalid id"),
        ({"destination": "/temp-queue/a", "id": "7"}, "Invalid destination"),
        ({"destination": "/reply-queue/a", "id": "7"}, "Invalid destination"),
        ({"destination": "/token", "id": "7"}, "Invalid destination"),
        (QUEUE | {"ack": "always"}, "Invalid header"),
        (QUEUE | {"prefetch-count": "many"}, "Invalid header"),
        (QUEUE | {"prefetch-count": "-1"}, "Invalid header"),
        (QUEUE | {"durable": "yes"}, "Invalid header"),
        (QUEUE | {"x-expires": "soon"}, "Invalid header"),
        (QUEUE | {"x-max-length": "1" * 19}, "Invalid header"),
    ],
)
def test_what_cannot_be_subscribed_is_refused(headers: dict[str, str], title: str) -> None:
    with pytest.raises(Refused) as caught:
        commands.subscribe(headers, "1.2")
    assert caught.value.title == title


def test_unsubscribe_can_end_a_durable_subscription() -> None:
    headers = {"id": "7", "durable": "true", "receipt": "r"}
    assert commands.unsubscribe(headers, "1.2") == Unsubscribe(tag="T_7", durable=True, receipt="r")
    with pytest.raises(Refused, match="'destination' or 'id'"):
        commands.unsubscribe({}, "1.0")


@pytest.mark.parametrize(("version", "header"), [("1.0", "message-id"), ("1.1", "message-id"), ("1.2", "id")])
def test_each_version_has_its_header_to_acknowledge(version: str, header: str) -> None:
    headers = {"id": "x", "message-id": "y", header: "T_a@@b@@session-1@@12"}
    assert commands.acknowledged("ACK", headers, version, "session-1") == ("T_a@@b", 12)
    with pytest.raises(Refused, match=f"ACK must include the '{header}' header"):
        commands.acknowledged("ACK", {}, version, "session-1")


@pytest.mark.parametrize(
    "stated", ["", "12", "T_a@@12", "T_a@@session-2@@12", "T_a@@session-1@@", "T_a@@session-1@@-1", "@@session-1@@1"]
)
def test_what_this_session_never_gave_out_cannot_be_acknowledged(stated: str) -> None:
    with pytest.raises(Refused, match="valid 'id' header"):
        commands.acknowledged("NACK", {"id": stated}, "1.2", "session-1")


def test_what_is_not_acknowledged_comes_again_unless_told_otherwise() -> None:
    assert commands.requeue({})
    assert commands.requeue({"requeue": "true"})
    assert not commands.requeue({"requeue": "false"})


def test_a_transaction_has_a_name() -> None:
    assert commands.transaction("BEGIN", {"transaction": ""}) == ""
    with pytest.raises(Refused, match="BEGIN must include a 'transaction' header"):
        commands.transaction("BEGIN", {})
