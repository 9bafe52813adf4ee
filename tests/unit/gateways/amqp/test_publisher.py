"""What is published is confirmed once it is on disk, in order, and what cannot be is refused, returned or waits."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pamqp.commands import Basic, Channel, Confirm, Connection, Queue

from eventyard.gateways import gathering
from eventyard.model.access import Scope
from eventyard.model.errors import Unavailable
from eventyard.testing.hub import Yard
from tests.unit.gateways.amqp.around import Client
from tests.wire.amqp_client import method, publish


async def confirming(client: Client, on: int = 1) -> None:
    client.say(Confirm.Select(), on=on)
    await client.hear(Confirm.SelectOk)


class Disk:
    """The store's verb for batches, while it can be written and while it cannot."""

    def __init__(self, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.batches: list[int] = []
        self._append = yard.store.append_batch
        monkeypatch.setattr(yard.store, "append_batch", self.append)
        monkeypatch.setattr(gathering, "AGAIN_S", 0)

    async def append(self, publications: Sequence[Any]) -> Any:
        if self.full:
            raise Unavailable("store_full", "the disk is full")
        self.batches.append(len(publications))
        return await self._append(publications)


@pytest.fixture
def disk(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(yard, monkeypatch)


async def test_what_comes_together_is_committed_and_confirmed_together(client: Client, disk: Disk) -> None:
    await confirming(client)
    for number in range(5):
        client.publish(b"%d" % number, "k", "amq.topic")
    ack = await client.hear(Basic.Ack)
    assert (ack.delivery_tag, ack.multiple, disk.batches) == (5, True, [5])
    await client.quiet()


async def test_no_more_is_committed_at_once_than_there_may_be(
    client: Client, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "TOGETHER", 2)
    await confirming(client)
    for _ in range(5):
        client.publish(b"", "k", "amq.topic")
    assert [(await client.hear(Basic.Ack)).delivery_tag for _ in range(3)] == [2, 4, 5]
    assert disk.batches == [2, 2, 1]


async def test_without_confirmations_nothing_is_said(client: Client) -> None:
    client.publish(b"", "k", "amq.topic")
    await client.quiet()


async def test_what_was_published_before_confirmations_were_asked_for_is_not_confirmed(client: Client) -> None:
    client.send(publish(1, b"early", "amq.topic"), method(1, Confirm.Select()), publish(1, b"late", "amq.topic"))
    await client.hear(Confirm.SelectOk)
    ack = await client.hear(Basic.Ack)
    assert (ack.delivery_tag, ack.multiple) == (1, False)
    await client.quiet()


async def test_a_mandatory_message_that_reaches_nobody_is_returned_and_then_confirmed(client: Client) -> None:
    await confirming(client)
    client.publish(b"lost", "nowhere", "amq.direct", mandatory=True, correlation_id="c")
    returned, properties, body = await client.delivery()
    assert (returned.reply_code, returned.reply_text, returned.routing_key) == (312, "NO_ROUTE", "nowhere")
    assert (properties.correlation_id, body) == ("c", b"lost")
    assert (await client.hear(Basic.Ack)).delivery_tag == 1


async def test_what_was_returned_is_returned_before_the_channel_agrees_to_confirm(client: Client) -> None:
    client.publish(b"lost", "nowhere", "amq.direct", mandatory=True)
    client.say(Confirm.Select())
    await client.delivery()
    await client.hear(Confirm.SelectOk)


async def test_an_exchange_that_is_not_there_ends_the_channel_and_what_follows_on_it(client: Client) -> None:
    await confirming(client)
    await confirming(client, on=2)
    client.publish(b"1", "k", "amq.topic")
    client.publish(b"2", "k", "nowhere")
    client.publish(b"3", "k", "amq.topic")
    client.publish(b"4", "k", "amq.topic", on=2)
    assert await client.refusal() == (404, "NOT_FOUND - no exchange 'nowhere'", 60, 40)
    assert isinstance((await client.next())[1], Basic.Ack)
    await client.quiet()
    assert client.yard.hub.streams.feed.head == 2


async def test_who_may_not_publish_is_refused(yard: Yard) -> None:
    reader = await Client(yard).open(key=await yard.key_for(Scope.EVENTS_READ))
    reader.publish(b"", "k", "amq.topic")
    assert (await reader.refusal())[0] == 403


async def test_a_full_queue_that_refuses_is_no_end_of_the_channel(client: Client) -> None:
    name = await client.queue(arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    await confirming(client)
    client.publish(b"1", name)
    await client.hear(Basic.Ack)
    client.publish(b"2", name)
    assert (await client.hear(Basic.Nack)).delivery_tag == 2


async def test_a_client_is_told_while_nothing_can_be_written_and_nothing_is_lost(client: Client, disk: Disk) -> None:
    await confirming(client)
    disk.full = True
    client.publish(b"kept", "k", "amq.topic")
    assert (await client.hear(Connection.Blocked)).reason == "the disk is full"
    disk.full = False
    answers = {type((await client.next())[1]) for _ in range(2)}
    assert answers == {Connection.Unblocked, Basic.Ack}


async def test_who_leaves_while_nothing_can_be_written_is_not_waited_for(client: Client, disk: Disk) -> None:
    disk.full = True
    client.publish(b"unconfirmed", "k", "amq.topic")
    await client.hear(Connection.Blocked)
    client.leave()
    await client.quiet()
    disk.full = False
    assert client.yard.hub.streams.feed.head == 0


async def test_a_method_that_waits_for_what_was_published_ends_with_its_client(client: Client, disk: Disk) -> None:
    disk.full = True
    client.publish(b"unconfirmed", "k", "amq.topic")
    client.say(Queue.Declare(queue="q"))
    await client.hear(Connection.Blocked)
    client.leave()
    await client.quiet()
    assert not list(client.yard.hub.streams.queues)


async def test_a_bug_confirms_nothing_and_ends_the_connection(
    client: Client, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(yard.store, "append_batch", broken)
    await confirming(client)
    client.publish(b"", "k", "amq.topic")
    assert (await client.refusal())[0] == 541


async def test_who_publishes_faster_than_can_be_written_is_read_no_further(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "AHEAD_BYTES", 1_000)
    client.publish(b"", "k", "amq.topic")
    assert client.wire.reading
    client.publish(b"", "k", "amq.topic")
    assert not client.wire.reading
    client.send(method(1, Channel.Close(200, "", 0, 0)))
    await client.hear(Channel.CloseOk)
    assert client.wire.reading


async def test_what_a_channel_left_behind_is_not_taken_for_what_its_successor_sends(
    yard: Yard, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, append = asyncio.Event(), yard.store.append_batch

    async def slow(publications: Sequence[Any]) -> Any:
        await written.wait()
        return await append(publications)

    monkeypatch.setattr(yard.store, "append_batch", slow)
    await confirming(client)
    client.publish(b"1", "k", "amq.topic")
    await client.quiet()
    client.publish(b"2", "k", "nothing")
    client.say(Basic.Ack(delivery_tag=9))
    await client.hear(Channel.Close)
    client.say(Channel.CloseOk(), Channel.Open())
    await client.hear(Channel.OpenOk)
    client.say(Confirm.Select(nowait=True))
    await client.quiet()
    client.publish(b"3", "k", "amq.topic")
    written.set()
    ack = await client.hear(Basic.Ack)
    assert (ack.delivery_tag, await yard.store.newest()) == (1, 2)
    await client.quiet()
