"""Catalogs to measure on: sources, targets and subscriptions, made through the API or straight in the store."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bench.hub import Hub
from bench.samples import ORDER_SCHEMA, SECRET, SIGNATURE_HEADER
from eventyard.app import JOURNAL_FILE, new_id, now_ms
from eventyard.model.catalog import Record, Subscription
from eventyard.ports import Clock
from eventyard.stores.sql.store import SqliteStore

CUSTOMER_OF_THE_SAMPLE = "customer-0"


def signed_source(hub: Hub, name: str) -> Any:
    """A source that verifies ``hmac-sha256`` and holds the data against a schema."""
    return hub.post(
        "/v1/sources",
        name=name,
        scheme="hmac-sha256",
        settings={"header": SIGNATURE_HEADER},
        secret=SECRET,
        schema=ORDER_SCHEMA,
    )


def job(hub: Hub, name: str = "worker") -> Any:
    """A target whose deliveries wait for a worker."""
    return hub.post("/v1/targets", name=name, type="job", settings={})


def subscribe(hub: Hub, source: Any, target: Any, customer: str | None = None, name: str | None = None) -> Any:
    """A subscription to a source's topic, perhaps to the events of one customer only."""
    wanted = {} if customer is None else {"filter": {"eq": [["customer.id", customer]]}}
    names = {} if name is None else {"name": name}
    return hub.post("/v1/subscriptions", topics=[source["topic_id"]], target_id=target["id"], **wanted, **names)


async def multiply(data: Path, count: int) -> None:
    """Give the only subscription of a stopped hub siblings that want other customers, until there are so many."""
    async with AsyncExitStack() as stack:
        store = await opened(data, stack)
        (model,) = [record for record in await store.load() if isinstance(record, Subscription)]
        siblings: Sequence[Record] = [
            replace(
                model,
                id=new_id(),
                name=f"customer {n}",
                filter={"eq": [["customer.id", f"customer-{n}"]]},
                number=0,
                created_at=now_ms(),
            )
            for n in range(1, count)
        ]
        await store.save(siblings)


async def opened(data: Path, stack: AsyncExitStack, clock: Clock = now_ms) -> SqliteStore:
    """The store of a stopped hub."""
    store = SqliteStore(data / JOURNAL_FILE, clock, upgrade=True)
    await store.start(stack)
    return store


def settle() -> None:
    """Let the disk and the processes of the measurement before come to rest."""
    time.sleep(0.3)
