import pytest
from jsonschema_rs import Draft7Validator

from eventyard.dialects.data_events.examples import examples
from eventyard.dialects.data_events.payloads import envelope, payloads, relation, schemas
from eventyard.dialects.data_events.seed import MESSAGES


def fits(name, message):
    document = {**payloads()[name], "components": {"schemas": schemas()}}
    return Draft7Validator(document, validate_formats=True).is_valid(message)


def example_of(name):
    return next(iter(examples()[name].values()))


def without(message, *names):
    return {name: value for name, value in message.items() if name not in names}


def test_there_are_two_schemas_and_a_payload_for_each_message():
    assert list(schemas()) == ["entityEvent", "productEvent"]
    assert list(payloads()) == [message.name for message in MESSAGES]


@pytest.mark.parametrize("name", ["id", "source", "type", "time", "subject", "data", "specversion"])
def test_what_a_message_must_have_is_missed(name):
    assert not fits("projectEvent", without(example_of("projectEvent"), name))


def test_what_the_hub_may_leave_out_is_not_missed():
    assert fits("projectEvent", without(example_of("projectEvent"), "sequence", "routingkey", "datacontenttype"))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("productActivationStateActivated", "productActivationStateUpdated"),
        ("productActivationStateDeactivated", "productActivationStateTerminated"),
        ("productProvisioningState", "subscriptionState"),
        ("projectEvent", "subscriptionState"),
    ],
)
def test_no_message_passes_for_one_of_another_kind(name, other):
    assert fits(name, example_of(name)) and fits(other, example_of(other))
    assert not fits(name, example_of(other))
    assert not fits(other, example_of(name))


def test_state_and_type_must_both_be_of_the_family():
    message = example_of("subscriptionState")
    assert not fits("subscriptionState", {**message, "data": {**message["data"], "state": "started"}})
    assert not fits("subscriptionState", {**message, "type": "product.provisioning.started"})


def test_an_envelope_takes_any_data_that_its_schema_takes():
    validator = Draft7Validator(envelope({"type": "integer"}))
    message = without(example_of("projectEvent"), "data")
    assert validator.is_valid({**message, "data": 5})
    assert not validator.is_valid({**message, "data": "5"})


def test_a_relation_names_type_and_id():
    assert Draft7Validator(relation("keys", "users")).is_valid({"_relType": "users", "id": "1"})
    assert not Draft7Validator(relation("keys", "users")).is_valid({"_relType": "projects", "id": "1"})
    assert Draft7Validator(relation()).is_valid({"_relType": "anything", "id": "1"})
