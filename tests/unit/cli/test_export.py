import json

from tests.unit.cli.declared.conftest import furnish
from tests.unit.cli.stub import StubHub


def test_an_export_is_what_apply_takes_without_what_says_nothing(hub: StubHub) -> None:
    furnish(hub)
    exported = hub.run("export", "--kind", "topics", "--kind", "subscriptions")
    assert exported.out == (
        "topics:\n- name: orders\n  locked: false\n  schema:\n    type: object\n"
        "subscriptions:\n"
        "- name: first\n  application: shop\n  schedule:\n    when: ready\n    after: null\n"
        "  source: door\n  target: stock\n  topics:\n  - orders\n"
        "- name: second\n  application: shop\n  compound:\n    optional_topics:\n    - orders\n"
        "  schedule:\n    when: after\n    after: first\n"
        "  target: stock\n  topics:\n  - orders\n"
    )
    assert hub.run("apply", "-f", "-", "--dry-run", "--prune", stdin=exported.out).status == 0


def test_as_json_it_is_the_same(hub: StubHub) -> None:
    furnish(hub)
    exported = hub.run("export", "--json")
    assert list(json.loads(exported.out)) == ["applications", "topics", "sources", "targets", "subscriptions"]
    assert hub.run("apply", "-f", "-", "--dry-run", "--prune", stdin=exported.out).status == 0


def test_a_kind_that_is_none_is_told(hub: StubHub) -> None:
    furnish(hub)
    ended = hub.run("export", "--kind", "queues")
    assert (ended.status, "there is no kind 'queues'" in ended.err) == (1, True)
