"""The load process: so many connections, each sending the next request when the answer to the last one is there.

With a ``rate`` the requests are sent by the clock instead, whatever the answers do, and a latency counts from the
moment a request should have been sent, so that a server that stalls cannot hide it. Reads a :class:`Job`, tells a
:class:`Tally`.
"""

import asyncio
import time
from collections import Counter, deque
from contextlib import suppress
from time import perf_counter

import msgspec
import uvloop

from bench.connection import Connection
from bench.processes import cpu_seconds, tell, told
from bench.samples import Requests

TICK = 0.001
"""Seconds between looks at the clock when sending by a rate."""


class Job(msgspec.Struct, kw_only=True):
    """What to send, where, for how long. ``watch`` is the process whose CPU time is measured, the server."""

    port: int
    path: str
    headers: dict[str, str]
    body: str
    watch: int
    host: str = "127.0.0.1"
    secret: str | None = None
    connections: int = 64
    seconds: float = 3.0
    warm_up: float = 0.5
    count: int | None = None
    """Stop after so many requests instead, without warming up."""
    rate: float | None = None


class Tally(msgspec.Struct, kw_only=True):
    """What came of it, within the measured time. ``started_at`` is a wall clock, in seconds."""

    requests: int
    seconds: float
    started_at: float
    server_cpu: float
    load_cpu: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    statuses: dict[str, int]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """The server's CPU time for one request, in microseconds."""
        return self.server_cpu / self.requests * 1e6


def percentile(ordered: list[float], part: float) -> float:
    """The value below which that part of the values lies; 0 of none."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


class Load:
    """One job under way."""

    def __init__(self, job: Job) -> None:
        self._job = job
        first = time.time_ns()
        self._requests = Requests(f"{job.host}:{job.port}", job.path, job.headers, job.body, job.secret, first)
        self._latencies: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._sent = 0
        self._idle: deque[Connection] = deque()
        self._late: deque[float] = deque()
        self._running = True
        self._broken = False
        self._over = asyncio.Event()

    async def run(self) -> Tally:
        job = self._job
        loop = asyncio.get_running_loop()
        connections = [
            (await loop.create_connection(lambda: Connection(self._answered, self._lost), job.host, job.port))[1]
            for _ in range(job.connections)
        ]
        if job.rate is not None:
            self._idle.extend(connections)
            pacing = asyncio.create_task(self._pace(job.rate))
        else:
            for connection in connections:
                self._next(connection)
        if job.count is None:
            await asyncio.sleep(job.warm_up)
        self._latencies.clear()
        self._statuses.clear()
        started_at, started = time.time(), perf_counter()
        cpu, own = cpu_seconds(job.watch), time.process_time()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), job.seconds if job.count is None else None)
        if self._broken:
            raise RuntimeError("the server closed a connection in the middle of a measurement")
        seconds = perf_counter() - started
        latencies = sorted(self._latencies)
        tally = Tally(
            requests=len(latencies),
            seconds=seconds,
            started_at=started_at,
            server_cpu=cpu_seconds(job.watch) - cpu,
            load_cpu=time.process_time() - own,
            p50_ms=percentile(latencies, 0.50) * 1000,
            p99_ms=percentile(latencies, 0.99) * 1000,
            most_ms=percentile(latencies, 1.0) * 1000,
            statuses={str(status): count for status, count in self._statuses.items()},
        )
        self._running = False
        if job.rate is not None:
            await pacing
        for connection in connections:
            connection.close()
        return tally

    def _next(self, connection: Connection, since: float | None = None) -> None:
        if self._job.count is not None and self._sent >= self._job.count:
            return
        self._sent += 1
        connection.send(self._requests.next(), since)

    def _answered(self, connection: Connection, status: int) -> None:
        self._latencies.append(perf_counter() - connection.since)
        self._statuses[status] += 1
        if self._job.count is not None and len(self._latencies) >= self._job.count:
            self._over.set()
        elif self._job.rate is None:
            if self._running:
                self._next(connection)
        elif self._late:
            self._next(connection, self._late.popleft())
        else:
            self._idle.append(connection)

    def _lost(self) -> None:
        if self._running:
            self._broken = True
            self._over.set()

    async def _pace(self, rate: float) -> None:
        due = perf_counter()
        while self._running:
            now = perf_counter()
            while due <= now:
                if self._idle:
                    self._next(self._idle.popleft(), due)
                else:
                    self._late.append(due)
                due += 1 / rate
            await asyncio.sleep(TICK)


if __name__ == "__main__":
    tell(uvloop.run(Load(told(Job)).run()))
