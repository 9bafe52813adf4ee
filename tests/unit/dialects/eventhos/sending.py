"""A system with an event, its client's tokens, and contracts: what the tests of sending and of the log begin with."""

import httpx
from msgspec import Struct
from msgspec.structs import replace

from eventyard.dialects.eventhos.send import PATH
from eventyard.model.catalog import Application, Source, Subscription, Target, Topic
from eventyard.model.identity import Client
from eventyard.model.journal import Query
from eventyard.model.lifecycle import Kind
from eventyard.model.retry import RetryPolicy
from eventyard.testing import builders as b
from eventyard.testing.fakes import settle
from eventyard.testing.hub import Yard


class Shop(Struct):
    """What was set up. ``key`` is a short-lived token of the system's client."""

    yard: Yard
    system: Application
    topic: Topic
    event: Source
    client: Client
    key: str

    @property
    def who(self):
        """An administrator."""
        return self.yard.hub.keys.by_key(self.yard.key)

    def at(self, **fields):
        """Where the records of the shop are."""
        return {"project_id": self.system.project_id, "application_id": self.system.id, **fields}

    async def another_event(self, name, **fields):
        """A further event of the system."""
        topic = b.topic(name, project_id=self.system.project_id)
        source = b.source(name, scheme="access-key", **self.at(topic_id=topic.id, **fields))
        return (await self.yard.hub.catalog.save(topic, source))[1]

    async def another_client(self, name, **fields):
        """A client, and a short-lived token of it."""
        record = self.yard.hub.identity.clients.record(self.client.organization_id, name, **fields)[0]
        client = await self.yard.hub.catalog.save_one(record)
        return client, await self.short_token(client)

    async def short_token(self, client):
        """A short-lived token."""
        return (await self.yard.hub.identity.tokens.issue(client, issuer="http://hub.example")).text

    async def long_token(self):
        """A long-lived token of the system's client, which has no other from now on."""
        return (await self.yard.hub.identity.clients.make_token(self.who, self.client.id))[1]

    async def revoke(self):
        """Revoke the system's client."""
        await self.yard.hub.identity.clients.revoke(self.who, self.client.id)

    async def contract(self, name="contract", event=None, **fields):
        """A contract of an event, tried once, and its action: the scripted target."""
        event = event or self.event
        action = b.target(f"{name}-action", project_id=event.project_id, title=f"{name} action", **fields)
        policy = RetryPolicy(schedule_ms=None, max_attempts=1)
        contract = b.subscription(
            name, topic_ids=(event.topic_id,), source_id=event.id, target_id=action.id, title=f"the {name}",
            retry=policy, **self.at(),
        )  # fmt: skip
        saved_action, saved = await self.yard.hub.catalog.save(replace(action, retry=policy), contract)
        assert isinstance(saved_action, Target)
        assert isinstance(saved, Subscription)
        return saved

    def ends(self, contract, *outcomes):
        """End the next attempts of a contract so."""
        self.yard.webhook.script(self.yard.hub.catalog.get(Target, contract.target_id), *outcomes)

    async def send(self, body=b"{}", event="sold-x1", **headers):
        """Send an event and see what came of it: the entries of it and of its deliveries, as they stand then."""
        transport = httpx.ASGITransport(self.yard.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as client:
            answer = await client.post(
                PATH, params={"event-identifier": event}, content=body, headers={"access-key": self.key, **headers}
            )
        assert answer.status_code in (200, 203), answer.text
        await settle()
        page = await self.yard.store.find(Query(projects=(self.yard.project.number,), kinds=(Kind.PUBLICATION,)))
        detail = await self.yard.store.detail(page.entries[0].id)
        return detail.entry, *detail.children


async def shop(yard: Yard, *, client: bool = True) -> Shop:
    """The system ``shop`` with the event ``sold-x1``, in the project ``default``."""
    hub = yard.hub
    project = yard.project
    system = b.application("shop", project_id=project.id, title="The shop")
    topic = b.topic("sold-x1", project_id=project.id)
    event = b.source(
        "sold-x1", project_id=project.id, application_id=system.id, topic_id=topic.id, scheme="access-key",
        title="sold", description="something was sold", labels={"operation": "new"},
    )  # fmt: skip
    system, topic, event = await hub.catalog.save(system, topic, event)
    made = hub.identity.clients.record(project.organization_id, "shop", application_id=system.id)[0]
    owner = await hub.catalog.save_one(made if client else replace(made, application_id=None))
    found = Shop(yard, system, topic, event, owner, "")
    found.key = await found.short_token(owner)
    return found
