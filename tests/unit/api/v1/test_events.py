import pytest

from eventyard.testing.fakes import settle


@pytest.fixture
async def world(make):
    """A source ``orders``, a receiver that wants new orders, and two events, of which it wants one."""
    source = await make("sources", name="orders")
    await make("targets", name="receiver", type="webhook")
    await make(
        "subscriptions", source_id=source["id"], target_id="receiver", filter={"eq": [["kind", "new"]]}, name="sub"
    )
    first = await make.dispatch("orders", {"kind": "new"})
    second = await make.dispatch("orders", {"kind": "old"})
    await settle()
    return {"source": source, "first": first, "second": second}


async def names(client, query):
    answer = await client.get(f"/v1/events?{query}")
    assert answer.status_code == 200, answer.text
    return [(entry["entry_id"], entry["kind"], entry["status"]) for entry in answer.json()]


async def test_the_journal_is_searched_newest_first(client, world):
    first, second = world["first"]["entry_id"], world["second"]["entry_id"]
    delivery = world["first"]["results"][0]["delivery_id"]
    publication = [(second, "publication", "complete"), (first, "publication", "complete")]
    assert await names(client, "") == [publication[0], (delivery, "subscription", "complete"), publication[1]]
    assert await names(client, "kind=publication") == publication
    assert await names(client, "kind=subscription&status=Complete&name=SUB") == [(delivery, "subscription", "complete")]
    assert await names(client, f"event_id={world['second']['event_id']}") == publication[:1]
    assert await names(client, f"parent_id={first}") == [(delivery, "subscription", "complete")]
    assert await names(client, "topic=rder&contains=true&kind=publication") == publication
    assert await names(client, "topic=rder") == []
    assert await names(client, "status=error") == []
    assert await names(client, "from=2026-01-02T03:04:05.679Z") == []
    assert await names(client, "descendants=final") == [publication[1]]


async def test_pages_of_the_journal_follow_each_other(client, world):
    path, seen = "/v1/events?limit=2", []
    while path:
        answer = await client.get(path)
        seen.append(len(answer.json()))
        path = answer.headers.get("link", "").partition(">")[0].lstrip("<")
    assert seen == [2, 1]


async def test_one_entry_is_shown_with_everything_by_either_id(client, world):
    first = world["first"]
    found = (await client.get(f"/v1/events/{first['entry_id']}")).json()
    assert found == (await client.get(f"/v1/events/{first['event_id']}")).json()
    assert found["event"]["data"] == {"kind": "new"}
    [child] = found["children"]
    delivery = (await client.get(f"/v1/events/{child['entry_id']}")).json()
    assert [attempt["result"] for attempt in delivery["attempts"]] == ["delivered"]
    assert delivery["history"][-1]["status"] == "complete"


async def test_nobody_else_sees_any_of_it(yard, client_of, world, refused):
    stranger = await client_of(await yard.stranger_key())
    assert (await stranger.get("/v1/events")).json() == []
    assert (await stranger.get("/v1/stats")).json() == []
    for entry in (world["first"]["entry_id"], world["first"]["event_id"], 999, "no-such-event"):
        for path in (f"/v1/events/{entry}", f"/v1/events/{entry}/explain"):
            assert refused(await stranger.get(path)) == (404, "not_found", None)
    assert refused(await stranger.get(f"/v1/events?project_id={yard.project.id}")) == (404, "not_found", "project_id")


async def test_the_totals_are_counted(client, world):
    assert (await client.get("/v1/stats")).json() == [
        {"kind": "publication", "status": "complete", "count": 2},
        {"kind": "subscription", "status": "complete", "count": 1},
    ]


async def test_it_is_explained_why_an_event_did_not_match(client, world):
    [explained] = (await client.get(f"/v1/events/{world['second']['entry_id']}/explain")).json()
    assert (explained["name"], explained["matches"]) == ("sub", False)
    assert [check for check in explained["checks"] if not check["passed"]] == [
        {"check": "filter/eq/0", "passed": False, "detail": 'kind is "old", wanted "new"'}
    ]


async def test_it_is_explained_what_a_sample_would_match(client, world, refused):
    body = {"source_id": world["source"]["id"], "data": {"kind": "new"}}
    assert [found["matches"] for found in (await client.post("/v1/events/explain", json=body)).json()] == [True]
    body = {"topic_id": "orders", "data": {"kind": "new"}}
    assert [found["matches"] for found in (await client.post("/v1/events/explain", json=body)).json()] == [False]
    assert refused(await client.post("/v1/events/explain", json={"data": 1})) == (422, "invalid_body", "/source_id")


async def test_a_replay_counts_first_and_then_delivers(yard, client, world):
    window = {"from": "2026-01-02T03:04:00Z", "to": "2026-01-02T03:05:00Z"}
    dry = await client.post("/v1/events/replay", json=window)
    assert dry.json() == {"events": 1, "deliveries": 1, "dry_run": True}
    assert len(yard.webhook.sent) == 1
    wet = await client.post("/v1/events/replay", json={**window, "dry_run": False})
    assert wet.json() == {"events": 1, "deliveries": 1, "dry_run": False}
    assert (await client.get("/v1/stats")).json()[-1]["count"] >= 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"to": "2026-01-02T03:05:00Z"}, "/from"),
        ({"from": "2026-01-02T03:05:00Z", "to": "2026-01-02T03:04:00Z"}, "/to"),
    ],
)
async def test_a_window_that_is_none_is_refused(client, refused, body, pointer):
    assert refused(await client.post("/v1/events/replay", json=body)) == (422, "invalid_body", pointer)


async def test_an_operator_says_how_an_entry_ended_and_why(yard, make, client, refused):
    await make("sources", name="orders")
    entry = (await make.dispatch("orders", {"order": 1}))["entry_id"]
    path = f"/v1/events/{entry}/status"
    answer = await client.post(path, json={"status": "error", "comment": "the order was a joke"})
    assert (answer.status_code, answer.json()["status"]) == (200, "error")
    last = (await client.get(f"/v1/events/{entry}")).json()["history"][-1]
    assert (last["status"], last["comment"], last["actor"]) == ("error", "the order was a joke", "bootstrap")
    assert refused(await client.post(path, json={"status": "error"}))[:2] == (409, "illegal_transition")
    for status in ("processing", "complete,error"):
        assert refused(await client.post(path, json={"status": status}))[0] == 422
    reader = {"authorization": f"Bearer {await yard.key_for('events:read')}"}
    assert refused(await client.post(path, json={"status": "complete"}, headers=reader))[:2] == (403, "forbidden")
