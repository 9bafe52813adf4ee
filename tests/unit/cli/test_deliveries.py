import json

import pytest

from tests.unit.cli.stub import StubHub

ENTRY = {"entry_id": 8, "event_id": "e-1", "status": "error", "name": "billing", "parent_id": 7}


def test_deliveries_are_listed(hub: StubHub) -> None:
    hub.answers("GET", "/v1/deliveries", [ENTRY])
    assert hub.run("deliveries", "list", "--status", "error").out.splitlines()[1].split()[0] == "8"
    assert hub.last.query == {"status": "error", "limit": "50"}


def test_a_delivery_is_shown_as_the_entry_it_is(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events/8", ENTRY)
    assert json.loads(hub.run("deliveries", "show", "8", "--json").out) == ENTRY


@pytest.mark.parametrize("verb", ["retry", "discard", "reprocess"])
def test_what_is_named_is_acted_upon_one_by_one(hub: StubHub, verb: str) -> None:
    for number in (8, 9):
        hub.answers("POST", f"/v1/deliveries/{number}/{verb}", {**ENTRY, "entry_id": number})
    ended = hub.run("deliveries", verb, "8", "9", "--json")
    assert [entry["entry_id"] for entry in json.loads(ended.out)] == [8, 9]


def test_many_are_retried_by_the_hub_in_one_call(hub: StubHub) -> None:
    hub.answers("POST", "/v1/deliveries/retry", {"matched": 5, "retried": 5})
    hub.run("deliveries", "retry", "--name", "billing", "--project", "shop")
    hub.run("deliveries", "retry", "--all", "--dry-run")
    assert [asked.body for asked in hub.asked] == [
        {"filter": {"project_id": "shop", "name": "billing"}, "dry_run": False},
        {"filter": {}, "dry_run": True},
    ]


@pytest.mark.parametrize("verb", ["discard", "reprocess"])
def test_others_are_looked_for_and_acted_upon_one_by_one(hub: StubHub, verb: str) -> None:
    hub.answers("GET", "/v1/deliveries", [ENTRY])
    hub.answers("POST", f"/v1/deliveries/8/{verb}", ENTRY)
    hub.run("deliveries", verb, "--status", "error")
    assert [asked.path for asked in hub.asked] == ["/v1/deliveries", f"/v1/deliveries/8/{verb}"]


def test_a_dry_run_counts_and_changes_nothing(hub: StubHub) -> None:
    hub.answers("GET", "/v1/deliveries", [ENTRY])
    ended = hub.run("deliveries", "discard", "--status", "error", "--dry-run", "--json")
    assert json.loads(ended.out) == {"matched": 1, "changed": 0}
    assert [asked.method for asked in hub.asked] == ["GET"]


@pytest.mark.parametrize("verb", ["retry", "discard", "reprocess"])
def test_nothing_named_is_a_usage_error_and_not_everything(hub: StubHub, verb: str) -> None:
    assert hub.run("deliveries", verb).status == 2
    assert not hub.asked
