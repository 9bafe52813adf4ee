"""The data events, row by row, from the side of who tells: every routing key of the seed, and what is committed."""

import json

import pytest

from eventyard.model.journal import Query

ENTITY = "0199f3c2-7b1e-7c55-a0c9-3d5b8f1e2a44"

ACTIVATION = ["activated", "updated", "deactivated", "activated", "terminated"]
PROVISIONING = ["started", "failed", "started", "finished"]
SUBSCRIPTION = ["created", "active", "inactive", "active", "suspended", "terminated"]


class Exchange:
    """What was told on a topic of the hub, in the order of its commit."""

    def __init__(self, yard, topic):
        self._yard = yard
        self._topic = topic

    async def messages(self):
        query = Query(projects=(self._yard.project.number,), topic=self._topic, ascending=True)
        entries = (await self._yard.store.find(query)).entries
        return [(await self._yard.store.detail(entry.id)).event for entry in entries]

    async def last(self):
        event = (await self.messages())[-1]
        return event, json.loads(event.data)


@pytest.fixture
async def application(client):
    return (await client.get("/v1/applications/default")).json()["id"]


@pytest.fixture
def of_project(yard):
    return Exchange(yard, f"project.{yard.project.id}")


@pytest.fixture
def of_application(yard, application):
    return Exchange(yard, f"application.{application}")


# exchange/project.{projectId}/${entityType}.${entityId}.${event}


@pytest.mark.parametrize("event", ["create", "update", "delete"])
async def test_an_entity_event_in_the_project_context(yard, client, of_project, event):
    project = yard.project.id
    path = f"/v1/projects/{project}/entities/vehicles/{ENTITY}/{event}"
    answer = await client.post(path, json={"id": ENTITY, "name": "one"})
    assert answer.status_code == 202
    told, data = await of_project.last()
    assert (told.id, told.routing_key) == (answer.json()["event_id"], f"vehicles.{ENTITY}.{event}")
    assert (told.source, told.type) == (f"/projects/{project}", f"entity.vehicles.{event}")
    assert (told.subject, told.content_type) == (f"vehicles/{ENTITY}", "application/json")
    assert data == {
        "event": event,
        "entity": {"_relType": "vehicles", "id": ENTITY},
        "project": {"_relType": "projects", "id": project},
        "application": None,
        "actor": data["actor"],
        "state": {"id": ENTITY, "name": "one"},
    }
    assert data["actor"]["_relType"] == "keys"


# exchange/application.{applicationId}/${entityType}.${entityId}.${event}


@pytest.mark.parametrize("event", ["create", "update", "delete"])
async def test_an_entity_event_in_the_application_context(yard, client, application, of_application, event):
    path = f"/v1/applications/{application}/entities/vehicle-groups/{ENTITY}/{event}"
    assert (await client.post(path, json={"id": ENTITY})).status_code == 202
    told, data = await of_application.last()
    assert (told.routing_key, told.source) == (f"vehicle-groups.{ENTITY}.{event}", f"/applications/{application}")
    assert data["application"] == {"_relType": "applications", "id": application}
    assert data["project"] == {"_relType": "projects", "id": yard.project.id}


# exchange/application.{applicationId}/product.{activation|provisioning|subscription}.{state}


@pytest.mark.parametrize(
    ("family", "steps", "subject"),
    [
        ("activation", ACTIVATION, "projects"),
        ("provisioning", PROVISIONING, "projects"),
        ("subscription", SUBSCRIPTION, "organizations"),
    ],
)
async def test_every_state_of_a_product(client, application, of_application, family, steps, subject):
    before = None
    for step in steps:
        body = {"state": step, "projectId": "default", "version": step, "reason": f"because {step}"}
        answer = await client.post(f"/v1/applications/{application}/{family}", json=body)
        assert answer.status_code == 200, answer.text
        told, data = await of_application.last()
        assert told.id == answer.json()["event_id"]
        assert told.routing_key == told.type == f"product.{family}.{step}"
        assert told.source == f"/applications/{application}"
        assert told.subject.startswith(f"{subject}/")
        assert (data["state"], data["previousState"]) == (step, before)
        assert (data["version"]["id"], data["reason"]) == (step, f"because {step}")
        assert data["actor"]["_relType"] == "keys"
        before = step
    assert len(await of_application.messages()) == len(steps)


async def test_the_twelve_events_are_those_of_the_seed():
    told = {(family, step) for family, steps in (("a", ACTIVATION), ("p", PROVISIONING), ("s", SUBSCRIPTION))
            for step in steps}  # fmt: skip
    assert len(told) == 12


@pytest.mark.parametrize(
    ("family", "path", "wanted", "legal"),
    [
        ("activation", [], "updated", "activated"),
        ("activation", ["activated", "terminated"], "updated", "activated"),
        ("provisioning", ["started", "finished"], "failed", "started"),
        ("subscription", ["created"], "suspended", "active, terminated"),
    ],
)
async def test_an_illegal_step_is_refused_and_not_told(
    client, application, of_application, family, path, wanted, legal
):
    for step in path:
        await client.post(f"/v1/applications/{application}/{family}", json={"state": step})
    answer = await client.post(f"/v1/applications/{application}/{family}", json={"state": wanted})
    assert answer.status_code == 409
    assert answer.json()["hint"] == f"legal steps: {legal}"
    assert len(await of_application.messages()) == len(path)


async def test_no_entity_can_pass_for_a_product(client, application):
    path = f"/v1/applications/{application}/entities/product/activation/create"
    assert (await client.post(path, json={})).status_code == 400


# "keeps you connected to the latest state of resources": the hub's own


async def test_who_listens_stays_in_step_with_the_hubs_own_catalog(client, of_project, of_application, application):
    await client.post("/v1/projects/default/entities/vehicles/1/create", json={})
    await client.post("/v1/applications/default/entities/vehicles/1/create", json={})
    source = (await client.post("/v1/sources", json={"name": "orders", "secret": "hush", "scheme": "bearer"})).json()
    await client.patch(f"/v1/sources/{source['id']}", json={"description": "all of them"})
    target = (await client.post("/v1/targets", json={"name": "hook", "type": "webhook"})).json()
    wish = (await client.post("/v1/subscriptions", json={"source_id": source["id"], "target_id": "hook"})).json()
    await client.patch("/v1/applications/default", json={"description": "the shop"})
    shown = (await client.get(f"/v1/sources/{source['id']}")).json()
    await client.delete(f"/v1/sources/{source['id']}")
    keys = [event.routing_key for event in (await of_project.messages())[1:]]
    assert keys == [
        f"topics.{source['topic_id']}.create",
        f"sources.{source['id']}.create",
        f"sources.{source['id']}.update",
        f"targets.{target['id']}.create",
        f"subscriptions.{wish['id']}.create",
        f"applications.{application}.update",
        f"subscriptions.{wish['id']}.delete",
        f"sources.{source['id']}.delete",
    ]
    own = [event.routing_key for event in (await of_application.messages())[1:]]
    assert own == [key for key in keys if not key.startswith(("topics.", "targets."))]
    told, data = await of_project.last()
    assert b"hush" not in b"".join(event.data for event in await of_project.messages())
    assert data["state"] == {name: shown[name] for name in shown if name not in ("secrets", "ingest_url")}
    assert told.source.startswith("/projects/")
