"""Whatever a client says in whatever order: it is answered or refused, never by a fault of ours, and nothing stays."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from eventyard.model.access import Scope
from eventyard.testing import builders
from eventyard.testing.hub import memory_hub
from eventyard.wire.stomp.frames import Frame, encode
from tests.unit.gateways.stomp.around import Client, settled

CLOUDEVENT = b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}'
VALUES = {
    "destination": [
        "/topic/a", "/topic/a.*", "/queue/q", "/queue/r", "/exchange/amq.fanout", "/exchange/amq.direct/k",
        "/exchange/project.x/#", "exchange/amq.topic/#", "/exchange/amq.default/q", "/amq/queue/q", "/temp-queue/t",
        "/reply-queue/z", "/token", "/exchange/orders/#", "/exchange/orders/k", "/exchange/", "x", "",
        "/queue/" + "ü" * 200,
    ],
    "id": ["1", "2", "", "/temp-queue/x", "ü", "T_1@@s@@1"],
    "ack": ["auto", "client", "client-individual", "no"],
    "receipt": ["r"],
    "transaction": ["t", "u"],
    "durable": ["true", "false", "x"],
    "auto-delete": ["true", "false"],
    "exclusive": ["true", "false"],
    "x-queue-name": ["n", "amq.x", "y" * 300],
    "prefetch-count": ["0", "1", "-1", "99999999999999"],
    "x-stream-offset": ["first", "last", "next", "5", "offset=9", "timestamp=1", "x", "9" * 40],
    "x-max-length": ["1", "-1", "9" * 17],
    "x-message-ttl": ["0", "1", "x"],
    "x-overflow": ["reject-publish", "drop-head", "x"],
    "x-dead-letter-exchange": ["amq.topic", "nothing", "orders"],
    "x-priority": ["1", "-5", "x"],
    "x-cloudevents": ["binary", "x"],
    "requeue": ["true", "false"],
    "reply-to": ["/temp-queue/a", "/temp-queue/", "x"],
    "content-type": ["application/cloudevents+json", "text/plain", "\n"],
    "expiration": ["1", "x", "-1", "²", "9" * 30],
    "priority": ["1", "x"],
    "timestamp": ["1", "9223372036854775807"],
    "ce-specversion": ["1.0", "2"],
    "amqp-message-id": ["a\0b", "x" * 2000],
}  # fmt: skip
NEEDED = {
    "SEND": ["destination"],
    "SUBSCRIBE": ["destination", "id"],
    "UNSUBSCRIBE": ["id"],
    "ACK": ["id"],
    "NACK": ["id"],
    "BEGIN": ["transaction"],
    "COMMIT": ["transaction"],
    "ABORT": ["transaction"],
    "DISCONNECT": [],
    "CONNECT": [],
}


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    command = draw(st.sampled_from(sorted(NEEDED)))
    names = {*NEEDED[command], *draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=5))}
    headers = {name: draw(st.sampled_from(VALUES[name])) for name in sorted(names)}
    return encode(Frame(command, headers, draw(st.sampled_from([b"", b"x", b"\xff", CLOUDEVENT]))))


class Faults:
    """A log that keeps errors only."""

    def __init__(self) -> None:
        self.errors: list[Any] = []

    def error(self, event: str, **facts: Any) -> None:
        self.errors.append((event, facts))

    def ignore(self, *_: Any, **__: Any) -> None:
        pass

    debug = info = warning = wide = ignore


Said = tuple[bytes, int, bool]
"""A frame, how many turns of the loop go by after it, and whether the client ceases to read, or begins again."""


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(frames(), st.integers(0, 3), st.booleans()), max_size=25),
    st.sampled_from(["1.0", "1.1", "1.2"]),
    st.sampled_from(["true", "false"]),
    st.sampled_from([None, ("a",)]),
)
def test_any_conversation_ends_without_a_fault_of_ours(
    said: list[Said], version: str, goes_on: str, categories: tuple[str, ...] | None
) -> None:
    asyncio.run(converse(said, version, goes_on, categories))


async def converse(said: list[Said], version: str, goes_on: str, categories: tuple[str, ...] | None) -> None:
    faults, complaints = Faults(), list[Any]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with memory_hub(log=faults) as yard:
        client = Client(yard)
        await yard.hub.catalog.save(builders.topic("orders", project_id=yard.project.id, categories=("a",)))
        key = await yard.key_for(Scope.ADMIN, categories=categories)
        await client.login(key, version=version, x_continue_on_error=goes_on)
        for data, turns, changes in said:
            if changes:
                client.wire.full = not client.wire.full
                if not client.wire.full:
                    client.socket.resume_writing()
            client.raw(data)
            for _ in range(turns):
                await asyncio.sleep(0)
        await client.leave()
        await settled(yard)
        assert not (faults.errors or complaints)
        assert not yard.hub.streams._links
        assert not [queue.name for queue in yard.hub.streams.queues if queue.owner is not None]
