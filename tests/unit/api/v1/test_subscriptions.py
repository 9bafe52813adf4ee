import pytest


@pytest.fixture
async def job(make):
    return await make("jobs", name="book")


async def test_a_subscription_is_made_shown_changed_and_deleted(yard, client, make, job):
    source = await make("sources", name="orders")
    made = await make(
        "subscriptions",
        source_id=source["id"],
        target_id="book",
        pattern="order.#",
        filter={"eq": [["kind", "new"]]},
        retry={"schedule_ms": [1000]},
        order=2,
        stop_on_error=True,
        mail_to=["ops@shop.example"],
        title="Orders into the book",
        labels={"team": "books"},
    )
    assert made == {
        "id": made["id"],
        "project_id": yard.project.id,
        "application_id": source["application_id"],
        "name": "orders to book",
        "title": "Orders into the book",
        "description": "",
        "labels": {"team": "books"},
        "topic_ids": [source["topic_id"]],
        "source_id": source["id"],
        "pattern": "order.#",
        "filter": {"eq": [["kind", "new"]]},
        "target_type": "job",
        "target_id": job["id"],
        "mode": "enabled",
        "retry": {
            "schedule_ms": [1000],
            "max_attempts": 10,
            "first_ms": 1000,
            "factor": 2.0,
            "max_ms": 3_600_000,
            "jitter": 0.2,
        },
        "order": 2,
        "stop_on_error": True,
        "mail_to": ["ops@shop.example"],
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    path = f"/v1/subscriptions/{made['id']}"
    assert (await client.get(path)).json() == made
    assert (await client.get("/v1/subscriptions")).json() == [made]
    changed = await client.patch(path, json={"mode": "paused", "pattern": None, "filter": None, "retry": None})
    assert changed.json() == {**made, "mode": "paused", "pattern": None, "filter": None, "retry": None}
    changes = {"order": None, "stop_on_error": False, "mail_to": [], "title": "", "labels": {}}
    assert (await client.patch(path, json=changes)).json() == {**changed.json(), **changes}
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_subscription_on_topics_needs_no_source(make, job):
    first, second = await make("topics", name="a"), await make("topics", name="b")
    made = await make("subscriptions", topics=["a", second["id"]], target_id=job["id"], name="both")
    assert made["topic_ids"] == [first["id"], second["id"]]
    assert (made["source_id"], made["name"]) == (None, "both")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"filter": {"equals": []}}, (422, "invalid_filter", "/filter/equals")),
        ({"filter": {"eq": [["a"]]}}, (422, "invalid_filter", "/filter/eq/0")),
        ({"pattern": "a..b"}, (422, "invalid_pattern", "/pattern")),
        ({"order": 1.5}, (422, "invalid_body", "/order")),
        ({"order": 2**31}, (422, "invalid_body", "/order")),
        ({"stop_on_error": "yes"}, (422, "invalid_body", "/stop_on_error")),
        ({"mail_to": ["ops@shop.example", "nobody"]}, (422, "invalid_body", "/mail_to/1")),
        ({"mode": "asleep"}, (422, "invalid_body", "/mode")),
        ({"target_id": "nobody"}, (404, "not_found", None)),
        ({"target_type": "webhook"}, (422, "invalid_body", "/target_type")),
        ({"target_type": "pigeon"}, (422, "invalid_body", "/target_type")),
        ({"topics": []}, (422, "invalid_body", "/topics")),
        ({"topics": ["none"]}, (404, "not_found", None)),
    ],
)
async def test_what_could_never_match_is_refused_when_it_is_written(client, make, job, refused, body, told):
    await make("topics", name="orders")
    body = {"topics": ["orders"], "target_id": "book", **body}
    assert refused(await client.post("/v1/subscriptions", json=body)) == told
