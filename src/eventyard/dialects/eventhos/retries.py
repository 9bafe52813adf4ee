"""What an operator does about a contract that ended in error: execute it once more, or mark it as aborted.

Both are proven by the access key of the event's system. The log tells no keys, so a screen that found an event there
has stars in the place of one: with these, a management token of the permission :data:`RETRY` proves the call.
"""

import asyncio
from typing import Annotated, Any
from weakref import WeakValueDictionary

from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct
from msgspec.structs import replace
from pydantic import Field

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.bodies import Body
from eventyard.dialects.eventhos.rows import SEALED
from eventyard.dialects.eventhos.send import IDENTIFIER, KEY, asked
from eventyard.dialects.eventhos.shapes import shows
from eventyard.model.access import Principal, lent
from eventyard.model.catalog import Mode, Source, Subscription
from eventyard.model.errors import Conflict, NotFound
from eventyard.model.journal import Entry
from eventyard.model.lifecycle import Status
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.search import MAX_ENTRY_ID

router = APIRouter(prefix="/event", tags=["Send"], route_class=EventhosRoute)

RETRY = "event:retry-aborted"

PARAMETERS: dict[str, Any] = {
    "openapi_extra": {
        "parameters": [
            {"name": IDENTIFIER, "in": "query", "required": True, "schema": {"type": "string"}},
            {"name": KEY, "in": "query", "schema": {"type": "string"}, "description": "Or as a header."},
        ]
    }
}


class Retried(Body):
    """Which execution to retry."""

    received_event_id: Any = Field(default=None, alias="receivedEventId", examples=[7])
    contract_detail_id: Any = Field(default=None, alias="contractDetailId", examples=[8])


class Aborted(Body):
    """Which execution to abort."""

    contract_detail_id: Any = Field(default=None, alias="contractDetailId", examples=[8])


class _Proof(Struct):
    """The event that a call is about, and who may act on what came of it."""

    event: Source
    who: Principal


@router.post(
    "/send/contract", operation_id="eventhos_retry_contract", summary="Execute a contract once more",
    **shows("It was executed; the log says how that ended.", code=20000), **PARAMETERS,
)  # fmt: skip
async def retry_contract(
    request: Request,
    body: Retried,
    contract_id: Annotated[str | None, Query(alias="contract-id", description="Id of the contract.")] = None,
) -> Response:
    """Execute once more a contract that ended in error, and wait for the action. The old execution has attempts 1."""
    proof, hub = _prove(request), request.app.state.hub
    received, detail = _id(body.received_event_id), _id(body.contract_detail_id)
    if received is None:
        raise EventhosError(400, 400203, "Received event Id was not send.")
    if detail is None:
        raise EventhosError(400, 400203, "Contract detail Id was not send.")
    contract = _contract(hub, proof.event, contract_id)
    async with _turn(request, detail):
        entry = await _execution(hub, proof, detail)
        if entry is None or entry.status is not Status.ERROR:
            raise _processed()
        if entry.parent_id != received or entry.name_id != contract.id:
            raise _processed()
        try:
            again = await hub.reprocessing.reprocess(proof.who, entry.id, "retried by hand")
        except (Conflict, NotFound):
            raise _processed() from None
    await hub.reprocessing.ended(proof.who, again.id)
    return ok(20000)


@router.post(
    "/retry/aborted", operation_id="eventhos_abort_contract", summary="Abort a contract that ended in error",
    **shows("It is marked as aborted, and cannot be retried."), **PARAMETERS,
)  # fmt: skip
async def abort_contract(request: Request, body: Aborted) -> Response:
    """Mark a contract that ended in error as one that will not be retried."""
    who = request.app.state.access.caller(request, RETRY).principal
    proof, hub = _prove(request), request.app.state.hub
    detail = _id(body.contract_detail_id)
    if detail is None:
        raise EventhosError(400, 400203, "Contract Detail Id was not send.")
    async with _turn(request, detail):
        entry = await _execution(hub, proof, detail)
        if entry is None:
            raise EventhosError(400, 400203, "Contract Detail was not found.")
        if entry.status is not Status.ERROR:
            raise EventhosError(400, 400203, "Contract Detail was prosecuted.")
        try:
            await hub.reprocessing.discard(who, entry.id, "aborted by hand")
        except Conflict:
            raise EventhosError(400, 400203, "Contract Detail was prosecuted.") from None
    return ok(200000)


def _turn(request: Request, detail: int) -> asyncio.Lock:
    """Whose turn it is with an execution: under ``/v1`` what was aborted may be retried, so of two calls at once the
    second has to see what the first did.
    """
    turns: WeakValueDictionary[int, asyncio.Lock] = request.app.state.turns
    return turns.setdefault(detail, asyncio.Lock())


def _prove(request: Request) -> _Proof:
    """Who calls, and about which event. Raises what :meth:`Senders.prove` and :meth:`Access.caller` do."""
    state = request.app.state
    given = asked(request.scope["query_string"])
    header = request.headers.get(KEY)
    if SEALED in (given.key, header):
        who = state.access.caller(request, RETRY).principal
        return _Proof(state.senders.door(given.identifier).source, who)
    key = (state.options.access_key_in_query and given.key) or header
    sender = state.senders.prove(given.identifier, key)
    who = state.hub.identity.tokens.verify(key).principal
    return _Proof(sender.door.source, replace(who, scopes=who.scopes | lent("event:select") | lent(RETRY)))


def _contract(hub: Hub, event: Source, contract_id: str | None) -> Subscription:
    """The contract of the event, if it takes part. Raises :class:`EventhosError` 400204."""
    number = _id(contract_id)
    contract = None if number is None else hub.catalog.numbered(Subscription, number)
    if (
        contract is None
        or contract.source_id not in (None, event.id)
        or event.topic_id not in contract.topic_ids
        or contract.mode is not Mode.ENABLED
    ):
        raise EventhosError(400, 400204, "The event has no active contract with this id.")
    return contract


async def _execution(hub: Hub, proof: _Proof, number: int) -> Entry | None:
    """The executed contract with that id, if it is one of the event's."""
    try:
        entry = (await hub.search.detail(proof.who, str(number))).entry
        if entry.parent_id is None:
            return None
        received = (await hub.search.detail(proof.who, str(entry.parent_id))).entry
    except NotFound:
        return None
    return entry if received.name_id == proof.event.id else None


def _id(value: Any) -> int | None:
    """An id, as a number or a text; ``None`` for none, and 0, which nothing has, for anything else."""
    if not value:
        return None
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or len(text) > 19:
        return 0
    return int(text) if int(text) <= MAX_ENTRY_ID else 0


def _processed() -> EventhosError:
    message = "Detail of the contract does not exist or has already been processed"
    return EventhosError(400, 400206, message)
