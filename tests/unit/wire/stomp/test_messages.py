import pytest

from eventyard.wire.stomp.frames import Frame, FrameLimits, FrameReader
from eventyard.wire.stomp.messages import Heads, tail

TAIL = tail("/exchange/e/k", {"content-type": "text/plain", "a:b": "c"}, b"hello")


def test_a_message_is_a_head_for_the_subscriber_and_a_tail_for_all() -> None:
    assert Heads("T_7", "session-x", acks=True).head(12) + TAIL == (
        b"MESSAGE\nsubscription:7\nmessage-id:T_7@@session-x@@12\nack:T_7@@session-x@@12\nredelivered:false\n"
        b"destination:/exchange/e/k\ncontent-type:text/plain\n" + rb"a\cb:c" + b"\ncontent-length:5\n\nhello\0\n"
    )


def test_without_acknowledgements_there_is_no_ack() -> None:
    head = Heads("T_7", "session-x", acks=False).head(12, redelivered=True)
    assert head == b"MESSAGE\nsubscription:7\nmessage-id:T_7@@session-x@@12\nredelivered:true\n"


@pytest.mark.parametrize("acks", [True, False])
def test_the_heads_of_several_are_those_of_each(acks: bool) -> None:
    heads = Heads("T_7", "session-x", acks=acks)
    assert heads.heads(range(3, 6)) == [heads.head(3), heads.head(4), heads.head(5)]


def test_a_subscription_without_an_id_is_not_named() -> None:
    assert Heads("Q_/queue/a", "s", acks=False).head(1) == b"MESSAGE\nmessage-id:Q_/queue/a@@s@@1\nredelivered:false\n"


def test_an_id_may_hold_anything() -> None:
    data = Heads("T_50%d:\n", "s", acks=True).head(3) + TAIL
    (frame,) = FrameReader(FrameLimits()).feed(data)
    assert frame.headers["subscription"] == "50%d:\n"
    assert frame.headers["message-id"] == frame.headers["ack"] == "T_50%d:\n@@s@@3"


def test_what_the_hub_says_itself_is_not_taken_from_the_sender() -> None:
    sent = {"receipt": "r", "content-length": "9", "subscription": "x", "ack": "y", "destination": "z", "own": "o"}
    (frame,) = FrameReader(FrameLimits()).feed(b"MESSAGE\n" + tail("/queue/q", sent, b""))
    assert frame == Frame("MESSAGE", {"destination": "/queue/q", "own": "o"})
