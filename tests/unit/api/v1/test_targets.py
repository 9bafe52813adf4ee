import pytest

from eventyard.model.errors import Invalid
from eventyard.ports import Setting
from eventyard.testing.fakes import ScriptedTarget
from eventyard.testing.hub import memory_hub


class Receiver(ScriptedTarget):
    """A target type with a plain and a secret setting."""

    settings = (
        Setting("url", "URL", "an http(s) URL", {"type": "string", "pattern": "^https?://"}, required=True),
        Setting("secret", "Secret", "at least 8 characters", {"type": "string", "minLength": 8}, secret=True),
        Setting("token", "Token", "any text", {"type": "string"}, secret=True, sent_to=("url",)),
    )

    def check(self, settings):
        if settings["url"].endswith("/forbidden"):
            raise Invalid("invalid_settings", "that address is forbidden", pointer="/settings/url")


@pytest.fixture
async def yard():
    async with memory_hub(target_types={"webhook": Receiver()}) as yard:
        yield yard


SETTINGS = {"url": "https://receiver.example/hook", "secret": "whsec_old-secret"}


async def test_a_target_is_made_shown_changed_and_deleted_and_never_tells_its_secret(yard, client, make):
    titled = {"title": "Billing", "labels": {"team": "a"}}
    made = await make(
        "targets", name="billing", type="webhook", settings=SETTINGS, retry={"schedule_ms": None}, **titled
    )
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "name": "billing",
        "title": "Billing",
        "description": "",
        "labels": {"team": "a"},
        "type": "webhook",
        "settings": {"url": "https://receiver.example/hook", "secret": {"set": True}},
        "enabled": True,
        "disabled_reason": None,
        "concurrency": 16,
        "timeout_ms": 20_000,
        "retry": {
            "schedule_ms": None,
            "max_attempts": 10,
            "first_ms": 1000,
            "factor": 2.0,
            "max_ms": 3_600_000,
            "jitter": 0.2,
        },
        "breaker": {"state": "closed", "failures": 0, "open_until": None},
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    path = f"/v1/targets/{made['id']}"
    assert (await client.get(path)).json() == made
    assert (await client.get("/v1/targets")).json() == [made]
    changed = await client.patch(path, json={"settings": {"secret": None}, "concurrency": 2, "labels": {}})
    kept = {"url": "https://receiver.example/hook"}
    assert changed.json() == {**made, "settings": kept, "concurrency": 2, "labels": {}}
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_secret_is_not_sent_to_another_host_than_it_was_given_for(client, make, refused):
    made = await make("targets", name="billing", type="webhook", settings={**SETTINGS, "token": "t0p"})
    path = f"/v1/targets/{made['id']}"
    moved = {"url": "https://evil.example/hook"}
    answer = await client.patch(path, json={"settings": moved})
    assert refused(answer) == (422, "invalid_settings", "/settings/token")
    assert (await client.get(path)).json() == made
    for settings in ({"url": "https://receiver.example/other"}, {**moved, "token": "n3w"}):
        assert (await client.patch(path, json={"settings": settings})).status_code == 200
    gone = await client.patch(path, json={"settings": {"url": "https://else.example/", "token": None}})
    assert gone.json()["settings"] == {"url": "https://else.example/", "secret": {"set": True}}


async def test_a_target_is_switched_off_and_on(client, make):
    made = await make("targets", name="billing", type="webhook", settings=SETTINGS)
    path = f"/v1/targets/{made['id']}"
    off = (await client.patch(path, json={"enabled": False})).json()
    assert (off["enabled"], off["disabled_reason"]) == (False, "disabled by an operator")
    on = (await client.post(f"{path}/enable")).json()
    assert (on["enabled"], on["disabled_reason"]) == (True, None)


async def test_a_secret_rotates(yard, client, make):
    made = await make("targets", name="billing", type="webhook", settings=SETTINGS)
    answer = await client.post(f"/v1/targets/{made['id']}/rotate-secret", json={"secret": "whsec_new-secret"})
    assert answer.json()["settings"]["secret"] == {"set": True}
    assert "whsec" not in answer.text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"type": "pigeon"}, (422, "invalid_settings", "/type")),
        ({"settings": {}}, (422, "invalid_settings", "/settings/url")),
        ({"settings": {"url": "ftp://x"}}, (422, "invalid_settings", "/settings/url")),
        ({"settings": {"url": "https://x/forbidden"}}, (422, "invalid_settings", "/settings/url")),
        ({"settings": {**SETTINGS, "secret": "short"}}, (422, "invalid_settings", "/settings/secret")),
        ({"concurrency": 0}, (422, "invalid_body", "/concurrency")),
        ({"timeout_ms": 0}, (422, "invalid_body", "/timeout_ms")),
        ({"retry": {"max_attempts": 0}}, (422, "invalid_body", "/retry/max_attempts")),
    ],
)
async def test_a_target_that_could_not_work_is_refused(client, refused, body, told):
    body = {"name": "billing", "type": "webhook", "settings": SETTINGS, **body}
    answer = await client.post("/v1/targets", json=body)
    assert refused(answer) == told
    assert '"short"' not in answer.text


async def test_a_target_in_use_stays(client, make, refused):
    made = await make("targets", name="billing", type="webhook", settings=SETTINGS)
    await make("topics", name="orders")
    await make("subscriptions", topics=["orders"], target_id="billing")
    assert refused(await client.delete(f"/v1/targets/{made['id']}"))[:2] == (409, "in_use")
