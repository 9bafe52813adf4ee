"""The yardsticks of deliveries: an HTTP client and nothing else, posting to the receiver.

One is the client that webhooks are sent with, the other aiohttp, which many know. Same body, the same headers and the
same number of requests at once as the hub. Reads a :class:`Post`, tells a :class:`Posted`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Literal

import aiohttp
import msgspec
import uvloop

from bench.processes import tell, told
from eventyard.targets.client import Client
from eventyard.targets.destinations import destination
from eventyard.targets.resolver import GuardedResolver

Send = Callable[[dict[str, str]], Awaitable[None]]


class Post(msgspec.Struct):
    """What to post, where, for how long, with what."""

    url: str
    headers: dict[str, str]
    body: str
    at_once: int
    seconds: float
    warm_up: float = 0.5
    client: Literal["the hub's", "aiohttp"] = "the hub's"


class Posted(msgspec.Struct):
    """How many answers came, in how many seconds, and how much CPU time that took this process."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@asynccontextmanager
async def _the_hubs(post: Post) -> AsyncIterator[Send]:
    client = Client(GuardedResolver(allow_private=True))
    to, body = destination(post.url, allow_private=True), post.body.encode()

    async def send(headers: dict[str, str]) -> None:
        await client.ask("POST", to, headers, body, timeout_ms=15_000)

    try:
        yield send
    finally:
        client.close()


@asynccontextmanager
async def _aiohttp(post: Post) -> AsyncIterator[Send]:
    body = post.body.encode()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:

        async def send(headers: dict[str, str]) -> None:
            async with session.post(post.url, data=body, headers=headers, allow_redirects=False) as response:
                await response.content.read(1024)

        yield send


async def main(post: Post) -> Posted:
    """Post in a closed loop."""
    count, running = 0, True
    async with (_aiohttp if post.client == "aiohttp" else _the_hubs)(post) as send:

        async def work() -> None:
            nonlocal count
            while running:
                await send({**post.headers, "ce-time": datetime.now(UTC).isoformat(timespec="milliseconds")})
                count += 1

        workers = [asyncio.create_task(work()) for _ in range(post.at_once)]
        await asyncio.sleep(post.warm_up)
        before, started, cpu = count, perf_counter(), time.process_time()
        await asyncio.sleep(post.seconds)
        posted = Posted(count - before, perf_counter() - started, time.process_time() - cpu)
        running = False
        await asyncio.gather(*workers)
    return posted


if __name__ == "__main__":
    tell(uvloop.run(main(told(Post))))
