import pytest
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.properties import NO_PROPERTIES, Properties, decode_properties, encode_properties

ALL = Properties(
    content_type="application/cloudevents+json",
    content_encoding="gzip",
    headers={"cloudEvents:id": "1", "x": [1, None]},
    delivery_mode=2,
    priority=9,
    correlation_id="c",
    reply_to="r",
    expiration="60000",
    message_id="m",
    timestamp=1_767_323_045,
    type="entity.vehicles.update",
    user_id="u",
    app_id="a",
)


def test_properties_survive() -> None:
    for properties in (ALL, Properties(), Properties(type="t"), Properties(headers={}), Properties(message_id="")):
        assert decode_properties(encode_properties(properties)) == properties
    assert encode_properties(Properties()) == NO_PROPERTIES


def test_they_are_written_as_pamqp_writes_them() -> None:
    theirs = ContentHeader(
        body_size=3,
        properties=Basic.Properties(content_type="text/plain", delivery_mode=2, message_id="1", message_type="t"),
    )
    ours = encode_properties(Properties(content_type="text/plain", delivery_mode=2, message_id="1", type="t"))
    assert theirs.marshal() == b"\0\x3c\0\0\0\0\0\0\0\0\0\3" + ours


@pytest.mark.parametrize(
    "octets", [b"", b"\x80", b"\x80\0", b"\x80\0\x05a", b"\0\x01", b"\0\x02", b"\0\0more", b"\x20\0\0\0\0\x01"]
)
def test_what_cannot_be_read_is_a_syntax_error(octets: bytes) -> None:
    with pytest.raises(AmqpError) as refused:
        decode_properties(octets)
    assert refused.value.code is ReplyCode.SYNTAX_ERROR
