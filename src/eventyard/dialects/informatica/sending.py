"""Events that calls of these products bring: committed through the door of a publication, as a dispatch is.

A source whose scheme signs wants the signature over the body of the call. What stands in the way of this event, and
not of the call, is told as a conflict: the publication is disabled, or the data does not match its schemas.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from eventyard.dialects.informatica.answers import answer
from eventyard.dialects.informatica.call import Call
from eventyard.dialects.informatica.naming import named
from eventyard.model.access import Scope
from eventyard.model.catalog import Source
from eventyard.model.errors import Conflict, Invalid
from eventyard.model.event import Event
from eventyard.pipeline import idempotency
from eventyard.pipeline.accept import Accepted
from eventyard.pipeline.arrivals import Arrival
from eventyard.ports import Request

REPLAYED = {"idempotency-replayed": "true"}


def publication(call: Call, body: Mapping[str, Any]) -> Source:
    """The publication that the field ``publicationName`` names, if the caller may publish. Raises ``NotFound``."""
    return named(call.view().need(Scope.EVENTS_PUBLISH), Source, body, "publicationName")


async def commit(call: Call, source: Source, raw: bytes, data: bytes, *, force: bool = False) -> Accepted:
    """Commit JSON data as one event of a publication; with ``force`` of a disabled one, too.

    ``raw`` is the body of the call. Raises ``Conflict``, ``Unauthenticated``, ``Unavailable``, and ``Invalid`` for an
    idempotency key beyond its bound.
    """
    if not source.enabled and not force:
        hint = "enable it, or start it with runDisabled"
        raise Conflict("source_disabled", f"publication {source.name!r} is disabled", hint=hint)
    door = call.hub.doors.of(source.id)
    now = call.hub.clock()
    proof = door.verify(Request(dict(call.headers), raw, now)) if door.verifier.signs else None
    event = Event(call.hub.publishing.new_id(), door.uri, source.name, now, data, source.name)
    signature = None if proof is None else proof.signature
    arrival = Arrival(door, event, idempotency.of_sender(call.headers), signature, forced=force)
    try:
        return await call.hub.acceptor.accept(arrival)
    except Invalid as error:
        if error.code not in ("schema_mismatch", "source_disabled"):
            raise
        raise Conflict(error.code, error.message, pointer=error.pointer, hint=error.hint) from None


def committed(accepted: Accepted, told: Mapping[str, Any]) -> Response:
    """The answer to an event that is committed, be it now or when the same idempotency key first came."""
    body = {"responseCode": "SUCCESS", "eventId": accepted.entry_id, **told}
    return answer(body, headers=REPLAYED if accepted.replayed else None)
