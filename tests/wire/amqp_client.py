"""The client's half of AMQP 0-9-1 in tests: bytes as pamqp makes them, and what pamqp reads of our answers."""

from pamqp import frame
from pamqp.base import Frame as Method
from pamqp.body import ContentBody
from pamqp.commands import Basic, Channel, Connection
from pamqp.common import FieldTable
from pamqp.header import ContentHeader

from eventyard.wire.amqp import connection, events
from eventyard.wire.amqp.frames import PROTOCOL_HEADER
from eventyard.wire.amqp.handshake import Limits

CAPABLE: FieldTable = {"capabilities": {"authentication_failure_close": True, "connection.blocked": True}}
START_OK = Connection.StartOk(CAPABLE, "PLAIN", "\0alice\0secret")
TUNE_OK = Connection.TuneOk(2_047, 131_072, 60)


def method(channel: int, sent: Method | ContentHeader) -> bytes:
    return frame.marshal(sent, channel)


def content(channel: int, body: bytes, properties: Basic.Properties | None = None, part: int = 131_064) -> bytes:
    """Header and body frames."""
    parts = [ContentBody(body[at : at + part]) for at in range(0, len(body), part)]
    pieces = [ContentHeader(0, len(body), properties or Basic.Properties()), *parts]
    return b"".join(frame.marshal(piece, channel) for piece in pieces)


def publish(channel: int, body: bytes, exchange: str = "", key: str = "k", part: int = 131_064) -> bytes:
    return method(channel, Basic.Publish(0, exchange, key)) + content(channel, body, part=part)


def happened(served: connection.Connection, data: bytes = b"") -> list[events.Event]:
    """What comes of these bytes."""
    served.receive(data)
    found = []
    while (event := served.next_event()) is not None:
        found.append(event)
    return found


def said(served: connection.Connection) -> list[tuple[int, frame.FrameTypes]]:
    """What the server sent since last asked, by channel, as pamqp reads it."""
    octets = b"".join(served.take())
    found = []
    while octets:
        length, channel, what = frame.unmarshal(octets)
        found.append((channel, what))
        octets = octets[length:]
    return found


def names(served: connection.Connection) -> list[str]:
    return [what.name for _, what in said(served)]


def greeted(limits: Limits | None = None) -> connection.Connection:
    """A connection on which the server has introduced itself."""
    served = connection.Connection() if limits is None else connection.Connection(limits=limits)
    assert happened(served, PROTOCOL_HEADER) == []
    assert names(served) == ["Connection.Start"]
    return served


def running(channels: int = 1, limits: Limits | None = None) -> connection.Connection:
    """A connection that is open, with so many channels open."""
    served = greeted(limits)
    happened(served, method(0, START_OK))
    served.accept_login()
    tuning = served.tuning
    answer = Connection.TuneOk(tuning.channel_max, tuning.frame_max, tuning.heartbeat)
    happened(served, method(0, answer) + method(0, Connection.Open("/")))
    served.accept_open()
    for number in range(1, channels + 1):
        happened(served, method(number, Channel.Open()))
    assert names(served) == ["Connection.Tune", "Connection.OpenOk", *["Channel.OpenOk"] * channels]
    return served
