import pytest


async def test_a_source_is_made_shown_changed_and_deleted(yard, client, make):
    made = await make(
        "sources", name="github", scheme="github-sha256", secret="it5-a-secret", schema=True, title="GitHub",
        labels={"operation": "new"},
    )  # fmt: skip
    topic = (await client.get("/v1/topics")).json()[0]
    application = (await client.get("/v1/applications/default")).json()
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "application_id": application["id"],
        "topic_id": topic["id"],
        "name": "github",
        "title": "GitHub",
        "description": "",
        "labels": {"operation": "new"},
        "schema": True,
        "enabled": True,
        "scheme": "github-sha256",
        "settings": {"header": "X-Hub-Signature-256"},
        "secrets": [{"expires_at": None}],
        "ingest_url": f"http://hub.example/in/{made['id']}",
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    path = f"/v1/sources/{made['id']}"
    assert topic["name"] == "github"
    assert (await client.get(path)).json() == made
    assert (await client.get("/v1/sources")).json() == [made]
    changed = await client.patch(
        path, json={"enabled": False, "schema": None, "settings": {"header": "X-Mine"}, "title": ""}
    )
    assert changed.json() == {
        **made, "enabled": False, "schema": None, "settings": {"header": "X-Mine"}, "title": "",
    }  # fmt: skip
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("secret", ["any other text", "whsec_any-other-text", "whsec_", "größe"])
async def test_a_secret_that_the_senders_libraries_cannot_read_is_refused(client, make, refused, secret):
    fields = {"name": "hooks", "scheme": "standard-webhooks"}
    told = await client.post("/v1/sources", json={**fields, "secret": secret})
    assert refused(told) == (422, "invalid_settings", "/secret")
    assert "whsec_ and 24 random bytes in base64" in told.json()["hint"]
    made = await make("sources", **fields, secret="MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    path = f"/v1/sources/{made['id']}"
    assert refused(await client.patch(path, json={"secret": secret})) == (422, "invalid_settings", "/secret")
    rotated = await client.post(f"{path}/rotate-secret", json={"secret": secret})
    assert refused(rotated) == (422, "invalid_settings", "/secret")


async def test_a_secret_rotates_and_the_old_one_counts_for_a_while(client, make):
    made = await make("sources", name="github", scheme="github-sha256", secret="old-secret")
    answer = await client.post(
        f"/v1/sources/{made['id']}/rotate-secret", json={"secret": "new-secret", "keep_old_seconds": 60}
    )
    assert answer.json()["secrets"] == [{"expires_at": None}, {"expires_at": "2026-01-02T03:05:05.678Z"}]
    assert "secret" not in answer.text.replace('"secrets"', "")


async def test_a_source_goes_into_a_topic_and_application_that_exist(client, make, refused):
    topic = await make("topics", name="orders")
    application = await make("applications", name="shop")
    made = await make("sources", name="web", topic="orders", application="shop")
    assert (made["topic_id"], made["application_id"]) == (topic["id"], application["id"])
    assert refused(await client.post("/v1/sources", json={"name": "x", "topic": "none"}))[:2] == (404, "not_found")
    await client.patch(f"/v1/topics/{topic['id']}", json={"locked": True})
    answer = await client.post("/v1/sources", json={"name": "y", "topic": "orders"})
    assert refused(answer) == (409, "topic_locked", "/topic")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scheme": "rot13"}, "/scheme"),
        ({"scheme": "hmac-sha256", "settings": {"header": "not a header"}}, "/settings/header"),
        ({"scheme": "hmac-sha256", "settings": {"haeder": "X"}}, "/settings/haeder"),
    ],
)
async def test_a_scheme_and_its_settings_are_checked(client, refused, body, pointer):
    assert refused(await client.post("/v1/sources", json={"name": "a", **body})) == (422, "invalid_settings", pointer)
