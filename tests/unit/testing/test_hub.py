import httpx

from eventyard.model.access import Scope
from eventyard.model.catalog import Project
from eventyard.testing.fakes import settle
from eventyard.testing.hub import memory_hub


async def test_a_hub_in_memory_is_a_whole_one():
    async with memory_hub() as yard:
        transport = httpx.ASGITransport(yard.app)
        async with httpx.AsyncClient(transport=transport, headers=yard.headers(), base_url="http://hub") as client:
            source = (await client.post("/v1/sources", json={"name": "orders"})).json()
            await client.post("/v1/targets", json={"name": "receiver", "type": "webhook"})
            await client.post("/v1/subscriptions", json={"source_id": source["id"], "target_id": "receiver"})
            await client.post(f"/in/{source['id']}", json={"order": 1})
            await settle()
    assert [delivery.event.data for delivery in yard.webhook.sent] == [b'{"order":1}']


async def test_it_has_one_project_and_keys_for_whom_a_test_needs():
    async with memory_hub() as yard:
        assert yard.project.name == "default"
        publisher = yard.security.bearer(await yard.key_for(Scope.EVENTS_PUBLISH))
        assert publisher.scopes == {Scope.EVENTS_PUBLISH}
        stranger = yard.security.bearer(await yard.stranger_key())
        assert stranger.organization_id != publisher.organization_id
        assert len(list(yard.hub.catalog.all(Project))) == 2


async def test_the_environment_is_not_asked(monkeypatch):
    monkeypatch.setenv("EVENTYARD_LIMITS__DEPTH", "3")
    async with memory_hub() as yard:
        assert yard.hub.limits.depth == 64
