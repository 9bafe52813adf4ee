"""A whole hub in memory, with a postbox, a job that nobody works on, and rules made by its administrator."""

import asyncio

import msgspec
import pytest

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Source, Subscription
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Outcome, Result
from eventyard.model.retry import RetryPolicy
from eventyard.pipeline.arrivals import Arrival
from eventyard.testing import builders
from eventyard.testing.fakes import Postbox, settle
from eventyard.testing.hub import Yard, memory_hub

REFUSED = Outcome(Result.REFUSED, 400, error="400 Bad Request")


class Scene:
    """``shop`` publishes; ``book`` is a subscription to a webhook that is tried once."""

    def __init__(self, yard: Yard, box: Postbox) -> None:
        self.yard, self.hub, self.box = yard, yard.hub, box
        self.rules, self.monitoring = yard.hub.monitoring.rules, yard.hub.monitoring
        self.who = Principal("ada", yard.project.organization_id, frozenset({Scope.ADMIN}), key_id="k")

    async def start(self) -> None:
        self.source = await self.hub.sources.create(self.who, project_id=None, name="shop", scheme="none")
        self.target, _ = await self.hub.targets.create(
            self.who, project_id=None, name="hook", type_="webhook", retry=RetryPolicy(max_attempts=1)
        )
        self.book = await self.subscribe("book")

    async def subscribe(self, name: str, **fields) -> Subscription:
        fields = {"target_id": self.target.id, "topics": [self.source.topic_id]} | fields
        return await self.hub.subscriptions.create(self.who, name=name, **fields)

    async def job(self, name: str = "press") -> Subscription:
        """A subscription to a job that nobody works on."""
        job, _ = await self.hub.targets.create(self.who, project_id=None, name=name, type_="job")
        return await self.subscribe(name, target_id=job.id)

    async def rule(self, name: str = "failures", **fields):
        told = {"all_subscriptions": True, "mail_to": ["ops@example.com"]}
        return await self.rules.create(self.who, None, name, told | fields)

    async def publish(self, *outcomes: Outcome):
        """An event, its deliveries by the webhook ended so."""
        self.yard.webhook.script(self.target, *outcomes)
        door = self.hub.doors.of(self.source.id)
        accepted = await self.hub.acceptor.accept(Arrival(door, builders.event()))
        await self.quiet()
        return accepted

    async def quiet(self) -> None:
        """Let everything that was begun come to its end."""
        for _ in range(40):
            await asyncio.sleep(0)
        await settle()

    async def later(self, wait_ms: int) -> None:
        self.yard.clock.advance(wait_ms)
        self.monitoring.monitor.tick()
        self.monitoring.stuck.tick()
        await self.quiet()

    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.box.taken]

    def mode(self, subscription: Subscription) -> str:
        return self.hub.catalog.get(Subscription, subscription.id).mode.value

    def enabled(self, source: Source) -> bool:
        return self.hub.catalog.get(Source, source.id).enabled

    async def statuses(self, entry_id: int) -> list[Status]:
        return [child.status for child in (await self.hub.search.detail(self.who, entry_id)).children]

    async def last_line(self, entry_id: int):
        return (await self.yard.store.detail(entry_id)).history[-1]

    async def told(self) -> list[dict]:
        """What targets were sent of what rules told."""
        sent = [one.event for one in self.yard.webhook.sent if one.event.type == "eventyard.rule.told"]
        return [msgspec.json.decode(event.data) for event in sent]


@pytest.fixture
async def scene():
    box = Postbox()
    async with memory_hub(mailer=box) as yard:
        made = Scene(yard, box)
        await made.start()
        yield made
