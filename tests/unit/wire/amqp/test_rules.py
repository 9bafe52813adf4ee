import pytest
from pamqp.base import Frame
from pamqp.commands import Basic, Confirm, Connection, Queue, Tx
from pamqp.commands import Channel as Methods

from eventyard.wire.amqp.channel import Channel
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import ChannelClosing, Command
from eventyard.wire.amqp.methods import FROM_CLIENTS, make, name_of
from eventyard.wire.amqp.rules import decide


def refusal(channel: Channel, method: Frame) -> str:
    with pytest.raises(AmqpError) as refused:
        decide(channel, method)
    assert (refused.value.class_id, refused.value.method_id) == divmod(method.index, 1 << 16)
    return refused.value.text


@pytest.mark.parametrize("method", [Queue.Declare(queue="q"), Basic.Ack(1), Basic.Qos(prefetch_count=5)], ids=name_of)
def test_most_methods_are_the_gateways(method: Frame) -> None:
    assert decide(Channel(3), method) == Command(3, method)


def test_a_channel_that_its_client_closes_is_not_open() -> None:
    channel = Channel(3)
    assert decide(channel, Methods.Close(200, "bye", 0, 0)) == ChannelClosing(3, 200, "bye")
    assert not channel.open


def test_a_channel_is_opened_once() -> None:
    assert refusal(Channel(3), Methods.Open()) == "CHANNEL_ERROR - second 'channel.open' seen"


def test_the_flow_of_a_channel_can_only_be_open() -> None:
    answer = decide(Channel(1), Methods.Flow(True))
    assert isinstance(answer, Methods.FlowOk)
    assert answer.active
    assert refusal(Channel(1), Methods.Flow(False)) == "NOT_IMPLEMENTED - active=false"


def test_prefetch_is_not_counted_in_octets() -> None:
    assert refusal(Channel(1), Basic.Qos(prefetch_size=5)) == "NOT_IMPLEMENTED - prefetch_size!=0 (5)"


def test_a_channel_in_confirm_mode_stays_in_it() -> None:
    channel = Channel(1)
    select = Confirm.Select()
    assert decide(channel, select) == Command(1, select)
    confirms = channel.confirms
    assert confirms is not None
    decide(channel, Confirm.Select(nowait=True))
    assert channel.confirms is confirms
    assert refusal(channel, Tx.Select()) == "PRECONDITION_FAILED - cannot switch from confirm to tx mode"
    assert refusal(channel, Tx.Commit()) == "PRECONDITION_FAILED - channel is not transactional"


def test_a_channel_with_transactions_keeps_them() -> None:
    channel = Channel(1)
    assert isinstance(decide(channel, Tx.Select()), Tx.SelectOk)
    assert isinstance(decide(channel, Tx.Select()), Tx.SelectOk)
    for method in (Tx.Commit(), Tx.Rollback()):
        assert decide(channel, method) == Command(1, method)
    assert refusal(channel, Confirm.Select()) == "PRECONDITION_FAILED - cannot switch from tx to confirm mode"


@pytest.mark.parametrize("method", [Methods.CloseOk(), Methods.FlowOk(True), Basic.CancelOk("c")], ids=name_of)
def test_answers_that_nobody_waits_for_are_dropped(method: Frame) -> None:
    assert decide(Channel(1), method) is None


@pytest.mark.parametrize(
    "method", sorted((m for m in FROM_CLIENTS if name_of(m).startswith("connection.")), key=name_of), ids=name_of
)
def test_methods_of_the_connection_are_not_for_channels(method: type[Frame]) -> None:
    assert refusal(Channel(1), make(method)).startswith(f"{ReplyCode.COMMAND_INVALID.name} - ")
    assert method.index >> 16 == Connection.frame_id
