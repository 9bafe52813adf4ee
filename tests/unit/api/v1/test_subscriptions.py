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
        "notify": None,
        "backlog": "keep",
        "schedule": {"when": "when_ready", "cron": None, "time_zone": "UTC", "missed": "once", "after": None},
        "delivery_scope": "all",
        "compound": None,
        "unbound": False,
        "overlap": "wait",
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
        ({"filter": "payload.action == 'created'"}, (422, "invalid_filter", "/filter")),
        ({"pattern": "a..b"}, (422, "invalid_pattern", "/pattern")),
        ({"order": 1.5}, (422, "invalid_body", "/order")),
        ({"order": 2**31}, (422, "invalid_body", "/order")),
        ({"stop_on_error": "yes"}, (422, "invalid_body", "/stop_on_error")),
        ({"mail_to": ["ops@shop.example", "nobody"]}, (422, "invalid_body", "/mail_to/1")),
        ({"mode": "asleep"}, (422, "invalid_body", "/mode")),
        ({"target_id": "nobody"}, (404, "not_found", "/target_id")),
        ({"source_id": "nobody"}, (404, "not_found", "/source_id")),
        ({"notify": "nobody"}, (404, "not_found", "/notify")),
        ({"target_type": "webhook"}, (422, "invalid_body", "/target_type")),
        ({"target_type": "pigeon"}, (422, "invalid_body", "/target_type")),
        ({"topics": []}, (422, "invalid_body", "/topics")),
        ({"topics": ["orders", "none"]}, (404, "not_found", "/topics/1")),
    ],
)
async def test_what_could_never_match_is_refused_when_it_is_written(client, make, job, refused, body, told):
    await make("topics", name="orders")
    body = {"topics": ["orders"], "target_id": "book", **body}
    assert refused(await client.post("/v1/subscriptions", json=body)) == told


async def test_a_subscription_with_a_schedule_is_run(client, make, job):
    source = await make("sources", name="orders")
    schedule = {"when": "cron", "cron": "30 2 * * *", "time_zone": "Europe/Berlin"}
    made = await make("subscriptions", source_id=source["id"], target_id="book", schedule=schedule)
    assert made["schedule"] == {**schedule, "missed": "once", "after": None}
    body = {"source": "orders", "payload": {}}
    results = [(await client.post("/v1/events/dispatch", json=body)).json()["results"] for _ in range(2)]
    assert {result["status"] for (result,) in results} == {"delayed"}
    path = f"/v1/subscriptions/{made['id']}"
    assert (await client.patch(path, json={"delivery_scope": "latest"})).json()["delivery_scope"] == "latest"
    ran = await client.post(f"{path}/run")
    assert (ran.status_code, ran.json()) == (200, {"released": 1, "discarded": 1})
    assert [(await client.get(f"/v1/events/{r['delivery_id']}")).json()["status"] for (r,) in results] == [
        "discarded", "processing",
    ]  # fmt: skip


async def test_a_schedule_is_changed_as_a_whole(client, make, job):
    source = await make("sources", name="orders")
    schedule = {"when": "cron", "cron": "30 2 * * *"}
    made = await make("subscriptions", source_id=source["id"], target_id="book", schedule=schedule)
    path = f"/v1/subscriptions/{made['id']}"
    changed = await client.patch(path, json={"schedule": {"when": "on_demand"}, "backlog": "skip"})
    assert changed.json()["schedule"]["cron"] is None
    for wrong, pointer in (
        ({"when": "cron", "cron": "never"}, "/schedule/cron"),
        ({"when": "after", "after": made["id"]}, "/schedule/after"),
        ({"when": "sometimes"}, "/schedule/when"),
        ({"cron": "30 2 * * *"}, "/schedule/when"),
    ):
        refused = await client.patch(path, json={"schedule": wrong})
        assert (refused.status_code, refused.json()["pointer"]) == (422, pointer)


async def test_one_that_is_disabled_is_run_only_by_force(client, make, job):
    source = await make("sources", name="orders")
    made = await make("subscriptions", source_id=source["id"], target_id="book", mode="disabled")
    path = f"/v1/subscriptions/{made['id']}/run"
    assert (await client.post(path)).status_code == 409
    assert (await client.post(path, json={"force": True})).json() == {"released": 0, "discarded": 0}


async def test_what_waits_for_a_job_is_consumed(client, make, job):
    source = await make("sources", name="orders")
    made = await make("subscriptions", source_id=source["id"], target_id="book")
    for number in (1, 2, 3):
        await client.post("/v1/events/dispatch", json={"source": "orders", "payload": {"order": number}})
    path = f"/v1/subscriptions/{made['id']}/consume"
    first = (await client.post(path)).json()
    assert [event["data"] for event in first["events"]] == [{"order": 1}]
    rest = (await client.post(path, json={"limit": 2000})).json()
    assert [event["data"] for event in rest["events"]] == [{"order": 2}, {"order": 3}]
    for number in first["entry_ids"] + rest["entry_ids"]:
        assert (await client.get(f"/v1/events/{number}")).json()["status"] == "complete"
    assert (await client.post(path)).json() == {"entry_ids": [], "events": []}
    assert (await client.post(path, json={"limit": 2001})).status_code == 422
    for number in (4, 5, 6):
        await client.post("/v1/events/dispatch", json={"source": "orders", "payload": {"order": number}})
    bundle = (await client.post(path, json={"aggregated": True})).json()
    assert [event["data"]["order"] for event in bundle["events"]] == [4, 5, 6]
    [number] = bundle["entry_ids"]
    assert (await client.get(f"/v1/events/{number}")).json()["kind"] == "aggregated_subscription"
    assert (await client.post(path, json={"aggregated": True})).json() == {"entry_ids": [], "events": []}


async def test_a_target_is_told_that_something_waits(client, make, job):
    source, bell = await make("sources", name="orders"), await make("targets", name="bell", type="webhook")
    made = await make("subscriptions", source_id=source["id"], target_id="book", notify="bell")
    assert made["notify"] == bell["id"]
    path = f"/v1/subscriptions/{made['id']}"
    assert (await client.patch(path, json={"notify": None})).json()["notify"] is None
    refused = await client.patch(path, json={"notify": "book"})
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/notify")
    assert (await client.patch(path, json={"notify": bell["id"]})).json()["notify"] == bell["id"]
