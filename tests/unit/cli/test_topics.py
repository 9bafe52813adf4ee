import json
from pathlib import Path

from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"


def test_a_topic_is_made_with_its_first_schema_from_a_file(hub: StubHub, tmp_path: Path) -> None:
    hub.answers("POST", "/v1/topics", {}, 201)
    (tmp_path / "order.json").write_text('{"type": "object"}')
    hub.run("topics", "create", "orders", "--schema", f"@{tmp_path / 'order.json'}")
    assert hub.last.body == {"name": "orders", "schema": {"type": "object"}}


def test_a_schema_version_is_added(hub: StubHub) -> None:
    hub.answers("POST", f"/v1/topics/{ID}/schemas", {"version": 2}, 201)
    assert json.loads(hub.run("topics", "schema", "add", ID, '{"type": "array"}', "--json").out) == {"version": 2}
    assert hub.last.body == {"schema": {"type": "array"}}


def test_schema_versions_are_listed(hub: StubHub) -> None:
    hub.answers("GET", f"/v1/topics/{ID}/schemas", [{"version": 1, "schema": {}}])
    assert hub.run("topics", "schema", "list", ID).out.splitlines()[1].split()[0] == "1"


def test_a_topic_is_locked_and_unlocked(hub: StubHub) -> None:
    hub.answers("PATCH", f"/v1/topics/{ID}", {})
    hub.run("topics", "lock", ID)
    hub.run("topics", "lock", ID, "--off")
    assert [asked.body for asked in hub.asked] == [{"locked": True}, {"locked": False}]


def test_a_topic_is_told_how_long_to_keep(hub: StubHub) -> None:
    hub.answers("PATCH", f"/v1/topics/{ID}", {})
    hub.run("topics", "keep", ID, "--consumed", "30", "--payload", "7")
    hub.run("topics", "keep", ID)
    assert [asked.body for asked in hub.asked] == [
        {"retention": {"consumed_days": 30, "payload_days": 7}},
        {"retention": {}},
    ]


def test_a_topic_is_made_with_its_periods(hub: StubHub) -> None:
    hub.answers("POST", "/v1/topics", {}, 201)
    hub.run("topics", "create", "orders", "--unconsumed", "90", "--consumed", "30")
    assert hub.last.body == {"name": "orders", "retention": {"consumed_days": 30, "unconsumed_days": 90}}


def test_a_topic_is_purged_or_only_counted(hub: StubHub) -> None:
    hub.answers("POST", f"/v1/topics/{ID}/purge", {"consumed": 3, "dry_run": True})
    assert json.loads(hub.run("topics", "purge", ID, "--dry-run", "--json").out)["consumed"] == 3
    hub.run("topics", "purge", ID)
    assert [asked.query["dry_run"] for asked in hub.asked] == ["true", "false"]
