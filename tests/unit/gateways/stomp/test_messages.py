"""Headers of a SEND are properties in AMQP, and headers of a MESSAGE again; a CloudEvent is one in either mode."""

import json

import pytest
from msgspec.structs import replace

from eventyard.gateways.stomp.messages import event_sent, tail_of
from eventyard.model.errors import HubError, Invalid
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.pipeline.streams.deaths import DEATHS, Death, with_death
from eventyard.pipeline.streams.feed import Message
from eventyard.pipeline.streams.properties import EXPIRATION, PROPERTIES, kept, properties_of
from eventyard.wire.amqp.properties import Properties, encode_properties
from eventyard.wire.stomp.commands import Send
from eventyard.wire.stomp.destinations import Destination, Kind
from eventyard.wire.stomp.frames import Frame, FrameLimits, FrameReader

NOW = 1_700_000_000_000
TO = Destination(Kind.TOPIC, "a.b")
NATIVE = Event("e1", "/projects/P", "entity.cars.update", NOW, b'{"wheels":4}', "cars.7.update", subject="cars/7")


def sent(body: bytes = b"x", key: str | None = "a.b", reply_to: str | None = None, **headers: str) -> Event:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    properties = {name: named.pop(name) for name in list(named) if name in PROPERTY_HEADERS}
    send = Send(destination=TO, body=body, properties=properties, headers=named)
    return event_sent(send, "amq.topic", key, reply_to=reply_to, new_id=lambda: "new", now=NOW)


PROPERTY_HEADERS = {
    "content-type", "content-encoding", "persistent", "priority", "correlation-id", "reply-to", "expiration",
    "amqp-message-id", "timestamp", "type", "user-id", "app-id",
}  # fmt: skip


def frame(event: Event, exchange: str = "amq.topic", *, as_binary: bool = False) -> Frame:
    """The MESSAGE of an event, its head left out."""
    message = Message(EntryId(7), NOW, "topic", event)
    data = b"MESSAGE\n" + tail_of(message, exchange, as_binary=as_binary).data
    [frame] = FrameReader(FrameLimits()).feed(data)
    return frame


def test_every_property_header_is_a_property_and_all_others_are_headers() -> None:
    event = sent(
        content_type="text/plain", content_encoding="gzip", persistent="true", priority="5", correlation_id="c",
        reply_to="r", expiration="1000", amqp_message_id="m", timestamp="1234", type="t", user_id="u", app_id="a",
        mine="yes",
    )  # fmt: skip
    assert properties_of(event) == Properties(
        content_type="text/plain", content_encoding="gzip", headers={"mine": "yes"}, delivery_mode=2, priority=5,
        correlation_id="c", reply_to="r", expiration="1000", message_id="m", timestamp=1234, type="t", user_id="u",
        app_id="a",
    )  # fmt: skip
    assert (event.id, event.type, event.time, event.routing_key) == ("m", "t", 1_234_000, "a.b")
    assert event.extensions[EXPIRATION] == "1000"


def test_a_message_that_says_nothing_of_itself_is_bytes_of_now() -> None:
    event = sent()
    assert (event.id, event.type, event.time, event.source) == ("new", "stomp.message", NOW, "/exchanges/amq.topic")
    assert (event.content_type, event.data) == ("application/octet-stream", b"x")
    assert properties_of(event) == Properties()


def test_the_queue_to_answer_to_stands_in_place_of_the_temporary_one() -> None:
    event = sent(reply_to="/reply-queue/amq.gen-1", correlation_id="c")
    properties = properties_of(event)
    assert properties is not None and properties.reply_to == "/reply-queue/amq.gen-1"


def test_what_is_not_persistent_says_so_by_saying_nothing() -> None:
    properties = properties_of(sent(persistent="false"))
    assert properties is not None and properties.delivery_mode is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", "256"),
        ("priority", "high"),
        ("timestamp", "-1"),
        ("timestamp", "9" * 30),
        ("persistent", "yes"),
        ("type", "t" * 256),
        ("correlation_id", "ü" * 128),
    ],
)
def test_what_no_property_can_hold_is_refused(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        sent(**{name: value})
    assert refusal.value.code == "invalid_parameter"


def test_a_cloudevent_in_json_is_that_cloudevent() -> None:
    document = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "routingkey": "own.key", "data": {"a": 1}}
    body = json.dumps(document).encode()
    event = sent(body, content_type="application/cloudevents+json")
    assert (event.id, event.source, event.type, event.routing_key) == ("1", "/s", "t", "a.b")
    assert PROPERTIES not in event.extensions
    assert sent(body, None, content_type="application/cloudevents+json").routing_key == "own.key"


def test_a_cloudevent_in_binary_mode_is_that_cloudevent() -> None:
    headers = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/s", "ce_type": "t", "content_type": "text/plain"}
    event = sent(b"hello", **headers)
    assert (event.id, event.content_type, event.data, event.routing_key) == ("1", "text/plain", b"hello", "a.b")
    assert sent(b"hello", None, **headers).routing_key == "t"


def test_what_claims_to_be_a_cloudevent_and_is_none_is_refused() -> None:
    with pytest.raises(HubError) as refusal:
        sent(b"{}", content_type="application/cloudevents+json")
    assert refusal.value.code == "invalid_cloudevent"


def test_what_came_over_stomp_goes_out_as_it_came() -> None:
    event = sent(b"hi", content_type="text/plain", persistent="true", priority="5", mine="a:b\nc")
    assert frame(event) == Frame(
        "MESSAGE",
        {
            "destination": "/topic/a.b", "content-type": "text/plain", "priority": "5", "persistent": "true",
            "mine": "a:b\nc", "x-stream-offset": "7", "content-length": "2",
        },
        b"hi",
    )  # fmt: skip


def test_headers_of_amqp_that_are_no_texts_are_written_as_json() -> None:
    octets = encode_properties(Properties(headers={"n": 5, "yes": True, "deep": {"a": [1, "x"]}, "": "nameless"}))
    headers = frame(replace(NATIVE, extensions={PROPERTIES: kept(octets)})).headers
    assert (headers["n"], headers["yes"], headers["deep"]) == ("5", "true", '{"a":[1,"x"]}')
    assert "" not in headers


def test_a_header_of_the_senders_hides_no_property() -> None:
    octets = encode_properties(Properties(type="real", headers={"type": "mine", "x-stream-offset": "999"}))
    headers = frame(replace(NATIVE, extensions={PROPERTIES: kept(octets)})).headers
    assert (headers["type"], headers["x-stream-offset"]) == ("real", "7")


def test_a_dead_letter_tells_how_it_died() -> None:
    extensions = {
        PROPERTIES: kept(encode_properties(Properties(expiration="5"))),
        DEATHS: with_death([], Death("q", "expired", "", "q", 1)),
    }
    headers = frame(replace(NATIVE, extensions=extensions), "dead").headers
    assert headers["x-first-death-queue"] == "q" and headers["x-first-death-reason"] == "expired"
    assert json.loads(headers["x-death"])[0]["count"] == 1
    assert "expiration" not in headers


def test_any_other_event_goes_out_as_a_cloudevent_in_json() -> None:
    message = frame(NATIVE, "project.P")
    assert message.headers == {
        "destination": "/exchange/project.P/cars.7.update", "content-type": "application/cloudevents+json",
        "type": "entity.cars.update", "amqp-message-id": "e1", "x-stream-offset": "7",
        "content-length": str(len(message.body)),
    }  # fmt: skip
    document = json.loads(message.body)
    assert (document["data"], document["sequence"]) == ({"wheels": 4}, "000000000000000007")


def test_or_as_its_data_with_its_attributes_as_headers() -> None:
    message = frame(NATIVE, "project.P", as_binary=True)
    assert message.body == b'{"wheels":4}'
    headers = message.headers
    assert (headers["content-type"], headers["ce-type"]) == ("application/json", "entity.cars.update")
    assert (headers["ce-subject"], headers["ce-sequence"]) == ("cars/7", "000000000000000007")


def test_a_tail_is_made_once_and_says_whether_it_is_text() -> None:
    message = Message(EntryId(7), NOW, "topic", sent(b"\xff\xfe"))
    tail = tail_of(message, "amq.topic", as_binary=False)
    assert not tail.text
    assert tail_of(message, "amq.topic", as_binary=False) is tail
    assert tail_of(Message(EntryId(8), NOW, "topic", sent("ü".encode())), "", as_binary=False).text
