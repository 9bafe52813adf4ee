"""Who consumes the pseudo-queue is answered directly, by a queue that comes and goes with it."""

from pamqp.commands import Basic

from eventyard.gateways.amqp.direct import PSEUDO_QUEUE
from tests.unit.gateways.amqp.around import Client


async def asking(client: Client) -> str:
    client.say(Basic.Consume(queue=PSEUDO_QUEUE, no_ack=True))
    return str((await client.hear(Basic.ConsumeOk)).consumer_tag)


async def test_an_answer_comes_back_without_a_queue_being_declared(client: Client, other: Client) -> None:
    questions = await other.queue("questions")
    await asking(client)
    client.publish(b"21", questions, reply_to=PSEUDO_QUEUE, correlation_id="7")
    await client.quiet()
    other.say(Basic.Get(queue=questions, no_ack=True))
    _, properties, body = await other.delivery()
    assert properties.reply_to.startswith("amq.gen-")
    other.publish(b"%d" % (int(body) * 2), properties.reply_to, correlation_id=properties.correlation_id)
    _, properties, body = await client.delivery()
    assert (properties.correlation_id, body) == ("7", b"42")


async def test_the_queue_goes_with_its_consumer(client: Client) -> None:
    client.say(Basic.Cancel(await asking(client)))
    await client.hear(Basic.CancelOk)
    assert not list(client.yard.hub.streams.queues)
    assert await asking(client)


async def test_there_is_one_consumer_of_replies_and_it_acknowledges_nothing(client: Client) -> None:
    await asking(client)
    client.say(Basic.Consume(queue=PSEUDO_QUEUE, no_ack=True))
    assert await client.refusal() == (406, "PRECONDITION_FAILED - reply consumer already set", 60, 20)
    client.say(Basic.Consume(queue=PSEUDO_QUEUE), on=2)
    assert await client.refusal() == (406, "PRECONDITION_FAILED - reply consumer cannot acknowledge", 60, 20)


async def test_who_wants_a_reply_has_to_listen(client: Client) -> None:
    client.publish(b"", "k", "amq.topic", reply_to=PSEUDO_QUEUE)
    assert await client.refusal() == (406, "PRECONDITION_FAILED - fast reply consumer does not exist", 60, 40)


async def test_a_message_that_only_speaks_of_it_goes_out_as_it_came(client: Client) -> None:
    name = await client.queue()
    client.publish(b"", name, app_id=PSEUDO_QUEUE)
    client.say(Basic.Get(queue=name, no_ack=True))
    assert (await client.delivery())[1].app_id == PSEUDO_QUEUE
