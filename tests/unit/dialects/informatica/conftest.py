"""Clients that speak to the two profiles in process."""

from contextlib import AsyncExitStack

import httpx
import pytest


@pytest.fixture
async def native(yard):
    """Makes a record by the hub's own API, and gives it back."""
    transport = httpx.ASGITransport(yard.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example", headers=yard.headers()) as client:

        async def call(method, path, **body):
            answered = await client.request(method, f"/v1/{path}", json=body or None)
            assert answered.is_success, answered.text
            return answered.json()

        yield call


@pytest.fixture
async def billing(native):
    """The publication ``orders``, and its subscription ``billing`` that a worker serves."""
    source = await native("POST", "sources", name="orders", description="Of the shop.")
    job = await native("POST", "jobs", name="load")
    return await native("POST", "subscriptions", name="billing", source_id=source["id"], target_id=job["id"])


@pytest.fixture
async def sent(native, billing):
    """The number of a delivery that waits for its worker."""
    told = await native("POST", "events/dispatch", source="orders", payload={"order": 1})
    return told["results"][0]["delivery_id"]


@pytest.fixture
async def client_of(yard):
    """Makes clients of a profile: of the administrator, or of the caller with a key; ``None`` for nobody."""
    async with AsyncExitStack() as stack:

        async def make(profile, key=yard.key):
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            transport = httpx.ASGITransport(yard.app, raise_app_exceptions=False)
            base = f"http://hub.example{profile.api}"
            return await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
            )

        yield make
