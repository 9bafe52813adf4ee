import json

import pytest

from tests.unit.cli.stub import StubHub

ENTRY = {"entry_id": 8, "event_id": "e-1", "status": "error", "name": "billing", "parent_id": 7}


def test_what_is_named_is_acted_upon_one_by_one(hub: StubHub) -> None:
    for number in (8, 9):
        hub.answers("POST", f"/v1/events/{number}/status", {**ENTRY, "entry_id": number})
    ended = hub.run("events", "status", "8", "9", "complete", "--comment", "paid", "--json")
    assert [entry["entry_id"] for entry in json.loads(ended.out)] == [8, 9]
    assert hub.last.body == {"status": "complete", "comment": "paid"}


REFUSED = "cannot retry an entry that is Reprocessed"


@pytest.mark.parametrize(
    "command",
    [
        ("events", "status", "8", "9", "10", "complete"),
        *(("deliveries", verb, "8", "9", "10") for verb in ("retry", "discard", "reprocess")),
    ],
)
def test_one_that_is_refused_is_told_by_its_number_and_the_others_are_acted_upon(
    hub: StubHub, command: tuple[str, ...]
) -> None:
    path = f"/v1/{command[0]}"
    for number in (8, 10):
        hub.answers("POST", f"{path}/{number}/{command[1]}", {**ENTRY, "entry_id": number})
    hub.refuses("POST", f"{path}/9/{command[1]}", 409, detail=REFUSED, code="illegal_status", hint="see it")
    ended = hub.run(*command, "--json")
    assert (ended.status, [entry["entry_id"] for entry in json.loads(ended.out)]) == (1, [8, 10])
    assert ended.err == f"error: 9: {REFUSED}\n  hint: see it\n  code: illegal_status\n"


def test_where_all_are_refused_programs_get_an_empty_list_and_people_no_table(hub: StubHub) -> None:
    hub.refuses("POST", "/v1/deliveries/9/retry", 409, detail=REFUSED)
    assert json.loads(hub.run("deliveries", "retry", "9", "--json").out) == []
    ended = hub.run("deliveries", "retry", "9")
    assert (ended.status, ended.out, ended.err) == (1, "", f"error: 9: {REFUSED}\n")


def test_what_a_search_finds_is_acted_upon_by_the_hub_and_a_dry_run_counts(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/status", {"matched": 5, "changed": 4, "next": None})
    which = ("--topic", "orders", "--status", "error", "--kind", "publication", "--any", "--project", "shop")
    ended = hub.run("events", "status", *which, "discarded", "--json")
    assert json.loads(ended.out) == {"matched": 5, "changed": 4}
    hub.run("events", "status", "complete", "--all", "--dry-run")
    found = {"project_id": "shop", "topic": "orders", "status": "error", "kind": "publication", "any": True}
    assert [asked.body for asked in hub.asked] == [
        {"status": "discarded", "comment": "", "filter": found, "dry_run": False, "limit": 1000},
        {"status": "complete", "comment": "", "filter": {}, "dry_run": True, "limit": 1000},
    ]


def test_named_ones_are_counted_by_a_dry_run_without_asking(hub: StubHub) -> None:
    assert json.loads(hub.run("deliveries", "retry", "8", "9", "--dry-run", "--json").out) == {
        "matched": 2, "changed": 0,
    }  # fmt: skip
    assert not hub.asked


def test_the_hub_is_asked_to_go_on_until_it_comes_to_the_end_and_people_are_told_how_far_it_is(hub: StubHub) -> None:
    hub.answers("POST", "/v1/deliveries/discard", {"matched": 1000, "changed": 999, "next": "c1"})
    hub.answers("POST", "/v1/deliveries/discard", {"matched": 3, "changed": 3, "next": None})
    ended = hub.run("deliveries", "discard", "--all")
    assert "1000 so far, 999 changed" in ended.err
    assert "1003" in ended.out
    assert [asked.body.get("cursor") for asked in hub.asked] == [None, "c1"]


@pytest.mark.parametrize("which", [("--name", "billing"), ("--from", "1d"), ("--all",)])
@pytest.mark.parametrize(
    "command",
    [
        ("events", "status", "8", "complete"),
        *(("deliveries", verb, "8") for verb in ("retry", "discard", "reprocess")),
    ],
)
def test_options_that_say_which_are_refused_beside_names(
    hub: StubHub, command: tuple[str, ...], which: tuple[str, ...]
) -> None:
    ended = hub.run(*command, *which)
    assert (ended.status, "not both" in ended.err) == (2, True)
    assert not hub.asked


def test_a_kind_is_an_option_that_says_which_too(hub: StubHub) -> None:
    assert hub.run("events", "status", "8", "complete", "--kind", "publication").status == 2
    assert not hub.asked


@pytest.mark.parametrize("command", [("deliveries", "retry"), ("events", "status", "complete")])
def test_nothing_named_is_a_usage_error_and_not_everything(hub: StubHub, command: tuple[str, ...]) -> None:
    ended = hub.run(*command)
    assert (ended.status, "or --all" in ended.err) == (2, True)
    assert not hub.asked
