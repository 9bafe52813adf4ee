"""The event-sources API over real HTTP: the calls of the seed, in its order, against a hub in a process of its own."""

import hashlib
import hmac
from pathlib import Path

import httpx
import pytest

from eventyard.cli.demo.child import Child

SOURCE_FIELDS = [
    "id", "project_id", "name", "description", "schema", "enabled", "signature_header", "signature_algorithm",
    "created_at", "updated_at",
]  # fmt: skip
SUBSCRIPTION_FIELDS = ["id", "source_id", "target_type", "target_id", "filter_expr", "enabled", "created_at"]

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("project", ["by name", "by id"])
def test_the_calls_of_the_seed_in_its_order(tmp_path: Path, project: str) -> None:
    with Child(tmp_path / "data", "127.0.0.1:0") as hub, client_of(hub) as client:
        named = "default" if project == "by name" else client.get("/v1/projects").json()[0]["id"]
        query = f"?project_id={named}"

        listed = client.get(f"/v1/event-sources{query}")
        assert (listed.status_code, listed.headers["content-type"], listed.json()) == (200, "application/json", [])

        body = b'{ "project_id": "%s", "name": "string" }' % named.encode()
        created = client.post("/v1/event-sources", headers=JSON, content=body)
        assert created.status_code == 201
        source = created.json()
        assert list(source) == SOURCE_FIELDS
        assert client.post("/v1/event-sources", headers=JSON, content=body).status_code == 409
        path = f"/v1/event-sources/{source['id']}"
        assert client.get(f"/v1/event-sources{query}").json() == [source]
        assert client.get(path + query).json() == source

        assert client.patch(path + query, headers=JSON, content=b"{}").status_code == 400
        signed = {"signature_header": "X-Sig", "signature_algorithm": "hmac-sha256", "signature_secret": "s3cret"}
        patched = client.patch(path + query, json={"description": "string", "schema": {"type": "object"}, **signed})
        assert (patched.status_code, patched.content) == (204, b"")

        job = client.post("/v1/jobs", json={"project_id": named, "name": "string"}).json()["id"]
        assert client.get(path + "/subscriptions").json() == []
        body = b'{ "target_type": "job", "target_id": "%s" }' % job.encode()
        subscribed = client.post(path + "/subscribe", headers=JSON, content=body)
        assert (subscribed.status_code, list(subscribed.json())) == (201, SUBSCRIPTION_FIELDS)
        assert client.post(path + "/subscribe", headers=JSON, content=body).status_code == 409
        assert client.get(path + "/subscriptions").json() == [subscribed.json()]

        assert dispatch(client, named, b'{"order": 1}', signed=False).status_code == 401
        dispatched = dispatch(client, named, b'{"order": 1}')
        assert dispatched.status_code == 200
        assert dispatched.json() | {"dispatched": 1, "source": "string"} == dispatched.json()
        assert dispatch(client, named, b'{"order": 1}').status_code == 401
        assert dispatch(client, named, b'"no object"').status_code == 422
        claimed = client.post(f"/v1/jobs/{job}/runs/claim", json={"worker": "w"}).json()
        assert [(run["attempt"], run["event"]["data"]) for run in claimed] == [(1, {"order": 1})]

        deleted = client.delete(f"{path}/subscriptions/{subscribed.json()['id']}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert client.post(path + "/subscribe", headers=JSON, content=body).status_code == 201
        assert client.delete(path + query).status_code == 204
        assert client.get(path + query).status_code == 404
        assert client.get(path + "/subscriptions").status_code == 404
        assert dispatch(client, named, b'{"order": 2}').status_code == 404


def client_of(hub: Child) -> httpx.Client:
    return httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {hub.key}"}, timeout=60)


def dispatch(client: httpx.Client, project: str, payload: bytes, signed: bool = True) -> httpx.Response:
    headers = dict(JSON)
    if signed:
        headers["X-Sig"] = "sha256=" + hmac.new(b"s3cret", payload, hashlib.sha256).hexdigest()
    body = b'{ "source": "string", "project_id": "%s", "payload": %s }' % (project.encode(), payload)
    return client.post("/v1/events/dispatch", headers=headers, content=body)
