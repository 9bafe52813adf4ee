"""A small hub of real verbs over the in-memory store, with a clock that tests move by hand."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project, Target
from eventyard.model.errors import Invalid
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.model.journal import Claimed, Query
from eventyard.model.lifecycle import Kind
from eventyard.pipeline.accept import Acceptor
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.doors import Doors
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.release import Releases
from eventyard.pipeline.topics import Topics
from eventyard.pipeline.vault import Vault
from eventyard.pipeline.waiting.waiting import waiting
from eventyard.ports import Setting
from eventyard.stores.memory import MemoryStore
from eventyard.telemetry.log import make_log
from eventyard.telemetry.metrics import Metrics
from eventyard.telemetry.observer import Observer
from eventyard.testing import builders
from eventyard.verifiers.hmac_sha256 import HmacSha256Verifier
from eventyard.verifiers.internal import InternalVerifier
from eventyard.verifiers.none import NoVerifier


class Clock:
    """A wall clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now: Millis = builders.NOW

    def __call__(self) -> Millis:
        return self.now


class Lanes:
    """Dispatch as accept sees it: remembers what it was offered, and has room unless told otherwise."""

    def __init__(self, clock: Clock) -> None:
        self.offered: list[Claimed] = []
        self.waiting: list[Target] = []
        self.rung: list[tuple[int, Millis]] = []
        self.room = True
        self._clock = clock

    def lease_for(self, target: Target) -> Millis:
        return self._clock() + 60_000 if self.room else 0

    def offer(self, claimed: Claimed) -> None:
        self.offered.append(claimed)

    def pending(self, target: Target) -> None:
        self.waiting.append(target)

    def due(self, target_number: int, at: Millis) -> None:
        self.rung.append((target_number, at))


class FakeTarget:
    """A target type with one of each kind of setting."""

    kind = "webhook"
    summary = "Posts somewhere."
    pull = False
    settings: Sequence[Setting] = (
        Setting("url", "URL", "an http(s) URL", {"type": "string", "pattern": "^https?://"}, required=True),
        Setting("format", "Format", "plain or structured", {"enum": ["plain", "structured"]}, default="plain"),
        Setting("secret", "Secret", "at least 8 characters", {"type": "string", "minLength": 8}, secret=True),
    )

    def check(self, settings: dict[str, Any]) -> None:
        if settings["url"].endswith("/forbidden"):
            raise Invalid("invalid_settings", "that address is forbidden", pointer="/settings/url")

    async def examine(self, settings: dict[str, Any]) -> None:
        if settings.get("url", "").endswith("/absurd"):
            raise Invalid("invalid_settings", "that address is absurd", pointer="/settings/url")


class FakeSigned(FakeTarget):
    """A target type that makes its secret when none is given."""

    kind = "signed"
    settings = tuple(replace(s, generated=s.secret) for s in FakeTarget.settings)


class FakeJob(FakeTarget):
    """A target type whose deliveries wait for a worker."""

    kind = "job"
    pull = True
    settings = ()

    def check(self, settings: dict[str, Any]) -> None:
        """Nothing to check."""


class World:
    """Everything a pipeline test needs, tied together."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.catalog = Catalog(self.store)
        self.vault = Vault([b"k" * 32])
        self.lanes = Lanes(self.clock)
        self.metrics = Metrics()
        self.releases = Releases(self.store, self.catalog, self.lanes.due, make_log("error"), self.clock)
        self.waiting = waiting(
            self.store, self.catalog, self.releases, self.lanes.due, self.pulled,
            make_log("error"), self.clock, self.new_id,
        )  # fmt: skip
        self.backlogs, self.schedules = self.waiting.backlogs, self.waiting.schedules
        self.catalog.watch(self.waiting.changed)
        self.releases.watch(self.waiting.moved)
        self.verifiers: dict[str, Any] = {
            "none": NoVerifier(), "hmac-sha256": HmacSha256Verifier(), "internal": InternalVerifier(),
        }  # fmt: skip
        self.target_types: dict[str, Any] = {"webhook": FakeTarget(), "job": FakeJob(), "signed": FakeSigned()}
        self.doors = Doors(self.catalog, self.vault, self.verifiers)
        self._ids = count(1)
        self.acceptor = Acceptor(
            self.catalog,
            self.store,
            self.lanes,
            self.clock,
            Observer(self.metrics, make_log("error")),
            pulled=self.pulled,
            came=self.waiting.compounds.came,
            window_ms=3_600_000,
            replay_ms=300_000,
        )
        self.topics = Topics(self.catalog, self.clock, self.new_id)
        self.publishing = Publishing(self.catalog, self.topics, self.doors, self.acceptor, self.clock, self.new_id)

    def new_id(self) -> str:
        return f"id-{next(self._ids)}"

    def pulled(self, kind: str) -> bool:
        return bool(self.target_types[kind].pull)

    async def start(self, stack: AsyncExitStack) -> None:
        await self.store.start(stack)
        scene = builders.scene()
        await self.catalog.save(*scene.records)
        other = builders.project("other")
        await self.catalog.save(other, builders.application("other", project_id=other.id))

    async def published(self, topic: str) -> list[Event]:
        """The events of a topic, oldest first."""
        query = Query(projects=(self.catalog.get(Project, "project-default").number,), topic=topic, ascending=True)
        details = [await self.store.detail(entry.id) for entry in (await self.store.find(query)).entries]
        return [detail.event for detail in details if detail.event and detail.entry.kind is Kind.PUBLICATION]

    @property
    def admin(self) -> Principal:
        return Principal("ada", "organization-default", frozenset({Scope.ADMIN}), key_id="key-of-ada")

    def bound(self, *scopes: Scope, project_id: str = "project-default") -> Principal:
        return Principal("bob", "organization-default", frozenset(scopes), project_id)

    @property
    def stranger(self) -> Principal:
        return Principal("eve", "organization-elsewhere", frozenset({Scope.ADMIN}))


@pytest.fixture
async def world():
    world = World()
    async with AsyncExitStack() as stack:
        await world.start(stack)
        yield world


@pytest.fixture
def slow_disk(world, monkeypatch):
    """A disk that lets others come in between, as every real one does."""
    monkeypatch.setattr(world.store, "change", _yielding(world.store.change))


def _yielding(write):
    async def wrote(change):
        await asyncio.sleep(0)
        return await write(change)

    return wrote
