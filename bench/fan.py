"""The load process of the streams: one publisher, so many subscribers, one epoll, and nobody waits for anybody.

In a closed loop the publisher has a number of messages on their way, counted by what the subscribers have received (and
by what was confirmed, if that is wanted): enough to keep the broker busy, and not so many that they pile up. With a
``rate`` it publishes by the clock, and a latency counts from when a message should have been sent. Afterwards it waits
until each subscriber has received each message once: a broker that loses or doubles any fails the measurement. Reads a
:class:`Fan`, tells a :class:`Fanned`.
"""

import resource
import select
import time
from time import perf_counter, perf_counter_ns

import msgspec

from bench.clients import BODY, PATIENCE, Amqp, Ends, Stomp
from bench.load import percentile
from bench.processes import cpu_seconds, tell, told

READ = 1 << 18
"""Octets read at a time."""


class Fan(msgspec.Struct, kw_only=True):
    """What to do, where, for how long. ``watch`` is the process whose CPU time is measured, the broker.

    ``exchange`` is of AMQP, for STOMP the beginning of the destination. ``keys`` are those published with, in turn;
    ``bindings`` those of each subscriber. ``window``: messages on their way at most.
    """

    protocol: str
    port: int
    login: str
    passcode: str
    exchange: str
    subscribers: int
    watch: int
    seconds: float
    warm_up: float
    window: int
    keys: tuple[str, ...] = ("bench",)
    bindings: tuple[str, ...] = ("bench",)
    declare: str | None = None
    """The type of an exchange to be declared first."""
    persistent: bool = False
    """Lasting messages into lasting queues, confirmed to the publisher and acknowledged by the consumers."""
    rate: float | None = None


class Fanned(msgspec.Struct, kw_only=True):
    """What came of it within the measured time. Latencies are those of the last message of each read."""

    published: int
    delivered: int
    seconds: float
    server_cpu: float
    load_cpu: float
    p50_ms: float
    p99_ms: float
    most_ms: float

    @property
    def per_second(self) -> float:
        return self.delivered / self.seconds

    @property
    def published_per_second(self) -> float:
        return self.published / self.seconds

    @property
    def cpu_us(self) -> float:
        """The broker's CPU time for one delivery, in microseconds."""
        return self.server_cpu / self.delivered * 1e6


def window(subscribers: int) -> int:
    """Messages on their way, so that what waits in all sockets together stays within some tens of megabytes."""
    return max(32, min(4_000, 20_000 // subscribers))


class Load:
    """One job under way."""

    def __init__(self, fan: Fan) -> None:
        self._fan = fan
        self._buffer = bytearray(READ + BODY * 4)
        self._view = memoryview(self._buffer)
        self._subscribers = [self._subscriber(number) for number in range(fan.subscribers)]
        self._publisher = self._publishing()
        self._ends: dict[int, Ends] = {one.socket.fileno(): one for one in (*self._subscribers, self._publisher)}
        self._epoll = select.epoll()
        for number, one in self._ends.items():
            one.socket.setblocking(False)
            self._epoll.register(number, select.EPOLLIN)
        self._published = 0
        self._delivered = 0
        self._outgoing = b""
        self._key = 0
        self._due = 0
        self._ages: list[int] = []

    def _subscriber(self, number: int) -> Ends:
        fan = self._fan
        if fan.protocol == "stomp":
            stomp = Stomp(fan.port, fan.login, fan.passcode)
            stomp.subscribes(fan.exchange + fan.bindings[0])
            return stomp
        amqp = Amqp(fan.port, fan.login, fan.passcode)
        if fan.declare is not None:
            amqp.declare(fan.exchange, fan.declare)
        acks_after = max(1, fan.window // 2) if fan.persistent else 0
        name = f"bench-{time.time_ns()}-{number}" if fan.persistent else ""
        amqp.consumes(fan.exchange, fan.bindings, queue=name, acks_after=acks_after)
        return amqp

    def _publishing(self) -> Ends:
        fan = self._fan
        if fan.protocol == "stomp":
            stomp = Stomp(fan.port, fan.login, fan.passcode)
            stomp.publishes(fan.exchange)
            return stomp
        amqp = Amqp(fan.port, fan.login, fan.passcode)
        amqp.publishes(fan.exchange, persistent=fan.persistent)
        return amqp

    def run(self) -> Fanned:
        """Publish and count."""
        fan = self._fan
        self._due = perf_counter_ns()
        self._go(fan.warm_up)
        self._ages.clear()
        published, delivered, started = self._published, self._delivered, perf_counter()
        cpu, own = cpu_seconds(fan.watch), time.process_time()
        self._go(fan.seconds)
        ages = sorted(age / 1e6 for age in self._ages)
        fanned = Fanned(
            published=self._published - published,
            delivered=self._delivered - delivered,
            seconds=perf_counter() - started,
            server_cpu=cpu_seconds(fan.watch) - cpu,
            load_cpu=time.process_time() - own,
            p50_ms=percentile(ages, 0.50),
            p99_ms=percentile(ages, 0.99),
            most_ms=percentile(ages, 1.0),
        )
        self._drain()
        for one in (self._publisher, *self._subscribers):
            one.close()
        return fanned

    def _go(self, seconds: float) -> None:
        until = perf_counter() + seconds
        while perf_counter() < until:
            if self._fan.rate is None:
                self._fill()
            else:
                self._pace(self._fan.rate)
            self._turn(0.05)

    def _drain(self) -> None:
        """Wait until all has arrived. Raises ``RuntimeError`` if it does not, or if more does."""
        deadline = perf_counter() + PATIENCE
        while perf_counter() < deadline and (
            self._delivered < self._published * len(self._subscribers) or self._unconfirmed()
        ):
            self._turn(0.05)
        self._turn(0.05)
        counts = {one.counter.count for one in self._subscribers} or {self._published}
        if counts != {self._published} or self._unconfirmed():
            raise RuntimeError(
                f"{self._published} were published, {self._unconfirmed()} not confirmed, and each subscriber received "
                f"{min(counts)} to {max(counts)}"
            )

    def _unconfirmed(self) -> int:
        return self._published - self._publisher.confirmed if self._fan.persistent else 0

    def _fill(self) -> None:
        """Publish as many as there is room for on the way, once that is worth a write."""
        room = self._fan.window - (self._published - self._arrived())
        if room < max(1, self._fan.window // 8) or self._outgoing:
            return
        self._send(room, perf_counter_ns())

    def _arrived(self) -> int:
        """How many messages have come to their end, on the average."""
        arrived = self._delivered // len(self._subscribers) if self._subscribers else self._published
        return min(arrived, self._publisher.confirmed) if self._fan.persistent else arrived

    def _pace(self, rate: float) -> None:
        now = perf_counter_ns()
        while self._due <= now:
            self._send(1, self._due)
            self._due += int(1e9 / rate)

    def _send(self, number: int, stamp: int) -> None:
        keys, message = self._fan.keys, self._publisher.message
        if len(keys) == 1:
            outgoing = message(stamp, keys[0]) * number
        else:
            outgoing = b"".join([message(stamp, keys[(self._key + n) % len(keys)]) for n in range(number)])
            self._key += number
        self._published += number
        self._outgoing += outgoing
        self._write()

    def _write(self) -> None:
        publisher, outgoing = self._publisher.socket, self._outgoing
        try:
            sent = publisher.send(outgoing)
        except BlockingIOError:
            sent = 0
        waiting = bool(self._outgoing) and sent < len(outgoing)
        self._outgoing = outgoing[sent:]
        self._epoll.modify(publisher.fileno(), select.EPOLLIN | (select.EPOLLOUT if waiting else 0))

    def _turn(self, wait: float) -> None:
        """Read whatever came."""
        if self._fan.rate is not None:
            # The time-out is rounded up to milliseconds; what is left of them is spent looking again.
            wait = max(0.0, min(wait, (self._due - perf_counter_ns()) / 1e9 - 0.001))
        for number, event in self._epoll.poll(wait):
            one = self._ends[number]
            if event & select.EPOLLOUT:
                self._write()
            if event & ~select.EPOLLOUT:
                self._read(one)

    def _read(self, one: Ends) -> None:
        counter, partial = one.counter, one.counter.partial
        kept = len(partial)
        self._buffer[:kept] = partial
        received = one.socket.recv_into(self._view[kept : kept + READ])
        if not received:
            raise RuntimeError("the broker closed a connection in the middle of a measurement")
        number, last = counter.feed(self._buffer, kept + received)
        if number:
            self._delivered += number
            self._ages.append(perf_counter_ns() - one.stamp(self._buffer, last))
            if answer := one.settle():
                one.socket.sendall(answer)


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tell(Load(told(Fan)).run())
