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
        "name": "billing", "type": "webhook", "settings": {"url": "https://x.example/"},
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


def test_a_new_secret_is_put_in_front_of_the_old_one(hub: StubHub) -> None:
    hub.answers("POST", f"/v1/targets/{ID}/rotate-secret", {})
    hub.run("targets", "rotate-secret", ID, "whsec_new", "--keep-old", "1h")
    assert hub.last.body == {"setting": "secret", "secret": "whsec_new", "keep_old_seconds": 3600}


def test_target_types_are_shown_with_their_settings(hub: StubHub) -> None:
    setting = {"name": "url", "help": "Where to send.", "required": True, "secret": False, "default": None}
    hub.answers("GET", "/v1/target-types", [{"type": "webhook", "summary": "Posts events.", "settings": [setting]}])
    lines = [line.split() for line in hub.run("targets", "types").out.splitlines()]
    assert lines[0] == ["webhook:", "Posts", "events."]
    assert lines[2] == ["url", "required", "–", "Where", "to", "send."]
