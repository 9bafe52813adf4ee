"""Subscriptions: which queue is read, what is acknowledged how, and what stays when one goes."""

import pytest

from eventyard.model.access import Scope
from eventyard.model.streams import Queue as QueueRecord
from eventyard.pipeline.streams.limited import categories_of
from eventyard.testing import builders
from eventyard.testing.hub import Yard
from eventyard.wire.stomp.frames import Frame
from tests.unit.gateways.stomp.around import Client, settled, turn


async def test_an_exchange_is_read_with_a_pattern_with_or_without_the_slash(client: Client, other: Client) -> None:
    await client.subscribe("/exchange/amq.topic/a.*.c", "1")
    await client.subscribe("exchange/amq.topic/a.#", "2")
    await other.send("/topic/a.b.c")
    await other.send("/topic/a.b")
    seen = [await client.hear() for _ in range(3)]
    assert [(one.headers["subscription"], one.headers["destination"]) for one in seen] == [
        ("1", "/topic/a.b.c"), ("2", "/topic/a.b.c"), ("2", "/topic/a.b"),
    ]  # fmt: skip


async def test_a_message_says_where_it_stands_in_the_stream_and_what_it_is(client: Client) -> None:
    await client.subscribe("/topic/a")
    await client.send("/topic/a", b"hello", content_type="text/plain")
    headers = (await client.hear()).headers
    assert (headers["x-stream-offset"], headers["redelivered"], headers["content-type"]) == ("1", "false", "text/plain")
    assert headers["message-id"].startswith("T_1@@session-")
    assert "ack" not in headers


async def test_the_past_is_joined_to_what_comes(client: Client) -> None:
    for body in (b"1", b"2", b"3"):
        await client.send("/topic/a", body)
    await client.subscribe("/topic/a", "all", x_stream_offset="first")
    assert [(await client.hear()).body for _ in range(3)] == [b"1", b"2", b"3"]
    await client.subscribe("/topic/a", "some", x_stream_offset="offset=3")
    assert (await client.hear()).body == b"3"
    await client.send("/topic/a", b"4")
    assert [(await client.hear()).headers["subscription"] for _ in range(2)] == ["all", "some"]


async def test_a_queue_is_durable_and_shared_and_remembers(yard: Yard, client: Client, other: Client) -> None:
    await client.send("/queue/work", b"1")
    await client.subscribe("/queue/work", "1", ack="client-individual", prefetch_count="1")
    await other.subscribe("/queue/work", "1", ack="client-individual", prefetch_count="1")
    await client.send("/queue/work", b"2")
    first, second = await client.hear(), await other.hear()
    assert {first.body, second.body} == {b"1", b"2"}
    assert first.headers["destination"] == "/queue/work"
    assert [record.name for record in yard.hub.catalog.all(QueueRecord)] == ["work"]


async def test_what_was_not_acknowledged_comes_again_to_another(client: Client, other: Client) -> None:
    await client.subscribe("/queue/work", ack="client")
    await client.send("/queue/work", b"1")
    assert (await client.hear()).headers["redelivered"] == "false"
    await client.leave()
    await other.subscribe("/queue/work")
    again = await other.hear()
    assert (again.headers["redelivered"], again.headers["x-delivery-count"]) == ("true", "1")


async def test_an_ack_of_mode_client_counts_for_all_before_it_in_its_subscription(yard: Yard, client: Client) -> None:
    await client.subscribe("/queue/a", "1", ack="client")
    await client.subscribe("/queue/b", "2", ack="client")
    await client.send("/queue/a", b"1")
    await client.hear()
    await client.send("/queue/b", b"2")
    await client.hear()
    await client.send("/queue/a", b"3")
    client.say("ACK", id=(await client.hear()).headers["ack"])
    assert [len(queue.unacked) for queue in yard.hub.streams.queues if queue.durable] == [0, 1]


async def test_an_ack_of_mode_client_individual_counts_for_one(yard: Yard, client: Client) -> None:
    await client.subscribe("/queue/a", ack="client-individual")
    await client.send("/queue/a", b"1")
    await client.hear()
    await client.send("/queue/a", b"2")
    client.say("ACK", id=(await client.hear()).headers["ack"])
    [queue] = [queue for queue in yard.hub.streams.queues if queue.durable]
    assert len(queue.unacked) == 1


async def test_a_nack_brings_it_back_or_lays_it_to_the_dead(client: Client) -> None:
    await client.subscribe("/topic/dead", "dead")
    headers = {"x_dead_letter_exchange": "amq.topic", "x_dead_letter_routing_key": "dead"}
    await client.subscribe("/queue/work", "work", ack="client-individual", **headers)
    await client.send("/queue/work", b"1")
    client.say("NACK", id=(await client.hear()).headers["ack"])
    again = await client.hear()
    assert (again.headers["subscription"], again.headers["redelivered"]) == ("work", "true")
    client.say("NACK", id=again.headers["ack"], requeue="false")
    dead = await client.hear()
    assert (dead.headers["subscription"], dead.headers["x-first-death-reason"]) == ("dead", "rejected")


async def test_an_older_client_acknowledges_by_the_id_of_the_message(yard: Yard) -> None:
    client = Client(yard)
    await client.login(version="1.1")
    await client.subscribe("/queue/a", ack="client")
    await client.send("/queue/a", b"1")
    message = await client.hear()
    client.say("ACK", subscription="1", message_id=message.headers["message-id"], receipt="r")
    assert (await client.hear()).headers["receipt-id"] == "r"


async def test_what_does_not_wait_cannot_be_acknowledged(client: Client) -> None:
    await client.subscribe("/queue/a", ack="client")
    await client.send("/queue/a", b"1")
    ack = (await client.hear()).headers["ack"]
    client.say("ACK", id=ack)
    client.say("ACK", id=ack, receipt="r")
    error = await client.hear()
    assert (error.headers["message"], error.headers["receipt-id"]) == ("Message not found", "r")


async def test_prefetch_count_bounds_what_is_out(client: Client) -> None:
    await client.subscribe("/queue/a", ack="client-individual", prefetch_count="2")
    for body in (b"1", b"2", b"3"):
        await client.send_only("/queue/a", body)
    out = [await client.hear(), await client.hear()]
    await turn()
    assert b"\n\n3\0" not in client.wire.written
    client.say("ACK", id=out[0].headers["ack"])
    assert (await client.hear()).body == b"3"


async def test_unsubscribing_ends_a_private_queue_and_drops_what_is_on_its_way(yard: Yard, client: Client) -> None:
    await client.subscribe("/topic/a", ack="client")
    await client.send("/topic/a", b"1")
    ack = (await client.hear()).headers["ack"]
    client.say("UNSUBSCRIBE", id="1", receipt="r")
    assert (await client.hear()).headers["receipt-id"] == "r"
    assert not list(yard.hub.streams.queues)
    await client.subscribe("/topic/a", ack="client")
    client.say("ACK", id=ack, receipt="late")
    assert (await client.hear()).headers["receipt-id"] == "late"


async def test_an_id_used_again_acknowledges_nothing_of_its_predecessor(yard: Yard, client: Client) -> None:
    await client.subscribe("/queue/a", ack="client")
    await client.send("/queue/a", b"1")
    await client.hear()
    client.say("UNSUBSCRIBE", id="1")
    await client.subscribe("/queue/a", ack="client")
    await client.send("/queue/a", b"2")
    client.say("ACK", id=(await client.hear()).headers["ack"])
    [queue] = list(yard.hub.streams.queues)
    assert [held.message.event.data for held in queue.unacked.values()] == [b"1"]


async def test_a_durable_topic_waits_for_its_subscriber(yard: Yard, client: Client, other: Client) -> None:
    headers = {"durable": "true", "auto_delete": "false"}
    await client.subscribe("/topic/a", "mine", **headers)
    await client.leave()
    await other.send("/topic/a", b"while away")
    again = Client(yard)
    await again.login()
    again.say("SUBSCRIBE", id="mine", destination="/topic/a", **headers)
    assert (await again.hear()).body == b"while away"
    again.say("UNSUBSCRIBE", id="mine", durable="true", receipt="r")
    await again.hear()
    assert not list(yard.hub.streams.queues)


async def test_a_queue_by_name_is_what_its_headers_say(yard: Yard, client: Client, other: Client) -> None:
    await client.subscribe("/exchange/amq.topic/a", "1", x_queue_name="named", x_max_length="5")
    [queue] = list(yard.hub.streams.queues)
    assert (queue.name, queue.durable, queue.auto_delete, queue.owner is not None) == ("named", False, True, True)
    assert queue.options.max_length == 5
    other.say("SUBSCRIBE", id="1", destination="/amq/queue/named")
    assert (await other.error())[0] == "resource_locked"


async def test_a_shared_queue_by_name_outlives_its_subscriber(yard: Yard, client: Client) -> None:
    headers = {"durable": "true", "x_queue_name": "kept"}
    await client.subscribe("/exchange/amq.topic/a", "1", **headers)
    await client.leave()
    await settled(yard)
    assert [record.name for record in yard.hub.catalog.all(QueueRecord)] == ["kept"]


async def test_who_repeats_no_argument_may_read_a_queue_that_has_some(client: Client, other: Client) -> None:
    await client.subscribe("/queue/a", x_max_length="5")
    await other.subscribe("/queue/a")
    await other.subscribe("/amq/queue/a", "2")
    other.say("SUBSCRIBE", id="3", destination="/queue/a", x_max_length="6")
    assert (await other.error())[0] == "precondition_failed"


async def test_a_queue_that_is_not_there_is_not_made_by_who_wants_an_existing_one(client: Client) -> None:
    client.say("SUBSCRIBE", id="1", destination="/amq/queue/a", receipt="r")
    assert await client.error() == ("not_found", "no queue 'a'")


async def test_no_queue_is_left_behind_for_an_exchange_that_is_not_there(yard: Yard, client: Client) -> None:
    client.say("SUBSCRIBE", id="1", destination="/exchange/nothing/a", durable="true")
    assert (await client.error())[0] == "not_found"
    await settled(yard)
    assert not list(yard.hub.streams.queues)


async def test_a_subscription_whose_queue_is_deleted_is_told_and_the_others_go_on(
    yard: Yard, client: Client, other: Client
) -> None:
    await client.subscribe("/queue/a", "1", ack="client")
    await client.subscribe("/topic/a", "2")
    await client.send("/queue/a", b"1")
    ack = (await client.hear()).headers["ack"]
    [_, link] = yard.hub.streams._links.values()
    await link.delete_queue("a")
    cancelled = await client.hear()
    assert (cancelled.headers["message"], cancelled.headers["subscription"]) == ("Server cancelled subscription", "1")
    client.say("ACK", id=ack)
    await other.send("/topic/a", b"2")
    assert (await client.hear()).body == b"2"


async def test_an_answer_comes_to_the_temporary_queue_of_who_asked(client: Client, other: Client) -> None:
    await other.subscribe("/queue/questions")
    for number in (b"1", b"2"):
        await client.send("/queue/questions", number, reply_to="/temp-queue/answers", correlation_id="c")
        question = await other.hear()
        assert question.headers["reply-to"].startswith("/reply-queue/amq.gen-")
        other.say("SEND", b"answer to " + question.body, destination=question.headers["reply-to"])
        answer = await client.hear()
        assert (answer.headers["subscription"], answer.body) == ("/temp-queue/answers", b"answer to " + number)


async def test_cloudevents_come_in_json_or_in_binary_mode(yard: Yard, client: Client) -> None:
    destination = f"/exchange/project.{yard.project.id}/cars.*.create"
    await client.subscribe(destination, "json")
    await client.subscribe(destination, "binary", x_cloudevents="binary")
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":1}}'
    await client.send_only(destination.replace("*", "7"), body, content_type="application/cloudevents+json")
    one, two = await client.hear(), await client.hear()
    assert one.headers["content-type"] == "application/cloudevents+json"
    assert (two.headers["ce-type"], two.body) == ("t", b'{"a":1}')


async def test_a_key_reads_what_it_may_and_cannot_tell_what_else_there_is(yard: Yard) -> None:
    stranger, reader, writer = Client(yard), Client(yard), Client(yard)
    await stranger.login(await yard.stranger_key())
    stranger.say("SUBSCRIBE", id="1", destination=f"/exchange/project.{yard.project.id}/#")
    assert await stranger.error() == ("not_found", f"no exchange 'project.{yard.project.id}'")
    await reader.login(await yard.key_for(Scope.EVENTS_READ))
    await reader.subscribe("/topic/a")
    reader.say("SEND", b"x", destination="/topic/a", receipt="r")
    assert (await reader.error())[0] == "forbidden"
    await writer.login(await yard.key_for(Scope.EVENTS_PUBLISH))
    await writer.send("/topic/a")
    writer.say("SUBSCRIBE", id="1", destination="/topic/a")
    assert (await writer.error())[0] == "forbidden"


@pytest.mark.parametrize("ack", ["auto", "client"])
async def test_a_message_of_another_version_has_no_ack(yard: Yard, ack: str) -> None:
    client = Client(yard)
    await client.login(version="1.0")
    client.say("SUBSCRIBE", destination="/topic/a", ack=ack, receipt="r")
    assert await client.hear() == Frame("RECEIPT", {"receipt-id": "r"})
    await client.send("/topic/a")
    message = await client.hear()
    assert "ack" not in message.headers
    assert "subscription" not in message.headers


async def test_the_same_subscription_of_who_may_see_something_else_has_a_queue_of_its_own(yard: Yard) -> None:
    await yard.hub.catalog.save(builders.topic("orders", project_id=yard.project.id))
    names = []
    for categories in (None, ("a",), ("b",), ("a",)):
        one = Client(yard)
        await one.login(await yard.key_for(Scope.EVENTS_READ, categories=categories))
        await one.subscribe("/exchange/orders/#", "mine", durable="true", auto_delete="false")
        names.append({queue.name: categories_of(queue) for queue in yard.hub.streams.queues})
        await one.leave()
    assert [len(found) for found in names] == [1, 2, 3, 3]
    assert set(names[-1].values()) == {None, frozenset("a"), frozenset("b")}


async def test_what_bears_other_categories_is_not_there_and_neither_are_the_exchanges_that_all_share(
    yard: Yard,
) -> None:
    await yard.hub.catalog.save(builders.topic("secret", project_id=yard.project.id, categories=("b",)))
    key = await yard.key_for(Scope.EVENTS_READ, Scope.EVENTS_PUBLISH, categories=("a",))
    for command in ("SUBSCRIBE", "SEND"):
        for destination, name in (
            ("/exchange/secret/k", "secret"),
            ("/exchange/no/k", "no"),
            ("/topic/k", "amq.topic"),
        ):
            one = Client(yard)
            await one.login(key)
            one.say(command, id="1", destination=destination, receipt="r")
            assert await one.error() == ("not_found", f"no exchange '{name}'")
    one = Client(yard)
    await one.login(key)
    one.say("SEND", destination="/queue/work", receipt="r")
    assert (await one.error())[0] == "not_found"
    assert not list(yard.hub.streams.queues)
