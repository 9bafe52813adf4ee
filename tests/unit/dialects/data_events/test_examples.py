import msgspec
import pytest
from jsonschema_rs import Draft7Validator

from eventyard.dialects.data_events.examples import examples, message
from eventyard.dialects.data_events.payloads import payloads, schemas
from eventyard.dialects.data_events.seed import MESSAGES
from eventyard.wire.cloudevents import decode_structured

CASES = [(name, case) for name, cases in examples().items() for case in cases]


def test_there_is_one_for_each_message():
    assert list(examples()) == [message.name for message in MESSAGES]
    assert all(examples().values())


@pytest.mark.parametrize(("name", "case"), CASES)
def test_every_example_is_what_its_schema_says(name, case):
    document = {**payloads()[name], "components": {"schemas": schemas()}}
    Draft7Validator(document, validate_formats=True).validate(examples()[name][case])


@pytest.mark.parametrize(("name", "case"), CASES)
def test_every_example_is_a_cloudevent_with_the_key_that_its_channel_names(name, case):
    event = decode_structured(msgspec.json.encode(examples()[name][case]), 0)
    words = event.routing_key.split(".")
    assert len(words) == 3
    if name.endswith("Event"):
        assert event.type == f"entity.{words[0]}.{words[2]}"
        assert event.subject == f"{words[0]}/{words[1]}"
    else:
        assert event.type == event.routing_key
        assert words[0] == "product"


def test_a_message_is_a_whole_cloudevent_of_any_data():
    made = message("order.created", "/shop", [1], subject="7")
    assert (made["specversion"], made["source"], made["subject"], made["data"]) == ("1.0", "/shop", "7", [1])
