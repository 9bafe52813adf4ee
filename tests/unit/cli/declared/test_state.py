import pytest

from eventyard.cli.declared.state import State, variable
from eventyard.cli.failure import Failure


def test_a_hub_is_shown_by_names_with_references_for_secrets(remote):
    assert State(remote).has == {
        "applications": {"shop": {"name": "shop", "description": "Sells"}},
        "topics": {"orders": {"name": "orders", "locked": False, "schema": {"type": "object"}}},
        "sources": {
            "door": {
                "name": "door", "application": "shop", "topic": "orders", "scheme": "none", "settings": {},
                "secret": {"from_env": "SOURCE_DOOR_SECRET"},
            }
        },
        "targets": {
            "stock": {
                "name": "stock", "type": "webhook",
                "settings": {"url": "u", "secret": {"from_env": "TARGET_STOCK_SECRET"}},
            }
        },
        "subscriptions": {
            "first": {
                "name": "first", "application": "shop", "topics": ["orders"], "source": "door", "target": "stock",
                "schedule": {"when": "ready", "after": None},
            },
            "second": {
                "name": "second", "application": "shop", "topics": ["orders"], "source": None, "target": "stock",
                "schedule": {"when": "after", "after": "first"}, "compound": {"optional_topics": ["orders"]},
            },
        },
    }  # fmt: skip


def test_ids_and_schema_versions_are_kept_beside(remote):
    state = State(remote)
    assert state.id_of("subscriptions", "first") == "u1"
    assert [version["version"] for version in state.versions["orders"]] == [2, 1]


def test_two_of_one_name_cannot_be_told_apart(furnished, remote):
    twice = [{"id": "a2", "name": "shop"}, {"id": "a3", "name": "yard"}, {"id": "a1", "name": "shop"}]
    furnished.answers("GET", "/v1/applications", twice)
    furnished.run("applications", "list")  # takes the answer before
    with pytest.raises(Failure, match="applications: 'shop' is there twice") as refused:
        State(remote)
    rename = 'rename one: PATCH /v1/applications/{id} {"name": …}; their ids: a2, a1'
    assert refused.value.hint == f"declarations go by names; {rename}"


def test_the_variable_of_a_secret_follows_from_its_place():
    assert variable("targets", "ERP (test)", "client_secret") == "TARGET_ERP_TEST_CLIENT_SECRET"
