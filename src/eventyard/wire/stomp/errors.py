"""What a STOMP client may have done wrong, with the words that RabbitMQ's clients know.

A :class:`Refused` is a ``HubError`` that also carries the ``message`` header of its ERROR frame. Errors of the pipeline
have none, and are titled by their code. ``session.py`` makes frames of both; which errors a connection can outlive is
decided here, in :func:`survivable`.
"""

from collections.abc import Mapping
from typing import Final

from eventyard.model.errors import HubError, Invalid

FATAL: Final = frozenset({"invalid_frame", "frame_too_large", "duplicate"})
"""Codes after which nobody knows where the next frame begins, or which of two subscriptions a message is for."""

_TITLES: Mapping[str, str] = {"forbidden": "access_refused", "unauthenticated": "access_refused"}


class Refused(Invalid):
    """A command that cannot be obeyed as it was sent; ``title`` becomes the ``message`` of the ERROR frame."""

    def __init__(self, title: str, text: str, *, code: str = "invalid_parameter", header: str | None = None) -> None:
        super().__init__(code, text, pointer=header)
        self.title = title


def missing(command: str, header: str) -> Refused:
    """A header without which the command says nothing."""
    return Refused("Missing header", f"{command} must include the '{header}' header", header=header)


def invalid(command: str, header: str, why: str) -> Refused:
    """A header whose value cannot be used."""
    return Refused("Invalid header", f"{command} must include a valid '{header}' header: {why}", header=header)


def message_not_found(number: int) -> Refused:
    """An acknowledgement of a message that is not, or no longer, this connection's to acknowledge."""
    return Refused("Message not found", f"message {number} is not waiting for an acknowledgement")


def title_of(error: HubError) -> str:
    """The ``message`` header of the error's frame."""
    return error.title if isinstance(error, Refused) else _TITLES.get(error.code, error.code)


def survivable(error: HubError) -> bool:
    """Whether a client that asked to go on after errors may go on after this one: a wrong command, and no more."""
    return isinstance(error, Invalid) and error.code not in FATAL
