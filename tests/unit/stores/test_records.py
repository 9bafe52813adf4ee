import pytest

from eventyard.model.catalog import Record
from eventyard.stores.records import TYPES, UNIQUE, duplicate, identity, unique_values
from eventyard.testing import builders as b


def test_a_schema_version_is_known_by_its_topic_and_number() -> None:
    assert identity(b.topic_schema({}, version=3)) == "topic-orders/3"
    assert identity(b.topic()) == "topic-orders"


def test_a_subscription_without_a_source_is_free_of_uniqueness() -> None:
    assert unique_values(b.subscription()) is None
    assert unique_values(b.subscription(source_id="s")) == ("s", "webhook", "target-receiver")
    assert unique_values(b.organization()) is None


def test_unique_fields_are_fields() -> None:
    for record in TYPES:
        assert set(UNIQUE.get(record, ())) <= set(record.__struct_fields__)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (b.topic(), "there is a topic named 'orders' already"),
        (b.user(), "there is a user named 'admin' already"),
        (b.api_key(), "this API key exists already"),
        (
            b.subscription(source_id="source-shop"),
            "source 'source-shop' has a subscription to webhook 'target-receiver' already",
        ),
    ],
)
def test_a_refusal_names_what_is_taken(record: Record, sentence: str) -> None:
    refusal = duplicate(record)
    assert (refusal.code, refusal.message) == ("duplicate", sentence)
