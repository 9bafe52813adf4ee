"""A whole hub in memory: real verbs, verifiers and API over a store that forgets. For tests, and for extension authors.

    async with memory_hub() as yard:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(yard.app), headers=yard.headers(), base_url="http://hub")

Deliveries are made as they come in, by scripted targets; what waits for a later moment waits for the clock to be moved
and the dispatcher to be told (``yard.hub.dispatcher.tick()``).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

from msgspec import Struct
from pydantic import SecretStr

from eventyard import plugins
from eventyard.api.front import Front
from eventyard.api.health import Health
from eventyard.api.hot import Hot
from eventyard.api.security import Security
from eventyard.app import Parts, bootstrap, compose
from eventyard.config import Settings
from eventyard.gateways.sse import Sse
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Organization, Project
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.keys import PREFIX
from eventyard.pipeline.vault import Vault
from eventyard.ports import Mailer, TargetType
from eventyard.server import dialects, native, spoken
from eventyard.stores.memory import MemoryStore
from eventyard.targets.job import JobTarget
from eventyard.telemetry.log import Log, make_log
from eventyard.testing.builders import NOW
from eventyard.testing.fakes import HandClock, ScriptedTarget

ADMIN_KEY = PREFIX + "admin-of-the-tests"

_NUMBERS = count(1)


class Yard(Struct, frozen=True):
    """A hub in memory with what a test wants to hold in its hands."""

    hub: Hub
    security: Security
    store: MemoryStore
    clock: HandClock
    app: Front
    """The ASGI application, hot paths and all."""
    webhook: ScriptedTarget
    """The target type ``webhook``, unless another was given."""
    key: str = ADMIN_KEY
    """The text of an administrator's key."""

    def headers(self, key: str | None = None) -> dict[str, str]:
        """The headers that prove the administrator, or the caller with that key."""
        return {"authorization": f"Bearer {key or self.key}"}

    @property
    def project(self) -> Project:
        """The project ``default``."""
        return next(iter(self.hub.catalog.all(Project)))

    async def key_for(self, *scopes: Scope, project_id: str | None = None, **fields: Any) -> str:
        """The text of a new key of the first organization with these scopes."""
        organization = next(iter(self.hub.catalog.all(Organization)))
        text = f"{PREFIX}{next(_NUMBERS)}"
        record = self.hub.keys.record(text, organization.id, "of a test", scopes, project_id, **fields)
        await self.hub.catalog.save(record)
        return text

    async def stranger_key(self) -> str:
        """The text of an administrator's key of another organization, which has a project of its own."""
        organization = Organization("organization-elsewhere", "elsewhere", NOW)
        project = Project("project-elsewhere", organization.id, "default", NOW, NOW)
        application = Application("application-elsewhere", project.id, "default", NOW, NOW)
        text = PREFIX + "stranger"
        key = self.hub.keys.record(text, organization.id, "stranger", [Scope.ADMIN])
        await self.hub.catalog.save(organization, project, application, key)
        return text


@asynccontextmanager
async def memory_hub(
    *,
    password: str | None = None,
    target_types: Mapping[str, TargetType] | None = None,
    log: Log | None = None,
    mailer: Mailer | None = None,
    **settings: Any,
) -> AsyncIterator[Yard]:
    """A hub in memory with organization, project and application ``default`` and an administrator's key.

    With a ``password`` there is a user ``admin`` too, which costs an Argon2 hash.

    Its verifiers are those installed; its target types are ``job`` and a scripted ``webhook``, with those given beside
    or in place of them. ``settings`` are those of :class:`Settings`; the environment is not asked.
    """
    clock = HandClock()
    store = MemoryStore(clock)
    webhook = ScriptedTarget()
    types: dict[str, TargetType] = {"job": JobTarget(), "webhook": webhook, **(target_types or {})}
    verifiers = {scheme: verifier() for scheme, verifier in plugins.load(plugins.VERIFIERS).items()}
    chosen = Settings.model_construct(
        bootstrap_key=SecretStr(ADMIN_KEY),
        bootstrap_password=None if password is None else SecretStr(password),
        **settings,
    )
    vault = Vault([b"k" * 32])
    hub = compose(chosen, Parts(store, vault, verifiers, types, clock, log or make_log("error"), mailer))
    async with AsyncExitStack() as stack:
        await store.start(stack)
        await hub.catalog.start()
        await bootstrap(hub, chosen)
        await hub.streams.start()
        stack.push_async_callback(hub.streams.stop)
        stack.push_async_callback(hub.releases.stop)
        stack.push_async_callback(hub.waiting.stop)
        security = Security(hub.keys, hub.identity, clock, hub.metrics, chosen.proxies)
        health = Health(hub.metrics, lambda: None)
        hot = Hot(hub, security, bench=False, spoken=spoken(hub, chosen))
        front = Front(
            hot, health, lambda: native(hub, security), Sse(hub.streams, security), dialects(hub, security, chosen)
        )
        stack.push_async_callback(hub.mails.stop, 0)
        stack.push_async_callback(hub.monitoring.stop, 0)
        stack.push_async_callback(hub.dispatcher.drain, 0)
        yield Yard(hub, security, store, clock, front, webhook)
