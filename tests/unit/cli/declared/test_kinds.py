import pytest

from eventyard.cli.declared.kinds import KINDS, fields_of, is_the_hubs


def schema(*names: str) -> dict[str, object]:
    return {"properties": {name: {} for name in names}}


def test_the_fields_are_those_of_the_hubs_description_with_names_for_ids() -> None:
    described = {
        "NewTopic": schema("name", "project_id", "schema"),
        "TopicChange": schema("name", "locked", "schema_version"),
        "NewSubscription": schema("name", "target_id", "target_type", "source_id", "topics"),
        "SubscriptionChange": schema("name", "brand_new"),
        "NewSource": schema("name"),
    }
    fields = fields_of({"components": {"schemas": described}})
    assert set(fields) == {"topics", "subscriptions"}
    assert fields["topics"].all == {"name", "locked", "schema"}
    assert fields["subscriptions"].new == {"name", "target", "source", "topics"}
    assert fields["subscriptions"].changed == {"name", "brand_new"}


def test_kinds_come_after_those_they_refer_to() -> None:
    order = list(KINDS)
    for kind in KINDS.values():
        assert kind.path == f"/v1/{kind.name}"
        for reference in kind.references:
            assert order.index(reference.kind) <= order.index(kind.name)


@pytest.mark.parametrize(
    ("kind", "record", "own"),
    [
        ("topics", {"name": "amq.default"}, True),
        ("topics", {"name": "orders"}, False),
        ("sources", {"scheme": "internal"}, True),
        ("sources", {"scheme": "none"}, False),
        ("subscriptions", {"id": "rule-1"}, True),
        ("subscriptions", {"id": "0199"}, False),
        ("targets", {"id": "0199"}, False),
    ],
)
def test_what_the_hub_made_for_itself_is_not_declared(kind: str, record: dict[str, str], own: bool) -> None:
    assert is_the_hubs(kind, record) is own
