"""A connection does one thing after another, keeps time, and leaves nothing behind, however it ends."""

from typing import Any

import pytest
from pamqp.commands import Basic, Channel, Connection, Exchange, Queue
from pamqp.heartbeat import Heartbeat

from eventyard.gateways.amqp.connection import MOST_UNSENT
from eventyard.model.access import Scope
from eventyard.model.errors import Unavailable
from eventyard.testing.hub import Yard
from eventyard.wire.amqp.frames import PROTOCOL_HEADER
from tests.unit.gateways.amqp.around import Client
from tests.wire.amqp_client import method


def connections(yard: Yard) -> int:
    return len(list(yard.hub.streams.links(yard.security.bearer(yard.key))))


async def test_who_proves_to_be_somebody_is_let_in_to_their_project(yard: Yard) -> None:
    for vhost in ("/", "amqp", yard.project.id, yard.project.name):
        assert isinstance(await Client(yard).log_in(vhost=vhost), Connection.OpenOk)
    assert connections(yard) == 4


@pytest.mark.usefixtures("hashing_in_turn")
async def test_who_does_not_is_told_or_cut_off(yard: Yard) -> None:
    told = await Client(yard).log_in(key="wrong")
    assert (told.reply_code, told.class_id, told.method_id) == (403, 0, 0)
    deaf = Client(yard)
    deaf.send(PROTOCOL_HEADER, method(0, Connection.StartOk({}, "PLAIN", "\0me\0wrong")))
    await deaf.hear(Connection.Start)
    await deaf.quiet()
    assert deaf.wire.closed
    strayed = await Client(yard).log_in(vhost="elsewhere")
    assert (strayed.reply_code, strayed.reply_text) == (530, "NOT_ALLOWED - vhost elsewhere not found")
    assert connections(yard) == 0


async def test_a_client_with_a_certificate_need_not_name_itself(yard: Yard) -> None:
    key = yard.security.bearer(await yard.key_for(Scope.EVENTS_READ)).key_id
    client = Client(yard, peercert={"subject": ((("commonName", key),),)})
    client.send(PROTOCOL_HEADER, method(0, Connection.StartOk({}, "EXTERNAL", "")))
    assert (await client.hear(Connection.Start)).mechanisms == "PLAIN AMQPLAIN EXTERNAL"
    await client.hear(Connection.Tune)


async def test_who_does_not_introduce_itself_is_cut_off(yard: Yard) -> None:
    client = Client(yard)
    client.loop.ring("abort")
    assert client.wire.aborted


async def test_who_leaves_before_it_came_in_is_answered(yard: Yard) -> None:
    client = Client(yard)
    client.send(PROTOCOL_HEADER, method(0, Connection.Close(200, "", 0, 0)))
    await client.hear(Connection.Start)
    await client.hear(Connection.CloseOk)


async def test_methods_are_done_in_their_order_and_nothing_is_read_meanwhile(client: Client) -> None:
    client.say(Exchange.Declare(exchange="e", exchange_type="fanout"), Queue.Declare(queue="q"))
    assert not client.wire.reading
    client.say(Queue.Bind(queue="q", exchange="e"))
    client.publish(b"first", "", "e")
    client.say(Basic.Get(queue="q", no_ack=True))
    for answer in (Exchange.DeclareOk, Queue.DeclareOk, Queue.BindOk):
        await client.hear(answer)
    assert (await client.delivery())[2] == b"first"
    assert client.wire.reading


async def test_what_follows_a_failure_on_its_channel_is_not_done(client: Client, yard: Yard) -> None:
    client.say(Queue.Declare(queue="none", passive=True), Queue.Declare(queue="unwanted"))
    assert (await client.refusal())[0] == 404
    client.say(Queue.Declare(queue="wanted"), on=2)
    await client.hear(Queue.DeclareOk)
    assert [queue.name for queue in yard.hub.streams.queues] == ["wanted"]
    client.say(Channel.CloseOk(), Channel.Open())
    await client.hear(Channel.OpenOk)


async def test_a_channel_that_closes_gives_back_what_it_held(client: Client) -> None:
    name = await client.queue()
    client.publish(b"kept", name)
    client.say(Basic.Consume(queue=name))
    await client.hear(Basic.ConsumeOk)
    await client.delivery()
    client.say(Channel.Close(200, "", 0, 0))
    await client.hear(Channel.CloseOk)
    client.say(Basic.Get(queue=name), on=2)
    got, properties, body = await client.delivery()
    assert (got.redelivered, properties.headers, body) == (True, {"x-delivery-count": 1}, b"kept")


async def test_a_client_that_says_goodbye_is_answered_once_all_of_its_is_gone(client: Client, yard: Yard) -> None:
    await client.queue(exclusive=True)
    client.send(method(0, Connection.Close(200, "bye", 0, 0)))
    await client.hear(Connection.CloseOk)
    assert not list(yard.hub.streams.queues)
    assert client.wire.closed
    assert connections(yard) == 0


async def test_a_client_that_is_lost_leaves_nothing_behind(client: Client, other: Client, yard: Yard) -> None:
    await client.queue(exclusive=True)
    name = await client.queue("shared")
    client.publish(b"kept", name)
    client.say(Basic.Consume(queue=name))
    await client.hear(Basic.ConsumeOk)
    await client.delivery()
    client.leave()
    await other.quiet()
    assert [queue.name for queue in yard.hub.streams.queues] == ["shared"]
    assert connections(yard) == 1
    other.say(Basic.Get(queue=name))
    assert (await other.delivery())[2] == b"kept"


async def test_what_was_under_way_when_a_client_was_lost_is_undone(client: Client, yard: Yard) -> None:
    name = await client.queue("shared")
    client.say(Basic.Consume(queue=name, arguments={"x-stream-offset": "first"}))
    client.leave()
    await client.quiet()
    assert [(queue.name, queue.consumers) for queue in yard.hub.streams.queues] == [("shared", [])]


async def test_a_client_whose_key_is_revoked_is_told_and_given_nothing_more(yard: Yard, client: Client) -> None:
    key = await yard.key_for(Scope.EVENTS_READ)
    reader = await Client(yard).open(key=key)
    name = await reader.queue("q")
    reader.say(Basic.Consume(queue=name, no_ack=True))
    await reader.hear(Basic.ConsumeOk)
    await yard.hub.keys.revoke(yard.security.bearer(yard.key), yard.security.bearer(key).key_id or "")
    assert await reader.refusal() == (320, "CONNECTION_FORCED - the key of this connection was revoked", 0, 0)
    client.publish(b"late", name)
    await client.quiet()
    await reader.quiet()
    reader.loop.ring("abort")
    assert reader.wire.aborted


async def test_newer_credentials_are_taken_and_others_are_not(yard: Yard, client: Client) -> None:
    client.send(method(0, Connection.UpdateSecret(await yard.key_for(Scope.EVENTS_READ), "newer")))
    await client.hear(Connection.UpdateSecretOk)
    client.publish(b"", "a", "amq.topic")
    assert (await client.refusal())[0] == 403
    client.send(method(0, Connection.UpdateSecret("wrong", "newer")))
    assert (await client.refusal())[0] == 530


# Time


async def test_heartbeats_are_sent_and_awaited(yard: Yard) -> None:
    client = await Client(yard).open(beat=10)
    client.loop.ring("_beat")
    await client.hear(Heartbeat)
    client.loop.ring("_beat")
    client.send(b"\x08\0\0\0\0\0\0\xce")
    client.loop.ring("_beat")
    assert not client.wire.aborted
    while not client.wire.aborted:
        client.loop.ring("_beat")
    assert 20 <= client.loop.now <= 60


async def test_a_client_that_takes_nothing_is_given_nothing_and_then_cut_off(client: Client, other: Client) -> None:
    name = await client.queue()
    client.say(Basic.Consume(queue=name, no_ack=True))
    await client.hear(Basic.ConsumeOk)
    client.connection.pause_writing()
    other.publish(b"waits", name)
    await other.quiet()
    await client.quiet()
    client.connection.resume_writing()
    assert (await client.delivery())[2] == b"waits"
    assert not client.loop.waits_for("_too_slow")
    client.connection.pause_writing()
    client.loop.ring("_too_slow")
    assert client.wire.aborted


async def test_a_client_that_asks_and_never_reads_is_heard_no_further(client: Client) -> None:
    name = await client.queue()
    for _ in range(3):
        client.publish(b"much", name)
    client.wire.unsent = MOST_UNSENT + 1
    client.say(*[Basic.Get(queue=name)] * 3)
    await client.delivery()
    await client.delivery()  # the answer was under way
    client.say(Basic.Get(queue=name))
    await client.quiet()
    assert not client.wire.reading
    client.wire.unsent = 0
    client.connection.resume_writing()
    await client.delivery()
    await client.hear(Basic.GetEmpty)
    assert client.wire.reading


# Trouble


async def test_a_bug_ends_the_connection_and_not_the_hub(
    client: Client, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(yard.hub.streams.exchanges, "bind", broken)
    name = await client.queue()
    client.say(Queue.Bind(queue=name, exchange="amq.topic"))
    assert (await client.refusal())[0] == 541


async def test_when_there_are_as_many_connections_as_may_be_another_is_told(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise Unavailable("too_many", "10 connections are open, which is the bound")

    monkeypatch.setattr(yard.hub.streams, "connect", full)
    refused = await Client(yard).log_in()
    assert (refused.reply_code, refused.reply_text[:14]) == (506, "RESOURCE_ERROR")


async def test_a_client_that_is_not_read_is_not_taken_for_dead(yard: Yard) -> None:
    client = await Client(yard).open(beat=10)
    async with yard.hub.catalog.turn:
        client.say(Exchange.Declare(exchange="x", exchange_type="topic"))
        for _ in range(10):
            client.loop.ring("_beat")
    assert not client.wire.aborted
    while not isinstance(await client.hear(Heartbeat, Exchange.DeclareOk), Exchange.DeclareOk):
        pass


async def test_a_client_that_has_gone_is_given_nothing_more(
    yard: Yard, client: Client, other: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.queue("work", durable=True)
    client.say(Basic.Consume(queue="work", no_ack=True))
    await client.hear(Basic.ConsumeOk)
    async with yard.hub.catalog.turn:
        client.say(Exchange.Declare(exchange="x", exchange_type="topic"))
        client.leave()
        other.publish(b"1", "work")
        await other.quiet()
    other.say(Basic.Get(queue="work", no_ack=True))
    assert (await other.delivery())[2] == b"1"
