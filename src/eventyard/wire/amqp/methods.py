"""Methods <-> the payload of a method frame. What methods there are, and of what arguments, pamqp's classes say.

Only their shape is taken from them: arguments are read by ``fields.py``, which is strict, and objects are made without
their constructors, some of which refuse names that clients of RabbitMQ are used to, such as ``größe`` for a queue.
Frames around payloads are ``frames.py``'s, and what a method means is ``connection.py``'s.
"""

from collections.abc import Callable
from itertools import groupby
from typing import Any, TypeVar

from msgspec import Struct
from pamqp import commands
from pamqp.base import Frame

from eventyard.wire.amqp.errors import AmqpError, ReplyCode
from eventyard.wire.amqp.fields import (
    MALFORMED,
    U8,
    U16,
    U32,
    U64,
    longstr,
    read_longstr,
    read_shortstr,
    read_table,
    shortstr,
    table,
)

FROM_CLIENTS = frozenset(
    {
        commands.Connection.StartOk,
        commands.Connection.TuneOk,
        commands.Connection.Open,
        commands.Connection.Close,
        commands.Connection.CloseOk,
        commands.Connection.UpdateSecret,
        commands.Channel.Open,
        commands.Channel.Flow,
        commands.Channel.FlowOk,
        commands.Channel.Close,
        commands.Channel.CloseOk,
        commands.Exchange.Declare,
        commands.Exchange.Delete,
        commands.Exchange.Bind,
        commands.Exchange.Unbind,
        commands.Queue.Declare,
        commands.Queue.Bind,
        commands.Queue.Purge,
        commands.Queue.Delete,
        commands.Queue.Unbind,
        commands.Basic.Qos,
        commands.Basic.Consume,
        commands.Basic.Cancel,
        commands.Basic.CancelOk,
        commands.Basic.Publish,
        commands.Basic.Get,
        commands.Basic.Ack,
        commands.Basic.Reject,
        commands.Basic.Nack,
        commands.Basic.Recover,
        commands.Basic.RecoverAsync,
        commands.Confirm.Select,
        commands.Tx.Select,
        commands.Tx.Commit,
        commands.Tx.Rollback,
    }
)
"""Every method that a server of AMQP 0-9-1 is sent; ``connection.secure-ok`` only answers what is never asked."""

Method = TypeVar("Method", bound=Frame)

_READ: dict[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "octet": lambda data, at: (data[at], at + 1),
    "short": lambda data, at: (U16.unpack_from(data, at)[0], at + 2),
    "long": lambda data, at: (U32.unpack_from(data, at)[0], at + 4),
    "longlong": lambda data, at: (U64.unpack_from(data, at)[0], at + 8),
    "shortstr": read_shortstr,
    "longstr": read_longstr,
    "table": read_table,
}
_WRITE: dict[str, Callable[[Any], bytes]] = {
    "octet": U8.pack,
    "short": U16.pack,
    "long": U32.pack,
    "longlong": U64.pack,
    "shortstr": shortstr,
    "longstr": longstr,
    "table": table,
}


class _Argument(Struct, frozen=True):
    """One argument, or the up to eight bits that share an octet, the first of them lowest."""

    names: tuple[str, ...]
    type: str


def _shape(method: type[Frame]) -> tuple[_Argument, ...]:
    arguments: list[_Argument] = []
    for kind, names in groupby(method.__slots__, method.amqp_type):
        if kind == "bit":
            arguments.append(_Argument(tuple(names), "bit"))
        else:
            arguments += (_Argument((name,), kind) for name in names)
    return tuple(arguments)


_KNOWN: dict[int, type[Frame]] = commands.INDEX_MAPPING
_SHAPES = {method: _shape(method) for method in _KNOWN.values()}
_ACK = commands.Basic.Ack.index
_ACK_END = 4 + 9


def decode(payload: bytes) -> Frame:
    """The method of a method frame that a client sent.

    Raises :class:`AmqpError`: 540 for what the protocol, or this server, does not have, 503 for a method that only
    servers send, 502 for arguments that cannot be read. All three end the connection.
    """
    if len(payload) < 4:
        raise AmqpError(ReplyCode.FRAME_ERROR, "a method frame has no room for a method")
    index: int = U32.unpack_from(payload)[0]
    if index == _ACK and len(payload) == _ACK_END:
        return commands.Basic.Ack(U64.unpack_from(payload, 4)[0], bool(payload[12] & 1))
    method_class = _KNOWN.get(index)
    if method_class is None:
        class_id, method_id = divmod(index, 1 << 16)
        raise AmqpError(ReplyCode.NOT_IMPLEMENTED, f"there is no method {method_id} of class {class_id}")
    if method_class not in FROM_CLIENTS:
        raise AmqpError(ReplyCode.COMMAND_INVALID, f"{name_of(method_class)} is not for clients to send", method_class)
    try:
        return _read(method_class, payload)
    except MALFORMED as error:
        raise AmqpError(
            ReplyCode.SYNTAX_ERROR, f"cannot read the arguments of {name_of(method_class)}: {error}", method_class
        ) from None


def make(method_class: type[Method], **arguments: Any) -> Method:
    """A method with all of its arguments, and none of them looked at: for those that carry a name of a client's."""
    method = method_class.__new__(method_class)
    for name, value in arguments.items():
        setattr(method, name, value)
    return method


def _read(method_class: type[Frame], payload: bytes) -> Frame:
    arguments: dict[str, Any] = {}
    at = 4
    for argument in _SHAPES[method_class]:
        if argument.type == "bit":
            for position, name in enumerate(argument.names):
                arguments[name] = bool(payload[at] >> position & 1)
            at += 1
        else:
            arguments[argument.names[0]], at = _READ[argument.type](payload, at)
    if at != len(payload):
        raise ValueError("there is more than the arguments")
    return make(method_class, **arguments)


def encode(method: Frame) -> bytes:
    """The payload of a method. Raises ``ValueError`` or ``struct.error`` when a value does not fit its type."""
    parts = [U32.pack(method.index)]
    for argument in _SHAPES[type(method)]:
        if argument.type == "bit":
            parts.append(U8.pack(sum(getattr(method, name) << n for n, name in enumerate(argument.names))))
        else:
            parts.append(_WRITE[argument.type](getattr(method, argument.names[0])))
    return b"".join(parts)


def name_of(method: Frame | type[Frame]) -> str:
    """The name as the specification writes it: ``queue.declare``."""
    return method.name.lower()
