import json

from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"


def test_a_target_is_made_with_settings_and_limits(hub: StubHub) -> None:
    hub.answers("POST", "/v1/targets", {}, 201)
    hub.run(
        "targets", "create", "billing", "--set", "url=https://x.example/", "--concurrency", "4", "--timeout", "5s",
        "--retry", "1s,10s",
    )  # fmt: skip
    assert hub.last.body == {
        "project_id": "p-1", "name": "billing", "type": "webhook", "settings": {"url": "https://x.example/"},
        "concurrency": 4, "timeout_ms": 5000, "retry": {"schedule_ms": [1000, 10_000], "max_attempts": 3},
    }  # fmt: skip


def test_only_what_changes_is_sent(hub: StubHub) -> None:
    hub.answers("PATCH", f"/v1/targets/{ID}", {})
    hub.run("targets", "update", ID, "--set", "url=https://y.example/")
    hub.run("targets", "disable", ID)
    assert [asked.body for asked in hub.asked] == [{"settings": {"url": "https://y.example/"}}, {"enabled": False}]


def test_a_target_is_enabled_again(hub: StubHub) -> None:
    hub.answers("POST", f"/v1/targets/{ID}/enable", {"enabled": True})
    assert json.loads(hub.run("targets", "enable", ID, "--json").out) == {"enabled": True}
