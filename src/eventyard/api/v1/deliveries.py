"""``/v1/deliveries``: the journal's deliveries, and what an operator does with them: retry, discard, reprocess."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.acting import Acted, Acting, acted
from eventyard.api.v1.answers import reply, shows
from eventyard.api.v1.bodies import Body
from eventyard.api.v1.call import Asked, Cursor, Everywhere, Limit
from eventyard.api.v1.entries import Entry, entry_shown
from eventyard.api.v1.events import Searched, found
from eventyard.model.lifecycle import DELIVERIES, Trigger
from eventyard.pipeline.search import MAX_ENTRY_ID

router = APIRouter(prefix="/v1/deliveries", tags=["Deliveries"])

EntryNumber = Annotated[int, Path(ge=1, le=MAX_ENTRY_ID, description="The journal's id of the delivery.")]


class Comment(Body):
    """What the history shall say."""

    comment: Annotated[str, Field(max_length=2000)] = ""


@router.get(
    "", operation_id="list_deliveries", summary="Search deliveries", **shows(list[Entry], "Newest first.", paged=True)
)
async def list_deliveries(
    call: Asked, search: Searched, project_id: Everywhere = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """As `/v1/events`, of the kinds that are delivered: subscriptions, and several of one made as one."""
    return await found(call, project_id, {**search.fields, "of_kinds": DELIVERIES}, limit, cursor)


@router.post(
    "/retry", operation_id="retry_deliveries", summary="Retry many deliveries",
    **shows(Acted, "How many were found, and put back to work."),
)  # fmt: skip
async def retry_deliveries(call: Asked, body: Acting) -> Response:
    """Another round of attempts for every delivery in Error that the filter finds. A dry run counts.

    It ends when the request is closed, and after `limit` deliveries: to go on, ask again with the `cursor`.
    """
    return await acted(call, body, partial(call.hub.reprocessing.act_all, call.who, Trigger.RETRY))


@router.post(
    "/discard", operation_id="discard_deliveries", summary="Discard many deliveries",
    **shows(Acted, "How many were found, and discarded."),
)  # fmt: skip
async def discard_deliveries(call: Asked, body: Acting) -> Response:
    """Ends every delivery that the filter finds, also those that are Complete; otherwise as `retry`."""
    return await acted(call, body, partial(call.hub.reprocessing.act_all, call.who, Trigger.DISCARD))


@router.post(
    "/reprocess", operation_id="reprocess_deliveries", summary="Reprocess many deliveries",
    **shows(Acted, "How many were found, and have a new delivery in their place."),
)  # fmt: skip
async def reprocess_deliveries(call: Asked, body: Acting) -> Response:
    """A new delivery in place of every one that is over and the filter finds; otherwise as `retry`."""
    return await acted(call, body, partial(call.hub.reprocessing.act_all, call.who, Trigger.REPROCESS))


@router.post(
    "/{entry_id}/retry", operation_id="retry_delivery", summary="Retry a delivery", **shows(Entry, "The delivery.")
)
async def retry_delivery(call: Asked, entry_id: EntryNumber, body: Comment | None = None) -> Response:
    """Another round of attempts of a delivery in Error."""
    entry = await call.hub.reprocessing.retry(call.who, entry_id, body.comment if body else "")
    return reply(entry_shown(entry))


@router.post(
    "/{entry_id}/discard", operation_id="discard_delivery", summary="Discard a delivery",
    **shows(Entry, "The delivery."),
)  # fmt: skip
async def discard_delivery(call: Asked, entry_id: EntryNumber, body: Comment | None = None) -> Response:
    """End a delivery as Discarded. An attempt under way may still reach the target."""
    entry = await call.hub.reprocessing.discard(call.who, entry_id, body.comment if body else "")
    return reply(entry_shown(entry))


@router.post(
    "/{entry_id}/reprocess", operation_id="reprocess_delivery", summary="Reprocess a delivery",
    **shows(Entry, "The new delivery.", 201),
)  # fmt: skip
async def reprocess_delivery(call: Asked, entry_id: EntryNumber, body: Comment | None = None) -> Response:
    """A new delivery of the same event for the same subscription; the old one becomes Reprocessed."""
    entry = await call.hub.reprocessing.reprocess(call.who, entry_id, body.comment if body else "")
    return reply(entry_shown(entry), 201)
