"""What clients of AMQP publish goes out as it came; any other event goes out as a CloudEvent; each is made once."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from eventyard.gateways.amqp.messages import Form, content_of, event_of
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.pipeline.streams.deaths import DEATHS, Death, with_death
from eventyard.pipeline.streams.feed import Message
from eventyard.testing.builders import NOW
from eventyard.wire.amqp.content import Content
from eventyard.wire.amqp.errors import AmqpError
from eventyard.wire.amqp.events import Publish
from eventyard.wire.amqp.properties import Properties, decode_properties, encode_properties

PLAIN = Form()
NATIVE = Event("e1", "/orders", "order.created", NOW, b'{"id":1}', "order.1.created")


def published(body: bytes = b"body", **properties: Any) -> Event:
    octets = encode_properties(Properties(**properties))
    return event_of(Publish(1, "ex", "a.b", False, octets, body, 0), lambda: "new", NOW)


def made(event: Event, form: Form = PLAIN, count: int = 0) -> Content:
    return content_of(Message(EntryId(7), NOW, "topic", event), "ex", form, count)


def test_what_was_published_goes_out_as_it_came() -> None:
    properties = Properties(content_type="text/plain", headers={"a": 1}, priority=3, delivery_mode=2)
    octets = encode_properties(properties)
    event = event_of(Publish(1, "ex", "a.b", False, octets, b"body", 0), lambda: "new", NOW)
    assert (event.id, event.source, event.routing_key) == ("new", "/exchanges/ex", "a.b")
    assert event.content_type == "text/plain"
    content = made(event)
    assert (content.properties, content.body) == (octets, b"body")


@pytest.mark.parametrize("headers", [{"CC": ["b"]}, {"BCC": ["b"]}])
def test_a_message_with_more_keys_than_one_is_refused(headers: dict[str, Any]) -> None:
    with pytest.raises(AmqpError, match="NOT_IMPLEMENTED - the headers CC and BCC"):
        published(headers=headers)
    assert published(b"CC", headers={"to": "CC"})


def test_who_replays_is_told_where_each_message_lies() -> None:
    content = made(published(headers={"mine": 1}), Form(placed=True))
    assert decode_properties(content.properties).headers == {"mine": 1, "x-stream-offset": 7}


def test_a_message_that_comes_again_says_how_often_it_came() -> None:
    content = made(published(headers={"mine": 1}), count=2)
    assert decode_properties(content.properties).headers == {"mine": 1, "x-delivery-count": 2}


def test_a_dead_letter_tells_of_its_death_and_lives_on() -> None:
    event = published(expiration="5")
    letter = replace(event, extensions={**event.extensions, DEATHS: with_death([], Death("q", "expired", "", "q", 1))})
    properties = decode_properties(made(letter).properties)
    assert properties.headers is not None
    assert (properties.expiration, properties.headers["x-first-death-queue"]) == (None, "q")


def test_any_other_event_is_a_cloudevent_in_json() -> None:
    content = made(NATIVE)
    properties = decode_properties(content.properties)
    assert properties == Properties(
        content_type="application/cloudevents+json", headers={"x-stream-offset": 7}, delivery_mode=2, message_id="e1",
        timestamp=NOW // 1000, type="order.created",
    )  # fmt: skip
    body = json.loads(content.body)
    assert (body["id"], body["type"], body["data"], body["sequence"]) == (
        "e1", "order.created", {"id": 1}, "000000000000000007",
    )  # fmt: skip


def test_or_in_binary_mode_for_who_wants_that() -> None:
    content = made(NATIVE, Form(binary=True))
    properties = decode_properties(content.properties)
    assert properties.headers is not None
    assert (properties.content_type, content.body) == ("application/json", b'{"id":1}')
    assert properties.headers["cloudEvents:id"] == "e1"
    assert properties.headers["cloudEvents:specversion"] == "1.0"


def test_names_that_no_property_holds_are_left_to_the_body() -> None:
    long = replace(NATIVE, id="é" * 200, type="t" * 256)
    properties = decode_properties(made(long).properties)
    assert (properties.message_id, properties.type) == (None, None)


def test_attributes_that_no_property_or_header_holds_are_left_out_in_binary_mode() -> None:
    long = replace(NATIVE, content_type="text/" + "p" * 300, extensions={"x" * 250: "1", "x": "2"})
    properties = decode_properties(made(long, Form(binary=True)).properties)
    assert properties.headers is not None
    assert properties.content_type is None
    assert {name for name in properties.headers if name.startswith("cloudEvents:x")} == {"cloudEvents:x"}


def test_a_message_is_made_once_for_all_its_consumers() -> None:
    message = Message(EntryId(7), NOW, "topic", NATIVE)
    content = content_of(message, "ex", PLAIN, 0)
    assert content_of(message, "ex", PLAIN, 0) is content
    assert content_of(message, "ex", PLAIN, 1).body is content.body
