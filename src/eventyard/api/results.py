"""What is answered to events that come in: receipts, a line for each of a batch, a result for each subscription."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from eventyard.api.names import shortened
from eventyard.api.problems import status_of
from eventyard.matching.pointer import pointer
from eventyard.model.catalog import Subscription
from eventyard.model.errors import HubError, Invalid, TooLarge
from eventyard.model.journal import Entry
from eventyard.model.lifecycle import Status
from eventyard.pipeline import idempotency
from eventyard.pipeline.accept import Accepted
from eventyard.pipeline.catalog import Catalog

_UNKNOWN = "Object contains unknown field `"
"""How msgspec begins to tell of a field that it does not know."""


class Receipt(Struct):
    """The answer to one event."""

    event_id: str
    entry_id: int
    dispatched: int


class DispatchResult(Struct):
    """What the event comes to for one matching subscription."""

    subscription_id: str
    target_type: str
    target_id: str
    delivery_id: int | None
    status: Annotated[
        str, Meta(description="queued; delayed, if its subscription waits; skipped, for a reason.", examples=["queued"])
    ]
    reason: str | None


class Line(Struct, omit_defaults=True):
    """The result of one event of a batch: a receipt, or what was wrong."""

    status: int
    event_id: str | None = None
    entry_id: int | None = None
    dispatched: int | None = None
    replayed: bool | None = None
    code: str | None = None
    detail: str | None = None
    pointer: str | None = None


def results_of(accepted: Accepted) -> list[DispatchResult]:
    """What an event comes to for each subscription that it concerns."""
    results = []
    delivery_id: int = accepted.entry_id
    for choice in accepted.choices:
        queued = choice.reason is None
        delivery_id += queued
        status = ("delayed" if choice.waits else "queued") if queued else "skipped"
        to = choice.subscription
        results.append(
            DispatchResult(to.id, to.target_type, to.target_id, delivery_id if queued else None, status, choice.reason)
        )
    return results


def results_again(deliveries: Iterable[Entry], catalog: Catalog) -> list[DispatchResult]:
    """The same, of an event that came before, as its deliveries on record tell it. What was skipped had none.

    That one of a later group waited for the groups before it was not told the first time either.
    """
    results = []
    for child in deliveries:
        to = catalog.seek(Subscription, child.name_id or "")
        if to is not None:
            waited = child.status is Status.DELAYED or child.delayed_ms > 0
            status = "delayed" if waited and (to.order is None or to.waits) else "queued"
            results.append(DispatchResult(to.id, to.target_type, to.target_id, child.id, status, None))
    return results


def lines_of(results: Iterable[Accepted | HubError], *, key_at: str | None = None) -> list[Line]:
    """The results of the events of a batch, in their order.

    Pointers lead from the root of the batch; ``key_at`` is where an event has its idempotency key, if it is no header.
    """
    return [
        _refused(place, result, key_at)
        if isinstance(result, HubError)
        else Line(202, result.event_id, result.entry_id, result.dispatched, result.replayed or None)
        for place, result in enumerate(results)
    ]


def _refused(place: int, error: HubError, key_at: str | None) -> Line:
    if error.pointer == idempotency.HEADER and key_at is not None:
        pointer: str | None = f"/{place}{key_at}"
    else:
        pointer = error.below(f"/{place}").pointer
    return Line(status_of(error), code=error.code, detail=error.message, pointer=pointer)


def decoded(decode: Any, raw: bytes | Raw) -> Any:
    """What a decoder makes of a body.

    Raises ``Invalid`` (``invalid_json``, ``invalid_body``), ``TooLarge`` (``body_too_deep``).
    """
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`").replace(".", "/")
        if message.startswith(_UNKNOWN):
            name = message.removeprefix(_UNKNOWN).rstrip("`")
            message, path = f"there is no field {shortened(name)!r}", pointer(path, name)
        raise Invalid("invalid_body", message, pointer=path or None) from None
    except RecursionError:
        raise TooLarge("body_too_deep", "the JSON is nested deeper than can be read") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("invalid_json", f"the body is not JSON: {error}") from None
