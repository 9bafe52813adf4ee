"""The properties of a message lie beside it as they came."""

from eventyard.model.event import Event
from eventyard.pipeline.streams.properties import PROPERTIES, headers_of, kept, octets_of, properties_of
from eventyard.wire.amqp.properties import NO_PROPERTIES, Properties, encode_properties

OCTETS = encode_properties(Properties(content_type="text/plain", headers={"a": 1}))


def event(**extensions: str) -> Event:
    return Event("e", "/s", "t", 0, b"", "k", extensions=extensions)


def test_they_come_back_as_they_went_in() -> None:
    published = event(**{PROPERTIES: kept(OCTETS)})
    assert octets_of(published) == OCTETS
    properties = properties_of(published)
    assert properties is not None
    assert properties.content_type == "text/plain"
    assert headers_of(published) == {"a": 1}


def test_an_event_of_another_door_has_none() -> None:
    assert octets_of(event()) is None
    assert properties_of(event()) is None
    assert headers_of(event()) == {}


def test_a_message_without_headers_has_none() -> None:
    assert headers_of(event(**{PROPERTIES: kept(NO_PROPERTIES)})) == {}
