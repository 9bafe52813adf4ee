import json

from tests.unit.cli.stub import StubHub

RECORDS = [{"id": "t-1", "name": "orders", "created_at": "2026-01-02T03:04:05.678Z", "locked": False}]


def test_a_list_is_a_table_for_people(hub: StubHub) -> None:
    hub.answers("GET", "/v1/topics", RECORDS)
    head, row = hub.run("topics", "list").out.splitlines()
    assert head.split()[:2] == ["ID", "NAME"]
    assert row.split()[:2] == ["t-1", "orders"]


def test_a_list_is_an_array_for_programs(hub: StubHub) -> None:
    hub.answers("GET", "/v1/topics", RECORDS)
    assert json.loads(hub.run("topics", "list", "--json").out) == RECORDS


def test_one_record_is_shown_by_its_name(hub: StubHub) -> None:
    hub.answers("GET", "/v1/topics", RECORDS)
    hub.answers("GET", "/v1/topics/t-1", RECORDS[0])
    assert json.loads(hub.run("topics", "show", "orders", "--json").out) == RECORDS[0]


def test_deleting_says_what_is_gone_on_stderr(hub: StubHub) -> None:
    hub.answers("GET", "/v1/topics", RECORDS)
    hub.answers("DELETE", "/v1/topics/t-1", None, 204)
    ended = hub.run("topics", "delete", "orders")
    assert (hub.last.method, hub.last.path) == ("DELETE", "/v1/topics/t-1")
    assert ended.out == ""
    assert ended.err == "topic orders is deleted\n"
