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


@pytest.mark.parametrize("verb", ["retry", "discard", "reprocess"])
def test_many_are_acted_upon_by_the_hub_and_a_dry_run_counts(hub: StubHub, verb: str) -> None:
    hub.answers("POST", f"/v1/deliveries/{verb}", {"matched": 5, "changed": 4, "next": None})
    ended = hub.run("deliveries", verb, "--name", "billing", "--project", "shop", "--json")
    assert json.loads(ended.out) == {"matched": 5, "changed": 4}
    hub.run("deliveries", verb, "--all", "--dry-run")
    assert [asked.body for asked in hub.asked] == [
        {"filter": {"project_id": "shop", "name": "billing"}, "dry_run": False, "limit": 1000},
        {"filter": {}, "dry_run": True, "limit": 1000},
    ]


@pytest.mark.parametrize("verb", ["retry", "discard", "reprocess"])
def test_nothing_named_is_a_usage_error_and_not_everything(hub: StubHub, verb: str) -> None:
    assert hub.run("deliveries", verb).status == 2
    assert not hub.asked
