"""Every method of a channel, as far as a client sees it: what is answered, delivered and refused."""

import pytest
from pamqp.commands import Basic, Channel, Exchange, Queue

from eventyard.model.access import Scope
from eventyard.model.errors import NotFound
from eventyard.pipeline.streams.consumer import Credit
from eventyard.testing.hub import Yard
from tests.unit.gateways.amqp.around import Client


async def consume(client: Client, name: str, tag: str = "", on: int = 1, **how: object) -> str:
    client.say(Basic.Consume(queue=name, consumer_tag=tag, **how), on=on)  # type: ignore[arg-type]
    return str((await client.hear(Basic.ConsumeOk)).consumer_tag)


# Exchanges


async def test_exchanges_are_declared_bound_and_deleted(client: Client) -> None:
    client.say(
        Exchange.Declare(exchange="lost", exchange_type="fanout"),
        Exchange.Declare(exchange="e", exchange_type="direct", arguments={"alternate-exchange": "lost"}),
        Exchange.Declare(exchange="e", passive=True),
        Exchange.Declare(exchange="inner", exchange_type="topic", internal=True, auto_delete=True),
        Exchange.Bind(destination="inner", source="e", routing_key="k"),
    )
    for _ in range(4):
        await client.hear(Exchange.DeclareOk)
    await client.hear(Exchange.BindOk)
    found, lost = await client.queue(), await client.queue()
    client.say(Queue.Bind(queue=found, exchange="inner", routing_key="#"), Queue.Bind(queue=lost, exchange="lost"))
    client.publish(b"1", "k", "e")
    client.publish(b"2", "other", "e")
    client.say(Basic.Get(queue=found, no_ack=True), Basic.Get(queue=lost, no_ack=True))
    await client.hear(Queue.BindOk)
    await client.hear(Queue.BindOk)
    assert [(await client.delivery())[2] for _ in range(2)] == [b"1", b"2"]
    client.say(
        Exchange.Unbind(destination="inner", source="e", routing_key="k"),
        Exchange.Delete(exchange="e"),
        Exchange.Delete(exchange="e"),
    )
    await client.hear(Exchange.UnbindOk)
    await client.hear(Exchange.DeleteOk)
    await client.hear(Exchange.DeleteOk)


async def test_who_does_not_wait_is_not_answered(client: Client) -> None:
    name = await client.queue()
    client.say(
        Exchange.Declare(exchange="e", exchange_type="direct", nowait=True),
        Exchange.Declare(exchange="f", exchange_type="direct", nowait=True),
        Exchange.Bind(destination="f", source="e", nowait=True),
        Exchange.Unbind(destination="f", source="e", nowait=True),
        Exchange.Delete(exchange="f", nowait=True),
        Queue.Declare(queue="q", nowait=True),
        Queue.Bind(queue="q", exchange="e", nowait=True),
        Basic.Consume(queue=name, consumer_tag="c", nowait=True),
        Basic.Cancel("c", nowait=True),
        Queue.Purge(queue="q", nowait=True),
        Queue.Delete(queue="q", nowait=True),
    )
    await client.quiet()
    client.say(Exchange.Declare(exchange="e", passive=True))
    await client.hear(Exchange.DeclareOk)


async def test_an_exchange_of_no_known_type_is_refused(client: Client) -> None:
    client.say(Exchange.Declare(exchange="e", exchange_type="heap"))
    assert await client.refusal() == (406, "PRECONDITION_FAILED - unknown exchange type 'heap'", 40, 10)


# Queues


async def test_a_queue_without_a_name_gets_one_and_is_meant_where_none_is_named(client: Client) -> None:
    name = await client.queue()
    assert name.startswith("amq.gen-")
    client.say(Queue.Bind(exchange="amq.topic", routing_key="a"), Queue.Declare(passive=True))
    client.say(Queue.Bind(exchange="amq.direct"))
    await client.hear(Queue.BindOk)
    assert (await client.hear(Queue.DeclareOk)).queue == name
    await client.hear(Queue.BindOk)
    client.publish(b"by its own name", name, "amq.direct")
    client.say(Basic.Get())
    assert (await client.delivery())[2] == b"by its own name"
    client.say(Queue.Purge(), Queue.Unbind(exchange="amq.topic", routing_key="a"), Queue.Delete())
    await client.hear(Queue.PurgeOk)
    await client.hear(Queue.UnbindOk)
    await client.hear(Queue.DeleteOk)


async def test_where_no_queue_was_declared_none_is_meant(client: Client) -> None:
    client.say(Basic.Get())
    assert await client.refusal() == (404, "NOT_FOUND - no previously declared queue", 60, 70)


async def test_a_queue_tells_how_much_waits_in_it_and_who_reads_it(client: Client) -> None:
    name = await client.queue("q")
    client.publish(b"1", name)
    client.publish(b"2", name)
    await consume(client, (await client.queue("other")))
    client.say(Queue.Declare(queue="q", passive=True), Queue.Declare(queue="other", passive=True))
    plain, read = await client.hear(Queue.DeclareOk), await client.hear(Queue.DeclareOk)
    assert (plain.message_count, plain.consumer_count, read.consumer_count) == (2, 0, 1)
    client.say(Queue.Purge(queue="q"), Queue.Delete(queue="q", if_empty=True, if_unused=True))
    assert (await client.hear(Queue.PurgeOk)).message_count == 2
    assert (await client.hear(Queue.DeleteOk)).message_count == 0


async def test_what_is_not_there_need_not_be_taken_away(client: Client) -> None:
    name = await client.queue()
    client.say(
        Queue.Unbind(queue="none", exchange="amq.topic"),
        Queue.Unbind(queue=name, exchange="none"),
        Exchange.Unbind(destination="none", source="amq.topic"),
        Queue.Delete(queue="none"),
    )
    for answer in (Queue.UnbindOk, Queue.UnbindOk, Exchange.UnbindOk, Queue.DeleteOk):
        await client.hear(answer)


async def test_who_deletes_a_queue_hears_that_before_the_end_of_its_own_consumer(client: Client, yard: Yard) -> None:
    told = await Client(yard).open(capable={"capabilities": {"consumer_cancel_notify": True}})
    name = await told.queue("q")
    await consume(told, name, "told")
    await consume(client, name, "deaf")
    told.say(Queue.Delete(queue=name))
    await told.hear(Queue.DeleteOk)
    assert (await told.hear(Basic.Cancel)).consumer_tag == "told"
    await client.quiet()


# Consuming


async def test_a_consumer_is_given_what_waits_and_what_comes(client: Client) -> None:
    name = await client.queue()
    client.publish(b"1", name)
    assert (await consume(client, name)).startswith("amq.ctag-")
    client.publish(b"2", name)
    for tag, text in ((1, b"1"), (2, b"2")):
        delivered, _, body = await client.delivery()
        assert (delivered.delivery_tag, delivered.redelivered, delivered.exchange, body) == (tag, False, "", text)


async def test_a_consumer_that_is_cancelled_is_given_no_more_and_may_settle_what_it_has(client: Client) -> None:
    name = await client.queue()
    tag = await consume(client, name)
    client.publish(b"1", name)
    await client.delivery()
    client.say(Basic.Cancel(tag), Basic.Cancel("unknown"))
    await client.hear(Basic.CancelOk)
    await client.hear(Basic.CancelOk)
    client.publish(b"2", name)
    client.say(Basic.Ack(1))
    await client.quiet()


async def test_prefetch_counts_for_the_consumers_that_begin_after_it(client: Client) -> None:
    one, two = await client.queue(), await client.queue()
    client.say(Basic.Qos(prefetch_count=1))
    await client.hear(Basic.QosOk)
    await consume(client, one, "one")
    client.say(Basic.Qos(prefetch_count=0))
    await client.hear(Basic.QosOk)
    await consume(client, two, "two")
    for name in (one, one, two, two):
        client.publish(b"", name)
    assert [(await client.delivery())[0].consumer_tag for _ in range(3)] == ["one", "two", "two"]
    await client.quiet()
    client.say(Basic.Qos(prefetch_count=4, global_=True), Basic.Ack(1))
    await client.hear(Basic.QosOk)
    assert (await client.delivery())[0].consumer_tag == "one"


async def test_a_replay_is_given_the_past_with_its_places(client: Client) -> None:
    name = await client.queue()
    for number in range(3):
        client.publish(b"%d" % number, name)
    client.say(Queue.Purge(queue=name))
    await client.hear(Queue.PurgeOk)
    await consume(client, name, no_ack=True, arguments={"x-stream-offset": 2})
    found = [await client.delivery() for _ in range(2)]
    assert [(properties.headers["x-stream-offset"], body) for _, properties, body in found] == [(2, b"1"), (3, b"2")]


@pytest.mark.parametrize(("arguments", "code"), [({"x-stream-offset": "soon"}, 406), ({"x-priority": "high"}, 406)])
async def test_what_a_consumer_asks_must_make_sense(client: Client, arguments: dict[str, str], code: int) -> None:
    name = await client.queue()
    client.say(Basic.Consume(queue=name, arguments=dict(arguments)))
    assert (await client.refusal())[0] == code


async def test_a_consumer_tag_is_used_once(client: Client) -> None:
    name = await client.queue()
    await consume(client, name, "t")
    client.say(Basic.Consume(queue=name, consumer_tag="t"))
    assert await client.refusal() == (530, "NOT_ALLOWED - attempt to reuse consumer tag 't'", 60, 20)


async def test_an_empty_queue_gives_nothing(client: Client) -> None:
    client.say(Basic.Get(queue=await client.queue()))
    await client.hear(Basic.GetEmpty)


async def test_who_may_not_read_declares_no_queue(yard: Yard) -> None:
    writer = await Client(yard).open(key=await yard.key_for(Scope.EVENTS_PUBLISH))
    writer.say(Queue.Declare())
    assert (await writer.refusal())[0] == 403


# Settling


async def test_acknowledged_is_gone_and_everything_else_comes_again(client: Client) -> None:
    name = await client.queue()
    for number in range(5):
        client.publish(b"%d" % number, name)
    await consume(client, name, "c")
    for _ in range(5):
        await client.delivery()
    client.say(Basic.Cancel("c"), Basic.Ack(2, multiple=True), Basic.Nack(3, requeue=False), Basic.Reject(4))
    await client.hear(Basic.CancelOk)
    client.say(Basic.Get(queue=name))
    got, properties, body = await client.delivery()
    assert (got.redelivered, properties.headers, body) == (True, {"x-delivery-count": 1}, b"3")
    with pytest.warns(DeprecationWarning):
        as_before = Basic.RecoverAsync(True)
    client.say(Basic.Recover(True), Basic.Get(queue=name), as_before, Basic.Get(queue=name))
    await client.hear(Basic.RecoverOk)
    assert [(await client.delivery())[2] for _ in range(2)] == [b"3", b"3"]


async def test_a_tag_is_settled_once(client: Client) -> None:
    client.say(Basic.Ack(1))
    assert await client.refusal() == (406, "PRECONDITION_FAILED - unknown delivery tag 1", 60, 80)
    client.say(Channel.CloseOk(), Channel.Open())
    await client.hear(Channel.OpenOk)


async def test_nothing_is_thrown_away_by_recovering(client: Client) -> None:
    client.say(Basic.Recover(False))
    assert await client.refusal() == (540, "NOT_IMPLEMENTED - requeue=false", 60, 110)


async def test_a_channel_that_failed_is_given_nothing_more_though_its_queues_take_time_to_go(
    yard: Yard, client: Client, other: Client
) -> None:
    await client.queue("passing", durable=True, auto_delete=True)
    await client.queue("work")
    await consume(client, "passing")
    await consume(client, "work", no_ack=True)
    async with yard.hub.catalog.turn:
        client.say(Basic.Ack(delivery_tag=9))
        await client.hear(Channel.Close)
        other.publish(b"1", "work")
        await client.quiet()
    other.say(Basic.Get(queue="work", no_ack=True))
    assert (await other.delivery())[2] == b"1"


async def test_what_a_channel_holds_goes_back_though_its_queues_are_deleted_meanwhile(
    yard: Yard, client: Client, other: Client
) -> None:
    for name, how in (("passing", {"auto_delete": True}), ("brief", {}), ("work", {})):
        await client.queue(name, durable=True, **how)
        await consume(client, name)
    other.publish(b"1", "work")
    assert (await client.delivery())[2] == b"1"
    async with yard.hub.catalog.turn:
        client.say(Channel.Close(200, "", 0, 0))
        await other.quiet()
        brief = yard.hub.streams.queues.get(yard.project.id, "brief")
        yard.hub.streams.queues.remove(brief, NotFound("not_found", "deleted"))
    await client.hear(Channel.CloseOk)
    other.say(Basic.Get(queue="work", no_ack=True))
    assert (await other.delivery())[2] == b"1"


async def test_what_is_fetched_one_by_one_is_bounded_until_it_is_acknowledged(client: Client) -> None:
    client.connection.unacked = Credit(1)
    await client.queue("q")
    for body in (b"1", b"2"):
        client.publish(body, "q")
    client.say(Basic.Get(queue="q"))
    assert (await client.delivery())[0].delivery_tag == 1
    client.say(Basic.Ack(delivery_tag=1), Basic.Get(queue="q"))
    assert (await client.delivery())[0].delivery_tag == 2
    client.say(Basic.Get(queue="q"))
    assert (await client.refusal())[0] == 406
