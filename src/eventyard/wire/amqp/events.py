"""What a connection tells its gateway, one record for each thing that happened, in the order it happened.

Those that ask for an answer say which verb of ``connection.py`` gives it.
"""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct
from pamqp.base import Frame as Method

from eventyard.wire.amqp.errors import AmqpError
from eventyard.wire.amqp.fields import FieldValue


class Login(Struct, frozen=True):
    """A client says who it is. Answered by ``accept_login`` or ``refuse_login``; nothing more is read before.

    With EXTERNAL there is no password, and a user only if the client named one.
    """

    mechanism: str
    user: str | None
    password: str | None
    client_properties: Mapping[str, FieldValue]

    def __repr__(self) -> str:
        return f"Login({self.mechanism!r}, user={self.user!r})"


class Open(Struct, frozen=True):
    """A client wants into a virtual host. Answered by ``accept_open`` or ``fail``; nothing more is read before."""

    vhost: str


class SecretUpdate(Struct, frozen=True):
    """A client renews its token. Answered by ``accept_secret`` or ``fail``."""

    secret: str
    reason: str

    def __repr__(self) -> str:
        return f"SecretUpdate(reason={self.reason!r})"


class Closing(Struct, frozen=True):
    """A client says goodbye. Answered by ``close_ok``, once all that is bound to the connection is gone."""

    code: int
    text: str


class Failed(Struct, frozen=True):
    """The client broke the protocol and was told so; all its channels are gone. Nothing is left to be answered."""

    error: AmqpError


class ChannelOpened(Struct, frozen=True):
    """A channel is open; the client was told."""

    channel: int


class ChannelClosing(Struct, frozen=True):
    """A client closes a channel. Answered by ``channel_close_ok``, once what it had not acknowledged is back."""

    channel: int
    code: int
    text: str


class ChannelFailed(Struct, frozen=True):
    """The client broke the rules of a channel and was told so; the channel is gone."""

    channel: int
    error: AmqpError


class Command(Struct, frozen=True, gc=False):
    """Any other method on an open channel, as pamqp's object. Answered by ``send`` as the method wants, or ``fail``."""

    channel: int
    method: Method


class Publish(Struct, frozen=True, gc=False):
    """A whole message. ``properties`` are as they came (see ``properties.py``).

    ``tag`` is what is to be confirmed (``Channel.confirms``); 0 when the channel is not in confirm mode.
    """

    channel: int
    exchange: str
    routing_key: str
    mandatory: bool
    properties: bytes
    body: bytes
    tag: int


Event: TypeAlias = (
    Login | Open | SecretUpdate | Closing | Failed | ChannelOpened | ChannelClosing | ChannelFailed | Command | Publish
)
