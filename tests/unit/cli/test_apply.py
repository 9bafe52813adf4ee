import json

from tests.unit.cli.declared.conftest import furnish
from tests.unit.cli.stub import StubHub

CHANGE = '{"applications": [{"name": "shop", "description": "Sold"}, {"name": "new"}], "subscriptions": []}'


def test_a_dry_run_only_reads_and_tells_that_there_is_something_to_do(hub: StubHub) -> None:
    furnish(hub)
    ended = hub.run("apply", "-f", "-", "--dry-run", stdin=CHANGE)
    assert (ended.status, {asked.method for asked in hub.asked}) == (2, {"GET"})
    assert ended.out.splitlines() == [
        "+ applications new",
        "~ applications shop",
        "    description: Sells -> Sold",
        "? subscriptions first",
        "? subscriptions second",
        "1 to create, 1 to change, 0 to remove, 0 unchanged",
    ]


def test_nothing_to_do_is_a_success(hub: StubHub) -> None:
    furnish(hub)
    same = '{"applications": [{"name": "shop", "description": "Sells"}]}'
    for words in ((), ("--dry-run",), ("--prune", "--dry-run")):
        assert hub.run("apply", "-f", "-", *words, stdin=same).status == 0


def test_what_is_done_is_told_as_json(hub: StubHub) -> None:
    furnish(hub)
    hub.answers("POST", "/v1/applications", {"id": "a2"}, 201)
    hub.answers("PATCH", "/v1/applications/a1", {})
    assert json.loads(hub.run("apply", "-f", "-", "--json", stdin=CHANGE).out) == {
        "applied": True,
        "created": [{"kind": "applications", "name": "new"}],
        "changed": [
            {"kind": "applications", "name": "shop", "fields": {"description": {"from": "Sells", "to": "Sold"}}}
        ],
        "unchanged": [],
        "removed": [],
        "not_declared": [{"kind": "subscriptions", "name": "first"}, {"kind": "subscriptions", "name": "second"}],
    }


def test_what_is_wrong_ends_it_before_anything_is_done(hub: StubHub) -> None:
    furnish(hub)
    ended = hub.run("apply", "-f", "-", stdin='{"topics": [{"name": "new"}], "sources": [{"name": "x", "topic": "y"}]}')
    assert ended.status == 1
    assert "stdin, document 1, /sources/0/topic: there is no topic 'y'" in ended.err
    assert {asked.method for asked in hub.asked} == {"GET"}


def test_a_dry_run_finds_what_the_hub_would_refuse(hub: StubHub) -> None:
    furnish(hub)
    ended = hub.run("apply", "-f", "-", "--dry-run", stdin='{"topics": [{"name": "new", "schema": {"type": "objec"}}]}')
    assert (ended.status, ended.out) == (1, "")
    assert "stdin, document 1, /topics/0/schema/type: " in ended.err
