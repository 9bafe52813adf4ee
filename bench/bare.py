"""The yardstick of deliveries: the HTTP client that webhooks are sent with, and nothing else, posting to the receiver.

Same body, the same headers and the same number of requests at once as the hub. Reads a :class:`Post`, tells a
:class:`Posted`.
"""

import asyncio
import time
from datetime import UTC, datetime
from time import perf_counter

import aiohttp
import msgspec
import uvloop

from bench.processes import tell, told


class Post(msgspec.Struct):
    """What to post, where, for how long."""

    url: str
    headers: dict[str, str]
    body: str
    at_once: int
    seconds: float
    warm_up: float = 0.5


class Posted(msgspec.Struct):
    """How many answers came, in how many seconds, and how much CPU time that took this process."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


async def main(post: Post) -> Posted:
    """Post in a closed loop."""
    body = post.body.encode()
    count, running = 0, True
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:

        async def work() -> None:
            nonlocal count
            while running:
                headers = {**post.headers, "ce-time": datetime.now(UTC).isoformat(timespec="milliseconds")}
                async with session.post(post.url, data=body, headers=headers, allow_redirects=False) as response:
                    await response.content.read(1024)
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
