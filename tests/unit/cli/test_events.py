import json
from typing import Any

from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"
ENTRY: dict[str, Any] = {
    "entry_id": 7, "event_id": "e-1", "kind": "publication", "status": "complete", "topic": "github", "name": "github",
    "created_at": "2026-01-02T03:04:05.678Z", "descendants": "final",
}  # fmt: skip
DETAIL = {
    **ENTRY,
    "event": {"id": "e-1", "type": "issues.opened", "data": {"action": "opened"}},
    "history": [{"at": "2026-01-02T03:04:05.678Z", "status": "complete", "comment": "", "actor": None}],
    "attempts": [{"number": 1, "duration_ms": 2.5, "result": "delivered", "status_code": 200, "error": None}],
    "children": [{**ENTRY, "entry_id": 8, "kind": "subscription", "name": "audit"}],
}


def test_entries_are_listed_by_kind(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events", [ENTRY])
    ended = hub.run("events", "list", "--kind", "publication", "--limit", "3")
    assert hub.last.query == {"kind": "publication", "limit": "3"}
    assert ended.out.splitlines()[1].split()[:4] == ["7", "2026-01-02T03:04:05.678Z", "publication", "complete"]


def test_an_entry_is_shown_with_everything_on_record(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events/7", DETAIL)
    out = hub.run("events", "show", "7").out
    for text in ("issues.opened", '"action": "opened"', "history", "delivered", "audit"):
        assert text in out


def test_an_entry_is_json_for_programs(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events/e-1", DETAIL)
    assert json.loads(hub.run("events", "show", "e-1", "--json").out) == DETAIL


EXPLAINED = [
    {
        "subscription_id": ID, "name": "reviews", "matches": False,
        "checks": [
            {"check": "source", "passed": True, "detail": "github"},
            {"check": "filter", "passed": False, "detail": "no"},
        ],
    }
]  # fmt: skip


def test_why_an_event_did_not_match_is_said_check_by_check(hub: StubHub) -> None:
    hub.answers("GET", "/v1/events/7/explain", EXPLAINED)
    ended = hub.run("events", "explain", "7", "--subscription", ID)
    assert hub.last.query == {"subscription_id": ID}
    assert ended.out == "does not match: reviews\n  ✓ source: github\n  ✗ filter: no\n"


def test_an_event_that_nobody_sent_is_explained_too(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/explain", EXPLAINED)
    hub.run("events", "explain", "--source", ID, "--data", '{"a": 1}', "--routing-key", "a.b", "--json")
    assert hub.last.body == {"source_id": ID, "data": {"a": 1}, "routing_key": "a.b"}


def test_nothing_to_explain_is_a_usage_error(hub: StubHub) -> None:
    assert hub.run("events", "explain").status == 2


def test_a_replay_of_a_window_delivers_unless_it_is_a_dry_run(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/replay", {"events": 2, "deliveries": 3, "dry_run": True})
    window = ("--from", "2026-01-02T03:00:00Z", "--to", "2026-01-02T04:00:00Z")
    hub.run("events", "replay", *window, "--subscription", ID)
    hub.run("events", "replay", *window, "--dry-run")
    first, second = (asked.body for asked in hub.asked)
    assert first == {
        "from": "2026-01-02T03:00:00Z", "to": "2026-01-02T04:00:00Z", "subscription_id": ID, "dry_run": False,
    }  # fmt: skip
    assert second["dry_run"] is True


def test_a_replay_ends_now_unless_told_otherwise(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/replay", {})
    hub.run("events", "replay", "--from", "1h")
    assert hub.last.body["from"] < hub.last.body["to"]


def test_entries_are_counted(hub: StubHub) -> None:
    hub.answers("GET", "/v1/stats", [{"kind": "publication", "status": "complete", "count": 12}])
    assert hub.run("events", "stats").out.splitlines()[1].split() == ["publication", "complete", "12"]
