"""A transaction is on disk as a whole, with what it settles, or it never was."""

import pytest
from pamqp.commands import Basic, Channel, Tx

from eventyard.gateways.amqp import transaction
from tests.unit.gateways.amqp.around import Client


async def begin(client: Client) -> str:
    name = await client.queue()
    client.say(Tx.Select())
    await client.hear(Tx.SelectOk)
    return name


async def depth(client: Client, name: str) -> int:
    return next(queue.depth for queue in client.yard.hub.streams.queues if queue.name == name)


async def test_what_is_published_waits_for_the_commit(client: Client) -> None:
    name = await begin(client)
    client.publish(b"1", name)
    client.publish(b"2", name)
    await client.quiet()
    assert await depth(client, name) == 0
    client.say(Tx.Commit())
    await client.hear(Tx.CommitOk)
    assert await depth(client, name) == 2


async def test_a_rollback_forgets_what_was_published_and_settled(client: Client) -> None:
    name = await begin(client)
    client.publish(b"1", name)
    client.say(Tx.Commit(), Basic.Get(queue=name))
    await client.hear(Tx.CommitOk)
    await client.delivery()
    client.publish(b"2", name)
    client.say(Basic.Ack(1), Tx.Rollback(), Tx.Commit())
    await client.hear(Tx.RollbackOk)
    await client.hear(Tx.CommitOk)
    client.say(Channel.Close(200, "", 0, 0))
    await client.hear(Channel.CloseOk)
    assert await depth(client, name) == 1


async def test_if_a_part_cannot_be_nothing_is(client: Client) -> None:
    name = await begin(client)
    client.publish(b"1", name)
    client.say(Tx.Commit(), Basic.Get(queue=name))
    await client.hear(Tx.CommitOk)
    await client.delivery()
    client.publish(b"2", name)
    client.publish(b"3", "k", "nowhere")
    client.say(Basic.Ack(1), Tx.Commit())
    assert await client.refusal() == (404, "NOT_FOUND - no exchange 'nowhere'", 90, 20)
    await client.quiet()
    assert await depth(client, name) == 1


async def test_what_is_acknowledged_twice_is_refused_before_anything_is_done(client: Client) -> None:
    name = await begin(client)
    client.publish(b"1", name)
    client.say(Tx.Commit(), Basic.Get(queue=name))
    await client.hear(Tx.CommitOk)
    await client.delivery()
    client.publish(b"2", name)
    client.say(Basic.Ack(1), Basic.Ack(1), Tx.Commit())
    assert (await client.refusal())[:2] == (406, "PRECONDITION_FAILED - unknown delivery tag 1")
    await client.quiet()
    assert await depth(client, name) == 1


async def test_a_mandatory_message_of_a_transaction_is_returned_at_its_end(client: Client) -> None:
    await begin(client)
    client.publish(b"lost", "nowhere", "amq.direct", mandatory=True)
    await client.quiet()
    client.say(Tx.Commit())
    assert (await client.delivery())[2] == b"lost"
    await client.hear(Tx.CommitOk)


@pytest.mark.parametrize("growing", ["publish", "ack"])
async def test_a_transaction_has_a_bound(client: Client, monkeypatch: pytest.MonkeyPatch, growing: str) -> None:
    monkeypatch.setattr(transaction, "MOST_BYTES", 2_000)
    name = await begin(client)
    for _ in range(4):
        if growing == "publish":
            client.publish(b"", name)
        else:
            client.say(Basic.Ack(1))
    code, text, *_ = await client.refusal()
    assert (code, text) == (506, "RESOURCE_ERROR - a transaction is 2000 octets at most")
