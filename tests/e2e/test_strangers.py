"""Nobody sees or touches what is another's: every operation of the API, tried by callers from elsewhere.

A stranger is an administrator of another organization, or of another project of this one. The operations are those of
the OpenAPI document, so a new one is tried from the day it exists.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from eventyard.model.access import Scope
from eventyard.testing.hub import Yard, memory_hub

MARK = "of-ours"
"""Stands in every name, text and payload of what the strangers must not see."""

OPEN = {
    "receive_event", "list_target_types", "list_schemes", "create_project",
    "make_token", "list_signing_keys", "show_authorization_server",
}  # fmt: skip
"""What concerns no project's things, or is proven by the source's own scheme and not by a key."""

OF_ORGANIZATIONS = {
    "list_users", "create_user", "list_clients", "create_client", "list_roles", "create_role", "list_permissions",
}  # fmt: skip
"""What somebody of another organization does with their own, and a key of one project not at all."""

RUNS = {"keep_job_run", "complete_job_run", "fail_job_run"}
"""What answers a stranger as it answers anybody about a run that never was: the lease is over."""


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    async with memory_hub() as yard:
        yield yard


@pytest.fixture
async def admin(yard: Yard) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(yard, yard.key) as client:
        yield client


@pytest.fixture(params=["of another organization", "of another project"])
async def stranger(
    yard: Yard, admin: httpx.AsyncClient, request: pytest.FixtureRequest
) -> AsyncIterator[httpx.AsyncClient]:
    if request.param == "of another organization":
        key = await yard.stranger_key()
    else:
        other = await made(admin, "/v1/projects", name="other")
        key = await yard.key_for(Scope.ADMIN, project_id=other["id"])
    async with client_of(yard, key) as client:
        yield client


def client_of(yard: Yard, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(yard.app), base_url="http://hub.example", headers=yard.headers(key)
    )


async def made(client: httpx.AsyncClient, path: str, status: int = 201, **body: Any) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
async def ours(yard: Yard, admin: httpx.AsyncClient) -> dict[str, str]:
    """One of everything, in a project of ours: the values of path parameters."""
    project = (await made(admin, "/v1/projects", name=f"project-{MARK}"))["id"]
    here = {"project_id": project}
    application = await made(admin, "/v1/applications", name=f"application-{MARK}", **here)
    topic = await made(admin, "/v1/topics", name=f"topic-{MARK}", schema={"title": MARK}, **here)
    source = await made(admin, "/v1/event-sources", name=f"source-{MARK}", **here)
    target = await made(admin, "/v1/targets", name=f"target-{MARK}", type="webhook", settings={}, **here)
    job = await made(admin, "/v1/jobs", name=f"job-{MARK}", **here)
    to = {"target_type": "job", "target_id": job["id"]}
    subscription = await made(admin, f"/v1/event-sources/{source['id']}/subscribe", **to)
    rule = await made(admin, "/v1/rules", name=f"rule-{MARK}", all_sources=True, mail_to=["a@b.example"], **here)
    role = await made(admin, "/v1/roles", name=f"role-{MARK}")
    client = await made(admin, "/v1/clients", name=f"client-{MARK}", application_id=application["id"])
    user = await made(admin, "/v1/users", name=f"user-{MARK}", password=f"password-{MARK}")
    key = await made(admin, "/v1/keys", name=f"key-{MARK}", scopes=["admin"], **here)
    sent = await made(admin, f"/in/{source['id']}", 202, told=MARK)
    [run] = await made(admin, f"/v1/jobs/{job['id']}/runs/claim", 200, worker=f"worker-{MARK}")
    link = yard.hub.streams.connect(
        yard.hub.keys.by_key(yard.key), protocol="test", peer=MARK, name=MARK, end=lambda _: None, project=project
    )
    queue = await link.declare_queue(f"queue-{MARK}")
    await link.bind(queue, topic["name"], MARK)
    return {
        "entity_type": "vehicles", "entity_id": MARK, "event": "create",
        "connection_id": str(link.number), "queue_id": queue.id, "exchange": topic["id"],
        "project_id": project, "application_id": application["id"], "topic_id": topic["id"],
        "source_id": source["id"], "target_id": target["id"], "job_id": job["id"],
        "subscription_id": subscription["id"], "key_id": key["id"], "entry": sent["event_id"],
        "rule_id": rule["id"], "role_id": role["id"], "client_id": client["id"], "user_id": user["id"],
        "entry_id": str(run["id"]), "run_number": str(run["id"]),
    }  # fmt: skip


def bodies(ours: Mapping[str, str]) -> dict[str, Any]:
    """A body that would do, by operation; it names what is ours wherever it names something."""
    here, change = {"project_id": ours["project_id"]}, {"description": "taken over"}
    return {
        "dispatch_event": {"source": ours["source_id"], "payload": {}, **here},
        "dispatch_events": [{"source": ours["source_id"], "payload": {}}],
        "create_event_source": {"name": "x", **here},
        "update_event_source": change,
        "subscribe_to_event_source": {"target_type": "job", "target_id": ours["job_id"]},
        "update_event_source_subscription": {"enabled": False},
        "explain_sample": {"source_id": ours["source_id"], "data": {}, **here},
        "replay_events": {"from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z", "dry_run": False, **here},
        "retry_delivery": {},
        "discard_delivery": {},
        "reprocess_delivery": {},
        "retry_deliveries": {"filter": {"status": ["error"], **here}, "dry_run": False},
        "discard_deliveries": {"filter": {"status": ["error"], **here}, "dry_run": False},
        "reprocess_deliveries": {"filter": {"status": ["complete"], **here}, "dry_run": False},
        "change_event_status": {"status": "discarded"},
        "change_event_statuses": {"filter": {"status": ["error"], **here}, "status": "discarded", "dry_run": False},
        "create_rule": {"name": "x", "all_sources": True, "mail_to": ["theirs@there.example"], **here},
        "change_rule": change,
        "test_rule": {},
        "run_subscription": {},
        "consume_subscription": {"aggregated": True},
        "change_project": change,
        "create_application": {"name": "x", **here},
        "change_application": change,
        "create_topic": {"name": "x", **here},
        "change_topic": change,
        "add_topic_schema": {"schema": {}},
        "create_source": {"name": "x", **here},
        "change_source": change,
        "rotate_source_secret": {"secret": "theirs"},
        "create_subscription": {"target_id": ours["target_id"], "source_id": ours["source_id"], **here},
        "change_subscription": change,
        "create_target": {"name": "x", "type": "job", **here},
        "change_target": change,
        "rotate_target_secret": {"secret": "theirs"},
        "create_job": {"name": "x", **here},
        "change_job": change,
        "claim_job_runs": {"worker": "thief"},
        "keep_job_run": {"attempt": 1},
        "complete_job_run": {"attempt": 1},
        "fail_job_run": {"attempt": 1, "error": "sabotage"},
        "create_key": {"name": "x", "scopes": ["admin"], **here},
        "create_user": {"name": "x", "password": "of their own"},
        "change_user": change,
        "change_password": {"new_password": "theirs now"},
        "create_client": {"name": "x"},
        "change_client": change,
        "create_role": {"name": "x"},
        "change_role": {"name": "theirs now"},
        "tell_of_entity_in_project": {},
        "tell_of_entity_in_application": {},
        "tell_of_entities_in_project": [],
        "tell_of_entities_in_application": [],
        "step_product_activation": {"state": "activated", **here},
        "step_product_provisioning": {"state": "started", **here},
        "step_product_subscription": {"state": "created"},
    }


async def state(admin: httpx.AsyncClient, ours: Mapping[str, str]) -> list[str]:
    """Everything of ours, as its administrator sees it."""
    query = {"project_id": ours["project_id"], "limit": "500"}
    nouns = (
        "event-sources",
        "applications",
        "topics",
        "subscriptions",
        "targets",
        "jobs",
        "events",
        "queues",
        "connections",
        "rules",
    )
    answers = [await admin.get(f"/v1/{noun}", params=query) for noun in nouns]
    answers += [
        await admin.get(f"/v1/{noun}/{ours[name]}")
        for noun, name in (("users", "user_id"), ("clients", "client_id"), ("roles", "role_id"))
    ]
    one_by_one = [f"/v1/events/{ours['entry']}", f"/v1/events/{ours['entry_id']}", f"/v1/keys/{ours['key_id']}"]
    answers += [await admin.get(path) for path in [*one_by_one, f"/v1/projects/{ours['project_id']}"]]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.text for answer in answers]


async def test_no_operation_shows_or_changes_what_is_anothers(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient, ours: dict[str, str]
) -> None:
    before = await state(admin, ours)
    for method, path, operation in operations((await admin.get("/openapi.json")).json()):
        name = operation["operationId"]
        if name in OPEN:
            continue
        sent = {"json": bodies(ours)[name]} if "requestBody" in operation else {}
        for params in asked(operation, ours):
            answer = await stranger.request(method, path.format_map(ours), params=params, **sent)
            told = f"{name} {params} was answered {answer.status_code} {answer.text}"
            assert MARK not in answer.text, told
            if name == "dispatch_events":
                assert [line["status"] for line in answer.json()] == [404], told
            elif name in RUNS:
                never = await stranger.request(method, path.format(run_number=10**9), **sent)
                assert (answer.status_code, never.status_code) == (409, 409), told
                assert same(answer, ours["run_number"]) == same(never, str(10**9)), told
            elif name in OF_ORGANIZATIONS:
                assert answer.status_code in (200, 201, 403, 409), told
            elif "{" in path or params or ours["project_id"] in str(sent):
                assert answer.status_code in (403, 404), told
            else:
                assert answer.status_code == 200, told
    assert await state(admin, ours) == before


def asked(operation: Mapping[str, Any], ours: Mapping[str, str]) -> list[dict[str, str]]:
    """The query parameters to try: our project where one can be named, and none."""
    named = any((one["in"], one["name"]) == ("query", "project_id") for one in operation.get("parameters", ()))
    return [{"project_id": ours["project_id"]}, {}] if named else [{}]


def same(answer: httpx.Response, number: str) -> Any:
    """What is told, but for the number asked about."""
    return answer.json() | {"request_id": "", "detail": answer.json()["detail"].replace(number, "N")}


def operations(document: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
