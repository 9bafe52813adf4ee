"""What is sent is committed together and in order, each with its own result, as soon as the journal can be written."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from eventyard.gateways import gathering
from eventyard.gateways.gathering import AHEAD_BYTES
from eventyard.gateways.stomp.sender import Result, Sender
from eventyard.model.errors import Conflict, HubError, NotFound, Unavailable
from eventyard.pipeline.streams.link import Link, Outgoing
from eventyard.wire.stomp.commands import Send
from eventyard.wire.stomp.destinations import parse


class Hub:
    """A link that publishes what it is told to; it has the exchanges and queues named here."""

    def __init__(self) -> None:
        self.batches: list[list[tuple[str, str]]] = []
        self.queues: set[str] = set()
        self.full = 0
        self.refuses: dict[str, HubError] = {}
        self.told: list[tuple[bytes, Any]] = []
        self.faults: list[Exception] = []
        self.sender = Sender(
            cast(Link, self), reply_queue=self._reply_queue, goes_on_after=lambda error: error.code == "queue_full",
            tell=self._tell, broken=lambda error, at: self.faults.append(error),
        )  # fmt: skip

    def now(self) -> int:
        return 0

    def new_id(self) -> str:
        return "new"

    def has_queue(self, name: str) -> bool:
        return name in self.queues

    async def declare_queue(self, name: str, *, durable: bool) -> None:
        assert durable
        self.queues.add(name)

    async def check_exchange(self, name: str) -> None:
        if name in self.refuses:
            raise self.refuses[name]

    async def publish(self, outgoing: Sequence[Outgoing], *, whole: bool) -> list[Result]:
        if self.full:
            self.full -= 1
            raise Unavailable("store_full", "the disk is full")
        self.batches.append([(one.exchange, one.event.routing_key) for one in outgoing])
        results = [self.refuses.get(one.event.routing_key, cast(Any, place)) for place, one in enumerate(outgoing)]
        for result in results:
            if whole and isinstance(result, HubError):
                raise result
        return cast(list[Result], results)

    async def _reply_queue(self, name: str) -> str:
        return f"gen-{name}"

    def _tell(self, send: Send, result: Result) -> None:
        self.told.append((send.body, getattr(result, "code", result)))

    def put(self, destination: str, body: bytes = b"x", **more: Any) -> None:
        self.sender.put(send(destination, body, **more))


def send(destination: str, body: bytes = b"x", **more: Any) -> Send:
    return Send(destination=parse(destination), body=body, **more)


async def test_what_comes_together_is_committed_together_and_told_in_order() -> None:
    hub = Hub()
    hub.put("/topic/a.b", b"1")
    hub.put("/exchange/orders/new", b"2")
    hub.put("/exchange/fan", b"3")
    hub.put("/reply-queue/amq.gen-1", b"4")
    assert hub.sender.busy
    await hub.sender.done()
    assert hub.batches == [[("amq.topic", "a.b"), ("orders", "new"), ("fan", ""), ("", "amq.gen-1")]]
    assert hub.told == [(b"1", 0), (b"2", 1), (b"3", 2), (b"4", 3)]
    assert not hub.sender.busy


async def test_there_is_an_end_to_what_is_committed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "TOGETHER", 2)
    hub = Hub()
    for _ in range(5):
        hub.put("/topic/a")
    await hub.sender.done()
    assert [len(batch) for batch in hub.batches] == [2, 2, 1]


async def test_a_queue_is_made_when_it_is_first_sent_to_and_an_existing_one_is_not() -> None:
    hub = Hub()
    hub.put("/queue/work")
    hub.put("/queue/work")
    hub.put("/amq/queue/work")
    hub.put("/amq/queue/other", b"lost")
    await hub.sender.done()
    assert hub.queues == {"work"}
    assert hub.told[-1] == (b"lost", "not_found")


async def test_after_a_failure_that_ends_the_conversation_nothing_is_committed() -> None:
    hub = Hub()
    hub.refuses["gone"] = NotFound("not_found", "no exchange 'gone'")
    for destination in ("/topic/a", "/exchange/gone/a", "/topic/b"):
        hub.put(destination, destination.encode())
    await hub.sender.done()
    assert hub.batches == [[("amq.topic", "a")]]
    assert hub.told == [(b"/topic/a", 0), (b"/exchange/gone/a", "not_found"), (b"/topic/b", None)]


async def test_after_one_that_does_not_the_others_are() -> None:
    hub = Hub()
    hub.refuses["full"] = Conflict("queue_full", "full")
    for destination in ("/exchange/full/a", "/topic/b", "/topic/full"):
        hub.put(destination, destination.encode())
    await hub.sender.done()
    assert hub.told == [(b"/exchange/full/a", "queue_full"), (b"/topic/b", 0), (b"/topic/full", "queue_full")]


async def test_it_is_tried_again_until_the_journal_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "AGAIN_S", 0)
    hub = Hub()
    hub.full = 3
    hub.put("/topic/a", b"1")
    await hub.sender.done()
    assert (hub.full, hub.told) == (0, [(b"1", 0)])


async def test_or_until_the_client_is_gone() -> None:
    hub = Hub()
    hub.full = 1_000
    hub.put("/topic/a")
    await hub.sender.stop()
    assert (hub.batches, hub.told, hub.sender.busy) == ([], [], False)
    with pytest.raises(Unavailable):
        await hub.sender.together([send("/topic/a")])


async def test_a_client_that_is_far_ahead_is_to_wait() -> None:
    hub = Hub()
    hub.put("/topic/a", b"x" * AHEAD_BYTES)
    assert hub.sender.crowded
    await hub.sender.done()
    assert not hub.sender.crowded


async def test_a_temporary_queue_is_told_to_who_is_to_answer() -> None:
    hub = Hub()
    hub.put("/topic/a", reply_to=parse("/temp-queue/x"), properties={"reply-to": "/temp-queue/x"})
    await hub.sender.done()
    assert hub.told == [(b"x", 0)]


async def test_a_transaction_is_one_commit_or_none() -> None:
    hub = Hub()
    await hub.sender.together([send("/topic/a"), send("/topic/b")])
    await hub.sender.together([])
    assert hub.batches == [[("amq.topic", "a"), ("amq.topic", "b")]]
    hub.refuses["gone"] = NotFound("not_found", "no exchange 'gone'")
    with pytest.raises(NotFound):
        await hub.sender.together([send("/topic/a"), send("/exchange/gone/b")])
    assert len(hub.batches) == 1


async def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    hub = Hub()
    hub.refuses["bad"] = cast(HubError, RuntimeError("a bug"))
    hub.put("/exchange/bad/a")
    await hub.sender.done()
    assert [repr(fault) for fault in hub.faults] == ["RuntimeError('a bug')"]
    assert not hub.sender.busy
