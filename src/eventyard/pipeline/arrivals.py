"""Arrivals: events at a door, decoded, their senders proven, and what schemas and filters see of their data.

They are made by the front doors and by whoever publishes on the hub's own account; ``accept.py`` commits them.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from eventyard.matching.fields import decode
from eventyard.model.errors import Invalid
from eventyard.model.event import Event
from eventyard.pipeline.doors import Door

_decode_whole = msgspec.json.Decoder(msgspec.Raw).decode


class Arrival(Struct, frozen=True, gc=False):
    """An event at a door.

    ``key`` is its idempotency key (``idempotency.py``); the same key with the same data gets the same answer.
    ``signature`` may not come twice: a repeated one is refused, or, where the sender may redeliver, answered as before.
    ``well_formed`` says that the data need not be read to be believed: it was cut out of JSON that was read already, or
    came over a stream, whose messages may be anything; and that without data the event has none, as it may (CloudEvents
    1.0.2, section 3.3). ``data_at`` is the pointer to the data in what was sent. ``forced`` opens a disabled source.
    """

    door: Door
    event: Event
    key: str | None = None
    signature: str | None = None
    redelivery: bool = False
    well_formed: bool = False
    data_at: str = ""
    forced: bool = False

    def checked(self) -> Any:
        """The data as a JSON value, once every schema of the door takes it.

        Raises ``Invalid`` (``schema_mismatch``, ``invalid_json``).
        """
        door, event = self.door, self.event
        bare = self.well_formed and not event.data
        if not bare and not event.is_json:
            raise Invalid(
                "schema_mismatch",
                f"source {door.source.name!r} has a schema, and {event.content_type} data is not JSON",
                pointer="/datacontenttype" if self.data_at else "Content-Type",
            )
        data = None if bare else _read(msgspec.json.decode, event.data)
        try:
            for schema in door.schemas:
                schema.check(data)
        except Invalid as error:
            raise error.below(self.data_at) from None
        return data

    def seen(self, *, looked_at: bool) -> Any:
        """The data as filters see it: a JSON value, or ``None`` where it is not JSON, not there, or not looked at.

        Raises ``Invalid`` (``invalid_json``) for what claims to be JSON, whether or not it is looked at.
        """
        data = self.event.data
        if self.well_formed and not (looked_at and data):
            return None
        if not self.event.is_json:
            return None
        return _read(decode if looked_at else _check, data)


def _check(data: bytes) -> None:
    _decode_whole(data.decode())


def _read(decode: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return decode(data)
    except (ValueError, RecursionError) as error:
        raise Invalid("invalid_json", f"the event's data is not JSON: {error}") from None
