"""A message is made once for all who read it, and tells its place in the stream and nothing of the hub's own."""

import json

from eventyard.gateways.rendering import binary, structured
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.pipeline.streams.feed import Message

EVENT = Event(
    "e", "/s", "t", 0, b'{"a":1}', "k", extensions={"amqpproperties": "AAA=", "amqpexpiration": "5", "tone": "c"}
)


def test_structured_is_one_document_made_once() -> None:
    message = Message(EntryId(4711), 0, "x", EVENT)
    made = structured(message)
    assert structured(message) is made
    document = json.loads(made)
    assert document["data"] == {"a": 1}
    assert document["sequence"] == "000000000000004711"
    assert document["tone"] == "c"
    assert not [name for name in document if name.startswith("amqp")]


def test_binary_is_data_beside_its_attributes() -> None:
    message = Message(EntryId(1), 0, "x", EVENT)
    headers, body = binary(message)
    assert binary(message)[0] is headers
    assert body == b'{"a":1}'
    assert headers["content-type"] == "application/json"
    assert headers["ce-sequence"] == "000000000000000001"
