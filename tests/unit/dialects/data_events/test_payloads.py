import json

import pytest
from jsonschema_rs import Draft7Validator
from msgspec import Raw

from eventyard.dialects.data_events.examples import examples
from eventyard.dialects.data_events.payloads import envelope, payloads, relation, schemas
from eventyard.dialects.data_events.seed import MESSAGES, OPERATIONS
from eventyard.model.catalog import Application
from eventyard.model.journal import Query
from eventyard.model.products import Family, Version
from eventyard.pipeline.entities import EntityChange, Happening, Place
from eventyard.pipeline.products import Step
from eventyard.wire.cloudevents import encode_structured


def fits(name, message):
    document = {**payloads()[name], "components": {"schemas": schemas()}}
    return Draft7Validator(document, validate_formats=True).is_valid(message)


def example_of(name):
    return next(iter(examples()[name].values()))


def without(message, *names):
    return {name: value for name, value in message.items() if name not in names}


def test_there_are_two_schemas_and_a_payload_for_each_message():
    assert list(schemas()) == ["entityEvent", "productEvent"]
    assert set(payloads()) == {message.name for message in MESSAGES}


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


CAREER = ("created", "active", "inactive", "active", "suspended", "terminated")


async def told(yard, place, *changes, steps=()):
    """What the hub itself publishes, as clients get it."""
    who = yard.security.bearer(yard.key)
    application = place.application
    for change in changes:
        await yard.hub.entities.publish(who, place, change)
    for family, step in steps:
        await yard.hub.products.step(who, application.id, family, step)
    page = await yard.store.find(Query(projects=(yard.project.number,), ascending=True, limit=100))
    for entry in page.entries:
        event = (await yard.store.detail(entry.id)).event
        yield json.loads(encode_structured(event)[1]) | {"sequence": f"{entry.id:018}"}


@pytest.mark.parametrize("of_application", [False, True])
async def test_every_event_of_an_entity_is_as_its_schema_says(yard, of_application):
    application = next(iter(yard.hub.catalog.all(Application)))
    place = Place(yard.project, application if of_application else None)
    changes = (
        EntityChange("vehicles", "v1", Happening.CREATE, Raw(b'{"name": "Van"}')),
        EntityChange("vehicles", "v1", Happening.UPDATE, Raw(b"{}"), changed=("name",), revision=2),
        EntityChange("vehicles", "v1", Happening.DELETE),
    )
    name = "applicationEvent" if of_application else "projectEvent"
    messages = [message async for message in told(yard, place, *changes)]
    assert len(messages) == 3
    assert all(fits(name, message) for message in messages)


async def test_every_event_of_a_product_is_as_the_schema_of_its_message_says(yard):
    application = next(iter(yard.hub.catalog.all(Application)))
    one, two = Version("1", "1.0"), Version("2", "2.0")
    steps = [
        *((Family.ACTIVATION, Step(state="activated", version=one)), (Family.ACTIVATION, Step(state="deactivated"))),
        *((Family.ACTIVATION, Step(state="activated")), (Family.ACTIVATION, Step(state="updated", version=two))),
        (Family.ACTIVATION, Step(state="terminated", reason="enough")),
        *((Family.PROVISIONING, Step(state=state)) for state in ("started", "failed", "started", "finished")),
        *((Family.SUBSCRIPTION, Step(state=state)) for state in CAREER),
    ]
    names = {operation.key: operation.message for operation in OPERATIONS}
    messages = [message async for message in told(yard, Place(yard.project, application), steps=steps)]
    assert {message["type"] for message in messages} == {key for key in names if key.startswith("product.")}
    assert all(fits(names[message["type"]], message) for message in messages)
