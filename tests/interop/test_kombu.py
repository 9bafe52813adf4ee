"""What celery and its like do through kombu and py-amqp; and time, bounds and trouble, which py-amqp tells of."""

import resource
from collections.abc import Iterator
from functools import partial
from typing import Any

import amqp
import kombu
import pytest
from kombu.pools import producers
from pamqp.commands import Basic, Queue

from tests.interop.broker import LOGIN, Broker, broker
from tests.interop.wire import connected
from tests.serving import KEY
from tests.wire.amqp_client import method, publish

WAIT_S = 20


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("hub") / "data", EVENTYARD_STREAMS__STALLED_SECONDS="1") as yard:
        yield yard


@pytest.fixture
def connection(hub: Broker) -> Iterator[kombu.Connection]:
    with kombu.Connection("127.0.0.1", LOGIN, KEY, port=hub.port, transport="pyamqp") as one:
        yield one


def drained(connection: kombu.Connection, queue: kombu.Queue, number: int, **how: Any) -> list[Any]:
    """The next messages of a queue, acknowledged."""
    found: list[Any] = []

    def take(body: Any, message: kombu.Message) -> None:
        found.append(body)
        message.ack()

    with connection.Consumer(queue, callbacks=[take], **how):
        while len(found) < number:
            connection.drain_events(timeout=WAIT_S)
    return found


# kombu


def test_tasks_go_to_the_workers_that_are_bound_to_them(connection: kombu.Connection) -> None:
    tasks = kombu.Exchange("kt.tasks", type="topic", durable=True)
    mails = kombu.Queue("kt.mails", tasks, routing_key="task.mail.#")
    everything = kombu.Queue("kt.all", tasks, routing_key="#", auto_delete=True)
    with producers[connection].acquire(block=True) as producer:
        for key in ("task.mail.send", "task.report"):
            producer.publish(
                {"do": key}, exchange=tasks, routing_key=key, declare=[mails, everything], retry=True,
                headers={"id": key}, compression="zlib",
            )  # fmt: skip
    assert drained(connection, mails, 1) == [{"do": "task.mail.send"}]
    assert drained(connection, everything, 2, prefetch_count=1) == [{"do": "task.mail.send"}, {"do": "task.report"}]


def test_urgent_tasks_overtake(connection: kombu.Connection) -> None:
    queue = kombu.Queue("kt.urgent", routing_key="kt.urgent", max_priority=9, durable=False, auto_delete=True)
    with connection.Producer() as producer:
        for priority in (1, 9, 5, 9):
            producer.publish(priority, exchange="", routing_key="kt.urgent", declare=[queue], priority=priority)
    assert drained(connection, queue, 4) == [9, 9, 5, 1]


def test_a_task_that_failed_waits_and_comes_again_until_it_is_given_up(connection: kombu.Connection) -> None:
    # celery's and many others' way to try again: a queue whose messages die of age, back to where they came from
    work = kombu.Queue("kt.work", durable=True, queue_arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "kt.later",
    })  # fmt: skip
    later = kombu.Queue("kt.later", durable=True, queue_arguments={
        "x-message-ttl": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "kt.work",
    })  # fmt: skip
    tries: list[list[tuple[str, str, int]]] = []

    def fail(body: Any, message: kombu.Message) -> None:
        deaths = message.headers.get("x-death", [])
        tries.append([(death["queue"], death["reason"], death["count"]) for death in deaths])
        (message.ack if len(tries) == 3 else message.reject)()

    with connection.Producer() as producer:
        producer.publish({}, exchange="", routing_key="kt.work", declare=[work, later])
    with connection.Consumer(work, callbacks=[fail]):
        while len(tries) < 3:
            connection.drain_events(timeout=WAIT_S)
    assert tries == [
        [],
        [("kt.later", "expired", 1), ("kt.work", "rejected", 1)],
        [("kt.later", "expired", 2), ("kt.work", "rejected", 2)],
    ]


def test_an_answer_finds_its_way_to_who_asked(connection: kombu.Connection) -> None:
    answers = kombu.Queue("kt.answers", exclusive=True, auto_delete=True)
    questions = kombu.Queue("kt.questions", durable=False, auto_delete=True)

    def answer(body: int, message: kombu.Message) -> None:
        properties = message.properties
        connection.Producer().publish(
            body * 2, exchange="", routing_key=properties["reply_to"], correlation_id=properties["correlation_id"]
        )
        message.ack()

    with connection.Producer() as producer:
        producer.publish(
            21, exchange="", routing_key="kt.questions", declare=[questions, answers(connection.default_channel)],
            reply_to="kt.answers", correlation_id="7",
        )  # fmt: skip
    with connection.Consumer(questions, callbacks=[answer]):
        connection.drain_events(timeout=WAIT_S)
    assert drained(connection, answers, 1) == [42]


# Time, bounds, trouble


def test_a_client_that_falls_silent_is_let_go(hub: Broker) -> None:
    with connected(hub.port, heartbeat=1) as wire:
        beats = wire.rest()
        assert beats and beats == b"\x08\0\0\0\0\0\0\xce" * (len(beats) // 8)


def test_a_client_that_takes_nothing_is_let_go_and_loses_nothing_that_was_durable(hub: Broker) -> None:
    with connected(hub.port, channels=2) as slow, connected(hub.port) as sender:
        slow.send(method(1, Queue.Declare(queue="kt.slow", durable=True)), method(1, Basic.Consume(queue="kt.slow")))
        slow.until(Basic.ConsumeOk)
        for _ in range(40):
            sender.send(publish(1, b"x" * 1_000_000, key="kt.slow"))
        while any(one["peer"] == slow.name for one in hub.call("GET", "/v1/connections")):
            pass
        with connected(hub.port) as after:
            depth = 0
            while depth < 40:
                after.send(method(1, Queue.Declare(queue="kt.slow", passive=True)))
                depth = after.until(Queue.DeclareOk)[1].message_count


def test_publishers_are_told_while_nothing_can_be_written_and_when_it_can_again(hub: Broker) -> None:
    told: list[str] = []
    with amqp.Connection(
        f"127.0.0.1:{hub.port}", LOGIN, KEY,
        on_blocked=lambda why: told.append(f"blocked: {why}"), on_unblocked=lambda: told.append("unblocked"),
    ) as connection:  # fmt: skip
        channel = connection.channel()
        queue, *_ = channel.queue_declare(exclusive=True)
        channel.confirm_select()
        bound = partial(resource.prlimit, hub.pid, resource.RLIMIT_FSIZE)
        before = bound()
        bound((0, before[1]))
        acknowledged: list[int] = []
        channel.events["basic_ack"].add(lambda tag, _: acknowledged.append(tag))
        channel._basic_publish(amqp.Message("kept"), "", queue)
        while not told:
            connection.drain_events(timeout=WAIT_S)
        assert told[0].startswith("blocked: ")
        assert not acknowledged
        bound(before)
        while not acknowledged:
            connection.drain_events(timeout=WAIT_S)
        assert told[1:] == ["unblocked"]
        message = channel.basic_get(queue, no_ack=True)
        assert message is not None
        assert message.body == "kept"


def test_a_client_that_leaves_without_a_word_leaves_nothing_behind(hub: Broker) -> None:
    with connected(hub.port) as wire:
        wire.send(method(1, Queue.Declare(queue="kt.mine", exclusive=True)))
        wire.until(Queue.DeclareOk)
        assert "kt.mine" in [queue["name"] for queue in hub.call("GET", "/v1/queues")]
        peer = wire.name
        wire.cut()
    while any(one["peer"] == peer for one in hub.call("GET", "/v1/connections")):
        pass
    while "kt.mine" in [queue["name"] for queue in hub.call("GET", "/v1/queues")]:
        pass
