"""What AMQP and STOMP have in common: a message published is an event with its properties kept."""

from msgspec.structs import replace

from eventyard.gateways.events import event_of, with_deaths
from eventyard.model.event import Event
from eventyard.pipeline.streams.deaths import DEATHS, Death, with_death
from eventyard.pipeline.streams.properties import EXPIRATION, PROPERTIES, properties_of
from eventyard.wire.amqp.properties import NO_PROPERTIES, Properties, encode_properties

NOW = 1_700_000_000_000
NONE = Properties()


def published(properties: Properties = NONE, body: bytes = b"x", key: str | None = "a.b") -> Event:
    octets = encode_properties(properties)
    return event_of("my exchange", key, octets, body, protocol="amqp", new_id=lambda: "new", now=NOW)


def test_properties_are_kept_as_they_came_and_told_to_everybody_as_attributes() -> None:
    properties = Properties(content_type="text/plain", message_id="m", timestamp=5, type="t", expiration="1000")
    event = published(properties)
    assert properties_of(event) == properties
    assert (event.id, event.type, event.time, event.content_type) == ("m", "t", 5_000, "text/plain")
    assert (event.source, event.routing_key) == ("/exchanges/my%20exchange", "a.b")
    assert event.extensions[EXPIRATION] == "1000"


def test_without_properties_it_is_bytes_of_now_of_the_protocol() -> None:
    event = event_of("", None, NO_PROPERTIES, b"", protocol="stomp", new_id=lambda: "new", now=NOW)
    assert (event.id, event.type, event.time) == ("new", "stomp.message", NOW)
    assert (event.content_type, event.routing_key) == ("application/octet-stream", "")


def test_what_is_coded_or_has_a_type_that_no_header_could_hold_is_bytes_to_others() -> None:
    assert published(Properties(content_type="text/plain", content_encoding="gzip")).content_type.endswith("stream")
    assert published(Properties(content_type="text/plain\nx-evil: 1")).content_type.endswith("stream")
    assert published(Properties(content_type="text/ü")).content_type.endswith("stream")
    assert published(Properties(content_type="text/plain", content_encoding="utf-8")).content_type == "text/plain"


def test_a_timestamp_beyond_all_calendars_and_an_expiration_that_is_no_number_say_nothing() -> None:
    event = published(Properties(timestamp=1 << 60, expiration="soon"))
    assert event.time == NOW
    assert EXPIRATION not in event.extensions


def test_a_cloudevent_is_that_cloudevent_with_the_key_it_was_published_with() -> None:
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","routingkey":"own"}'
    properties = Properties(content_type="application/cloudevents+json")
    assert published(properties, body).routing_key == "a.b"
    assert published(properties, body, None).routing_key == "own"
    assert PROPERTIES not in published(properties, body).extensions


def test_a_dead_letter_tells_of_its_deaths_the_latest_first() -> None:
    first = Death("one", "expired", "orders", "new", 5_000, 2, "100")
    extensions = {DEATHS: with_death([first], Death("two", "rejected", "", "a.b", 7_999))}
    told = with_deaths(Properties(headers={"mine": 1}, expiration="5"), replace(published(), extensions=extensions))
    assert told.expiration is None
    assert told.headers == {
        "mine": 1, "x-first-death-queue": "one", "x-first-death-reason": "expired",
        "x-first-death-exchange": "orders",
        "x-death": [
            {"queue": "two", "reason": "rejected", "count": 1, "exchange": "", "routing-keys": ["a.b"], "time": 7},
            {"queue": "one", "reason": "expired", "count": 2, "exchange": "orders", "routing-keys": ["new"], "time": 5,
             "original-expiration": "100"},
        ],
    }  # fmt: skip


def test_what_is_no_dead_letter_keeps_its_properties() -> None:
    properties = Properties(expiration="5")
    assert with_deaths(properties, published()) is properties
