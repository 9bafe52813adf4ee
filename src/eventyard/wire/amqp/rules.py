"""Methods on an open channel that the protocol itself decides, as a table; all others are the gateway's.

A rule gives the method to answer with, an event for the gateway, or neither, and raises :class:`AmqpError` where the
method is not to be had: 540 is what this server leaves out, 406 what the channel's mode forbids.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pamqp.base import Frame as Method
from pamqp.commands import Basic, Confirm, Tx
from pamqp.commands import Channel as Methods
from pamqp.commands import Connection as OnConnection

from eventyard.wire.amqp.acknowledgements import Confirms
from eventyard.wire.amqp.channel import Channel
from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.events import ChannelClosing, Command, Event


def decide(channel: Channel, method: Method) -> Method | Event | None:
    """What a method on an open channel leads to."""
    rule = _RULES.get(type(method))
    return Command(channel.number, method) if rule is None else rule(channel, method)


def _open(channel: Channel, method: Methods.Open) -> None:
    raise AmqpError(ReplyCode.CHANNEL_ERROR, "second 'channel.open' seen", method)


def _close(channel: Channel, method: Methods.Close) -> ChannelClosing:
    channel.open = False
    return ChannelClosing(channel.number, method.reply_code or 0, method.reply_text)


def _flow(channel: Channel, method: Methods.Flow) -> Methods.FlowOk:
    if not method.active:
        raise AmqpError(ReplyCode.NOT_IMPLEMENTED, "active=false", method)
    return Methods.FlowOk(active=True)


def _confirm(channel: Channel, method: Confirm.Select) -> Command:
    """What was published before is returned before this is answered, so the gateway answers it."""
    if channel.transactional:
        raise AmqpError(ReplyCode.PRECONDITION_FAILED, "cannot switch from tx to confirm mode", method)
    channel.confirms = channel.confirms or Confirms()
    return Command(channel.number, method)


def _transact(channel: Channel, method: Tx.Select) -> Tx.SelectOk:
    if channel.confirms is not None:
        raise AmqpError(ReplyCode.PRECONDITION_FAILED, "cannot switch from confirm to tx mode", method)
    channel.transactional = True
    return Tx.SelectOk()


def _end_transaction(channel: Channel, method: Tx.Commit | Tx.Rollback) -> Command:
    if not channel.transactional:
        raise AmqpError(ReplyCode.PRECONDITION_FAILED, "channel is not transactional", method)
    return Command(channel.number, method)


def _qos(channel: Channel, method: Basic.Qos) -> Command:
    if method.prefetch_size:
        raise AmqpError(ReplyCode.NOT_IMPLEMENTED, f"prefetch_size!=0 ({method.prefetch_size})", method)
    return Command(channel.number, method)


def _needless(channel: Channel, method: Method) -> None:
    """An answer to what was not asked, or not waited for."""


def _misplaced(channel: Channel, method: Method) -> None:
    raise AmqpError(ReplyCode.COMMAND_INVALID, "methods of the connection are for channel 0", method)


_RULES: Mapping[type[Method], Callable[[Channel, Any], Method | Event | None]] = {
    Methods.Open: _open,
    Methods.Close: _close,
    Methods.CloseOk: _needless,
    Methods.Flow: _flow,
    Methods.FlowOk: _needless,
    Confirm.Select: _confirm,
    Tx.Select: _transact,
    Tx.Commit: _end_transaction,
    Tx.Rollback: _end_transaction,
    Basic.Qos: _qos,
    Basic.CancelOk: _needless,
    OnConnection.StartOk: _misplaced,
    OnConnection.TuneOk: _misplaced,
    OnConnection.Open: _misplaced,
    OnConnection.UpdateSecret: _misplaced,
    OnConnection.Close: _misplaced,
    OnConnection.CloseOk: _misplaced,
}
