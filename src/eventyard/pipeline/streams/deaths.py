"""How a message died: by which queues it was given up, why, and where it had been sent. What ``x-death`` tells.

It is kept as an extension attribute of the dead letter, in JSON, so that names may hold any character. The rules are
RabbitMQ's, which clients count on to try again later: deaths of one queue for one reason are counted together, and only
a circle in which nobody refused the message is broken.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from eventyard.model.event import Event
from eventyard.model.ids import Millis

DEATHS = "deaths"
"""The extension attribute."""

REJECTED = "rejected"
"""The reason of a message that a consumer refused; the others are ``expired`` and ``maxlen``."""


class Death(Struct, frozen=True, array_like=True):
    """``count`` deaths in one queue for one reason, and how it was the first time.

    ``exchange`` is what clients call the exchange that the message was sent to, with ``key``; ``expiration`` its own
    time to live, which the dead letter has no more.
    """

    queue: str
    reason: str
    exchange: str
    key: str
    at: Millis
    count: int = 1
    expiration: str | None = None


_DECODER = msgspec.json.Decoder(tuple[Death, ...])


def deaths_of(event: Event) -> Sequence[Death]:
    """The deaths of an event, the latest first; an attribute that somebody else made up is none."""
    told = event.extensions.get(DEATHS)
    if told is None:
        return ()
    try:
        return _DECODER.decode(told)
    except msgspec.DecodeError:
        return ()


def with_death(deaths: Sequence[Death], death: Death) -> str:
    """The attribute once a message died again."""
    others = [other for other in deaths if (other.queue, other.reason) != (death.queue, death.reason)]
    same = [other for other in deaths if (other.queue, other.reason) == (death.queue, death.reason)]
    if same:
        death = msgspec.structs.replace(same[0], count=same[0].count + 1)
    return msgspec.json.encode((death, *others)).decode()


def goes_in_a_circle(deaths: Sequence[Death], queue: str, reason: str) -> bool:
    """Whether the message was in the queue before, and nobody has refused it since."""
    if reason == REJECTED:
        return False
    for death in deaths:
        if death.reason == REJECTED:
            return False
        if death.queue == queue:
            return True
    return False
