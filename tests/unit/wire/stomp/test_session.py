import pytest

from eventyard.model.errors import Conflict, Forbidden, HubError, Invalid, NotFound, Unauthenticated
from eventyard.wire.stomp.commands import (
    Abort,
    Ack,
    Begin,
    Commit,
    Connect,
    Disconnect,
    Held,
    Nack,
    Renew,
    Send,
    Subscribe,
    Unsubscribe,
)
from eventyard.wire.stomp.destinations import Destination, Kind
from eventyard.wire.stomp.errors import Refused
from eventyard.wire.stomp.frames import Frame
from eventyard.wire.stomp.session import STEPS, Session, SessionLimits, State

USUAL = SessionLimits()
SEND = Frame("SEND", {"destination": "/queue/a"}, b"hi")
SENT = Send(destination=Destination(Kind.QUEUE, "a"), body=b"hi")
DISCONNECT = Frame("DISCONNECT", {"receipt": "bye"})


def new(limits: SessionLimits = USUAL) -> Session:
    return Session("session-1", limits, server="Eventyard/1")


def connected(version: str = "1.2", limits: SessionLimits = USUAL, **headers: str) -> Session:
    session = new(limits)
    assert isinstance(session.receive(Frame("CONNECT", {"accept-version": version, **headers})), Connect)
    assert session.accept().startswith(b"CONNECTED\nversion:" + version.encode())
    return session


def going_on() -> Session:
    return connected(**{"x-continue-on-error": "true"})


def title(session: Session, frame: Frame) -> str:
    with pytest.raises(Refused) as caught:
        session.receive(frame)
    return caught.value.title


def subscribe(session: Session, ack: str, id: str = "7") -> None:
    session.receive(Frame("SUBSCRIBE", {"id": id, "destination": "/queue/a", "ack": ack}))


def test_a_client_is_connected_once_it_is_accepted() -> None:
    session = new()
    session.receive(Frame("STOMP", {"accept-version": "1.1,1.2", "heart-beat": "500,10000", "host": "anything"}))
    assert session.state is State.CONNECTING
    assert session.accept() == (
        b"CONNECTED\nversion:1.2\nsession:session-1\nserver:Eventyard/1\nheart-beat:10000,1000\n\n\0\n"
    )
    assert session.state is State.CONNECTED
    assert (session.sends_every_ms, session.expects_every_ms) == (10_000, 1000)


def test_a_client_that_is_not_accepted_is_told_so() -> None:
    session = new()
    session.receive(Frame("CONNECT", {"login": "me"}))
    error = session.refuse(Unauthenticated("unauthenticated", "no such key"))
    assert error == (
        b"ERROR\nmessage:Bad CONNECT\ncontent-type:text/plain\nversion:1.0,1.1,1.2\ncode:unauthenticated\n"
        b"content-length:40\n\nAccess refused for user 'me': no such key\0\n"
    ).replace(b":40", b":41")
    assert session.state is State.CLOSED


@pytest.mark.parametrize("command", ["SEND", "SUBSCRIBE", "DISCONNECT", "ACK"])
def test_before_connect_nothing_else_is_understood(command: str) -> None:
    assert title(new(), Frame(command, {"destination": "/queue/a"})) == "Illegal command"


def test_nothing_is_said_between_connect_and_its_answer() -> None:
    session = new()
    session.receive(Frame("CONNECT"))
    assert title(session, SEND) == "Illegal command"
    assert title(session, Frame("CONNECT")) == "Illegal command"


def test_a_connected_client_cannot_connect_again_and_is_told_how_to_renew_its_token() -> None:
    with pytest.raises(Refused, match="SEND a new token to /token"):
        connected().receive(Frame("CONNECT"))


@pytest.mark.parametrize("command", ["connect", "MESSAGE", "accept", "refuse", "leave", ""])
def test_what_is_no_command_of_a_client_is_told_so(command: str) -> None:
    assert title(connected(), Frame(command)) == "Bad command"
    assert title(new(), Frame(command)) == "Bad command"
    judged = new()
    judged.receive(Frame("CONNECT"))
    assert title(judged, Frame(command)) == "Bad command"


def test_commands_become_typed() -> None:
    session = connected()
    assert session.receive(SEND) == SENT
    assert session.receive(Frame("SEND", {"destination": "/token"}, b"new")) == Renew(token="new")
    assert session.receive(Frame("SUBSCRIBE", {"id": "7", "destination": "/queue/a", "receipt": "r"})) == Subscribe(
        tag="T_7", destination=Destination(Kind.QUEUE, "a"), receipt="r"
    )
    assert session.receive(Frame("UNSUBSCRIBE", {"id": "7"})) == Unsubscribe(tag="T_7")
    assert session.receive(DISCONNECT) == Disconnect(receipt="bye")


def test_values_of_the_oldest_version_begin_behind_their_blanks() -> None:
    frame = Frame("SEND", {"destination": " /queue/a"}, b"hi")
    assert connected("1.0").receive(frame) == SENT
    assert title(connected("1.1"), frame) == "Unknown destination"


def test_after_goodbye_nothing_is_heard_and_the_last_receipts_are_given() -> None:
    session = connected()
    session.receive(DISCONNECT)
    assert session.state is State.CLOSING
    assert session.receive(SEND) is None
    assert session.receipt("bye") == b"RECEIPT\nreceipt-id:bye\n\n\0\n"
    session.leave()
    session.leave()
    assert session.state is State.CLOSED
    assert session.receive(SEND) is None
    assert session.receipt("bye") == session.refuse(NotFound("not_found", "gone")) == b""


def test_after_an_error_the_conversation_is_over() -> None:
    session = connected()
    error = session.refuse(NotFound("not_found", "no exchange 'x'", hint="make it"), "r:1")
    assert error == (
        b"ERROR\nmessage:not_found\ncontent-type:text/plain\nversion:1.0,1.1,1.2\ncode:not_found\n"
        + rb"receipt-id:r\c1"
        + b"\ncontent-length:23\n\nno exchange 'x'\nmake it\0\n"
    )
    assert session.state is State.CLOSED


@pytest.mark.parametrize(
    ("error", "over"),
    [
        (Refused("Unknown destination", "no"), False),
        (Invalid("schema_mismatch", "no"), False),
        (Invalid("invalid_frame", "no"), True),
        (NotFound("not_found", "no"), True),
        (Conflict("precondition_failed", "no"), True),
        (Forbidden("forbidden", "no"), True),
    ],
)
def test_a_client_may_ask_to_go_on_after_errors_that_rabbitmq_survives(error: HubError, over: bool) -> None:
    session = going_on()
    assert session.goes_on_after(error) is not over
    assert session.refuse(error)
    assert (session.state is State.CLOSED) is over


def test_nobody_goes_on_who_is_not_connected() -> None:
    session = new()
    session.receive(Frame("CONNECT", {"x-continue-on-error": "true"}))
    session.refuse(Refused("Version mismatch", "no"))
    assert session.state is State.CLOSED


def test_an_id_is_used_once_at_a_time() -> None:
    session = connected()
    subscribe(session, "auto")
    with pytest.raises(Refused, match="A subscription identified by '7' already exists"):
        subscribe(session, "auto")
    session.receive(Frame("UNSUBSCRIBE", {"id": "7"}))
    subscribe(session, "auto")
    session.forget("T_7")
    subscribe(session, "auto")


def test_what_was_never_subscribed_cannot_be_unsubscribed() -> None:
    assert title(connected(), Frame("UNSUBSCRIBE", {"id": "7"})) == "No subscription found"


def test_a_subscription_that_ends_by_itself_is_told_and_the_rest_goes_on() -> None:
    session = connected()
    subscribe(session, "auto")
    told = session.cancelled("T_7")
    assert told.startswith(b"ERROR\nmessage:Server cancelled subscription\n")
    assert b"\nsubscription:7\n" in told
    assert session.state is State.CONNECTED
    assert session.cancelled("T_7") == b""


@pytest.mark.parametrize(("ack", "multiple"), [("auto", False), ("client", True), ("client-individual", False)])
def test_an_acknowledgement_counts_for_one_or_for_all_before(ack: str, multiple: bool) -> None:
    session = connected()
    subscribe(session, ack)
    headers = {"id": "T_7@@session-1@@3", "receipt": "r", "requeue": "false"}
    assert session.receive(Frame("ACK", headers)) == Ack(tag="T_7", number=3, multiple=multiple, receipt="r")
    assert session.receive(Frame("NACK", headers)) == Nack(
        tag="T_7", number=3, multiple=multiple, requeue=False, receipt="r"
    )


def test_a_delivery_can_be_acknowledged_after_its_subscription() -> None:
    session = connected("1.1")
    subscribe(session, "client")
    session.receive(Frame("UNSUBSCRIBE", {"id": "7"}))
    frame = Frame("ACK", {"message-id": "T_7@@session-1@@3", "subscription": "7"})
    assert session.receive(frame) == Ack(tag="T_7", number=3, multiple=False)


@pytest.mark.parametrize(
    ("version", "ack", "shown"),
    [("1.2", "client", True), ("1.2", "auto", False), ("1.1", "client", False), ("1.0", "client", False)],
)
def test_messages_say_how_to_acknowledge_them_where_the_version_knows(version: str, ack: str, shown: bool) -> None:
    session = connected(version)
    subscribe(session, ack)
    assert (b"\nack:T_7@@session-1@@1\n" in session.heads("T_7").head(1)) is shown


def within(name: str, frame: Frame) -> Frame:
    return Frame(frame.command, {**frame.headers, "transaction": name, "receipt": "r"}, frame.body)


def test_a_transaction_is_held_until_it_is_committed() -> None:
    session = connected()
    begin = Frame("BEGIN", {"transaction": "t", "receipt": "r"})
    assert session.receive(begin) == Begin(transaction="t", receipt="r")
    assert session.receive(within("t", SEND)) == Held(transaction="t", receipt="r")
    assert session.receive(within("t", Frame("ACK", {"id": "T_7@@session-1@@3"}))) == Held(transaction="t", receipt="r")
    assert session.receive(SEND) == SENT
    made = session.receive(Frame("COMMIT", {"transaction": "t"}))
    assert isinstance(made, Commit)
    assert [(type(action), action.receipt) for action in made.actions] == [(Send, "r"), (Ack, "r")]
    assert title(session, Frame("COMMIT", {"transaction": "t"})) == "Bad transaction"


def test_an_aborted_transaction_never_was() -> None:
    session = connected()
    session.receive(Frame("BEGIN", {"transaction": "t"}))
    session.receive(within("t", SEND))
    assert session.receive(Frame("ABORT", {"transaction": "t"})) == Abort(transaction="t")
    session.receive(Frame("BEGIN", {"transaction": "t"}))
    assert session.receive(Frame("COMMIT", {"transaction": "t"})) == Commit(transaction="t")


def test_a_transaction_begins_once_and_before_what_belongs_to_it() -> None:
    session = connected()
    assert title(session, within("t", SEND)) == "Bad transaction"
    session.receive(Frame("BEGIN", {"transaction": "t"}))
    assert title(session, Frame("BEGIN", {"transaction": "t"})) == "Bad transaction"


def test_transactions_and_subscriptions_are_bounded() -> None:
    session = connected(limits=SessionLimits(subscriptions=1, transactions=1, actions=2, held_bytes=100))
    subscribe(session, "auto")
    with pytest.raises(Refused, match="1 subscriptions"):
        subscribe(session, "auto", "8")
    session.receive(Frame("BEGIN", {"transaction": "t"}))
    with pytest.raises(Refused, match="1 open transactions"):
        session.receive(Frame("BEGIN", {"transaction": "u"}))
    with pytest.raises(Refused, match="100 bytes"):
        session.receive(within("t", Frame("SEND", {"destination": "/queue/a"}, b"x" * 100)))
    session.receive(within("t", SEND))
    session.receive(within("t", Frame("ACK", {"id": "T_7@@session-1@@3"})))
    with pytest.raises(Refused, match="2 actions"):
        session.receive(within("t", SEND))


def test_what_a_transaction_held_is_free_again_after_it() -> None:
    session = connected(limits=SessionLimits(held_bytes=100))
    for end in ("COMMIT", "ABORT", "COMMIT"):
        session.receive(Frame("BEGIN", {"transaction": "t"}))
        session.receive(within("t", SEND))
        session.receive(Frame(end, {"transaction": "t"}))


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.NEW} | {after for steps in STEPS.values() for after in steps.values()}
    assert reached == set(State)
    assert not STEPS[State.CLOSED]
    assert all(State.CLOSED in steps.values() for state, steps in STEPS.items() if state is not State.CLOSED)
