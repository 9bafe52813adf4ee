from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"


def test_a_rule_is_made_of_what_was_said(hub: StubHub) -> None:
    hub.answers("GET", "/v1/sources", [{"id": "s-1", "name": "shop"}])
    hub.answers("GET", "/v1/subscriptions", [{"id": "u-1", "name": "press"}])
    hub.answers("GET", "/v1/targets", [{"id": "t-1", "name": "pager"}])
    hub.answers("POST", "/v1/rules", {}, 201)
    ended = hub.run(
        "rules", "create", "slow", "--source", "shop", "--subscription", "press", "--kind", "subscription",
        "--status", "pending", "--status", "delayed", "--stuck-for", "30m", "--target", "pager", "--act", "pause",
        "--mail-to", "a@b.example", "--mail-to", "c@d.example", "--discard", "--interval", "10m",
        "--description", "late", "--no-all-sources",
    )  # fmt: skip
    assert ended.status == 0
    assert hub.last.body == {
        "name": "slow", "source_ids": ["s-1"], "subscription_ids": ["u-1"], "kinds": ["subscription"],
        "statuses": ["pending", "delayed"], "stuck_ms": 1_800_000, "target_id": "t-1", "act": "pause",
        "mail_to": ["a@b.example", "c@d.example"], "discard": True, "interval_ms": 600_000, "description": "late",
        "all_sources": False,
    }  # fmt: skip


def test_what_was_not_said_is_left_to_the_hub(hub: StubHub) -> None:
    hub.answers("POST", "/v1/rules", {}, 201)
    hub.run("rules", "create", "failures", "--all-subscriptions", "--mail-to", "ops@example.com")
    assert hub.last.body == {"name": "failures", "all_subscriptions": True, "mail_to": ["ops@example.com"]}


def test_only_what_changes_is_sent(hub: StubHub) -> None:
    hub.answers("PATCH", f"/v1/rules/{ID}", {})
    assert hub.run("rules", "update", ID, "--disabled", "--rename", "late").status == 0
    assert hub.last.body == {"enabled": False, "name": "late"}


def test_a_rule_is_tried(hub: StubHub) -> None:
    hub.answers("POST", f"/v1/rules/{ID}/test", {"matched": 3, "looked_at": 10, "complete": True, "newest": [7]})
    ended = hub.run("rules", "test", ID, "--hours", "48", "--json")
    assert ended.status == 0
    assert hub.last.body == {"hours": 48}
