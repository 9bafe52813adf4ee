"""A process that has all that an exchange was ever sent replayed over AMQP, and counts it. Reads a :class:`Replay`."""

import time
from time import perf_counter

import msgspec

from bench.clients import BODY, Amqp
from bench.fan import READ
from bench.processes import tell, told


class Replay(msgspec.Struct):
    """From where, as whom, and how many entries there are."""

    port: int
    login: str
    passcode: str
    exchange: str
    entries: int


class Replayed(msgspec.Struct):
    """How many entries came in how many seconds, counted from the wish to the last; wall clocks in seconds."""

    entries: int
    seconds: float
    started_at: float
    ended_at: float

    @property
    def per_second(self) -> float:
        return self.entries / self.seconds


def main(job: Replay) -> Replayed:
    """Read to the end. Raises ``RuntimeError`` when more comes than there is."""
    client = Amqp(job.port, job.login, job.passcode)
    started_at, started = time.time(), perf_counter()
    client.replays(job.exchange, "#")
    buffer = bytearray(READ + 4 * BODY)
    view, counter = memoryview(buffer), client.counter
    while counter.count < job.entries:
        kept = len(counter.partial)
        buffer[:kept] = counter.partial
        received = client.socket.recv_into(view[kept : kept + READ])
        if not received:
            raise RuntimeError("the hub closed the connection in the middle of a replay")
        counter.feed(buffer, kept + received)
    replayed = Replayed(counter.count, perf_counter() - started, started_at, time.time())
    if counter.count != job.entries or counter.partial:
        raise RuntimeError(f"of {job.entries} entries, {counter.count} were replayed")
    client.close()
    return replayed


if __name__ == "__main__":
    tell(main(told(Replay)))
