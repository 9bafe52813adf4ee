"""Conversations with the server's half of STOMP, arrow by arrow; any frames give commands or errors."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.errors import HubError
from eventyard.wire.stomp.commands import Command, Connect, Disconnect
from eventyard.wire.stomp.frames import Frame, FrameLimits, FrameReader
from eventyard.wire.stomp.session import STEPS, Session, SessionLimits, State

LIMITS = SessionLimits(subscriptions=3, transactions=2, actions=3, held_bytes=200)

ONE_SUBSCRIBER = """
> CONNECT|accept-version:1.2|host:hub.example
< CONNECTED|version:1.2|session:session-1|server:Hub/1|heart-beat:0,0
> SUBSCRIBE|id:0|destination:/exchange/project.p/vehicles.#|ack:client|receipt:s
< RECEIPT|receipt-id:s
> ACK|id:T_0@@session-1@@1|receipt:a
< RECEIPT|receipt-id:a
> UNSUBSCRIBE|id:0
> DISCONNECT|receipt:bye
< RECEIPT|receipt-id:bye
"""
A_TRANSACTION = """
> CONNECT|accept-version:1.1
< CONNECTED|version:1.1|session:session-1|server:Hub/1|heart-beat:0,0
> BEGIN|transaction:t|receipt:1
< RECEIPT|receipt-id:1
> SEND|destination:/queue/a|transaction:t
> COMMIT|transaction:t|receipt:2
< RECEIPT|receipt-id:2
"""
AN_ERROR = """
> CONNECT|accept-version:1.2
< CONNECTED|version:1.2|session:session-1|server:Hub/1|heart-beat:0,0
> SEND|destination:/queue/|receipt:1
< ERROR|message:Invalid destination|code:invalid_parameter|receipt-id:1|body:'/queue/' is not a valid queue destination
> SEND|destination:/queue/a|receipt:2
"""
AN_ERROR_TO_GO_ON_AFTER = """
> CONNECT|x-continue-on-error:true
< CONNECTED|version:1.0|session:session-1|server:Hub/1|heart-beat:0,0
> MESSAGE|receipt:1
< ERROR|message:Bad command|code:not_implemented|receipt-id:1|body:Could not interpret command "MESSAGE"
> SEND|destination: /queue/a|receipt:2
< RECEIPT|receipt-id:2
"""
NO_VERSION = """
> CONNECT|accept-version:3.0
< ERROR|message:Version mismatch|code:not_implemented|body:Supported versions are 1.0,1.1,1.2
> SEND|destination:/queue/a|receipt:2
"""


def new() -> Session:
    return Session("session-1", LIMITS, server="Hub/1")


def obey(session: Session, frame: Frame) -> tuple[Command | None, bytes]:
    """What a gateway does that can do whatever it is asked for."""
    try:
        command = session.receive(frame)
    except HubError as error:
        return None, session.refuse(error, frame.headers.get("receipt"))
    if isinstance(command, Connect):
        return command, session.accept()
    if command is None or command.receipt is None:
        return command, b""
    return command, session.receipt(command.receipt)


def frame_of(line: str) -> Frame:
    command, *headers = line[2:].split("|")
    return Frame(command, dict(header.split(":", 1) for header in headers))


def line_of(frame: Frame) -> str:
    """An ERROR without what is the same in each, and with its body."""
    headers = dict(frame.headers)
    if frame.command == "ERROR":
        assert headers.pop("content-type") == "text/plain"
        assert headers.pop("version") == "1.0,1.1,1.2"
        assert int(headers.pop("content-length")) == len(frame.body)
        headers["body"] = frame.body.decode()
    return "< " + "|".join([frame.command, *(f"{name}:{value}" for name, value in headers.items())])


def frames_in(data: bytes) -> list[Frame]:
    return list(FrameReader(FrameLimits()).feed(data))


@pytest.mark.parametrize("dialogue", [ONE_SUBSCRIBER, A_TRANSACTION, AN_ERROR, AN_ERROR_TO_GO_ON_AFTER, NO_VERSION])
def test_a_conversation_goes_as_written(dialogue: str) -> None:
    session, answers = new(), list[str]()
    for line in dialogue.strip().splitlines():
        if line.startswith(">"):
            assert not answers, "the hub said more than is written"
            answers += map(line_of, frames_in(obey(session, frame_of(line))[1]))
        else:
            assert answers.pop(0) == line
    assert not answers


VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5) | st.sampled_from(
    [
        *("", "7", "8", "t", "u", "true", "false", "auto", "client", "1.0,1.2", "0,0", "T_7@@session-1@@1"),
        *("/queue/a", "/topic/a.*", "/exchange/e/k", "/temp-queue/x", "/reply-queue/x", "/token", " /queue/a"),
    ]
)
NAMES = st.sampled_from(
    [
        *("id", "destination", "transaction", "receipt", "ack", "message-id", "durable", "prefetch-count", "reply-to"),
        *("accept-version", "heart-beat", "x-continue-on-error", "x-expires", "x-stream-offset", "requeue"),
    ]
)
COMMANDS = st.sampled_from([*sorted({name for steps in STEPS.values() for name in steps}), "MESSAGE", ""])
FRAMES = st.lists(
    st.builds(Frame, COMMANDS, st.dictionaries(NAMES, VALUES, max_size=5), st.binary(max_size=60)), max_size=30
)


@given(FRAMES, st.sampled_from(["true", "false"]))
def test_any_frames_give_commands_or_errors_and_the_state_follows_the_table(frames: Iterable[Frame], on: str) -> None:
    session = new()
    for frame in [Frame("CONNECT", {"x-continue-on-error": on, "accept-version": "1.2"}), *frames]:
        before = session.state
        command, said = obey(session, frame)
        after = session.state
        steps = STEPS[before]
        if before in {State.CLOSING, State.CLOSED}:
            assert (command, said, after) == (None, b"", before)
        elif command is None:
            (error,) = frames_in(said)
            assert error.command == "ERROR"
            assert error.headers.get("receipt-id") == frame.headers.get("receipt")
            assert after in {before, State.CLOSED}
        elif isinstance(command, Connect):
            assert after is State.CONNECTED
        else:
            assert after is steps[frame.command]
            assert isinstance(command, Disconnect) is (after is State.CLOSING)
