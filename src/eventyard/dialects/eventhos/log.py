"""``/event/received``: what came in, and what became of it; filters apply before paging, and totals are true.

How entries look is the business of ``received.py``. What an operator does about them is in ``retries.py``.
"""

from collections.abc import Callable
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.bodies import fault
from eventyard.dialects.eventhos.executions import execution_detail
from eventyard.dialects.eventhos.paging import Listed, Paged
from eventyard.dialects.eventhos.received import (
    STATES,
    ReceivedDetail,
    ReceivedRow,
    day,
    received_detail,
    received_row,
)
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.dialects.eventhos.visit import Visit, needs
from eventyard.model.errors import NotFound
from eventyard.model.ids import Millis
from eventyard.model.journal import EntryDetail
from eventyard.model.reserved import is_reserved
from eventyard.pipeline.search import MAX_ENTRY_ID

router = APIRouter(prefix="/event/received", tags=["Log"], route_class=EventhosRoute)

ROW = {
    "id": 7, "systemId": 1, "eventId": 2, "systemName": "Shop", "systemIdentifier": "shop", "eventName": "New order",
    "eventIdentifier": "new_order_new-DBOciIq7Bt", "eventDescription": "Somebody ordered something",
    "received_request": "****", "receivedAt": "2026-01-02T03:04:05.678Z", "state": ["processed", "error"],
}  # fmt: skip

Selecting = Annotated[Visit, needs("event:select")]


@router.get(
    "", operation_id="eventhos_list_received", summary="List received events",
    **shows("A page of received events, by their ids.", Listed[ReceivedRow], example=page_of(ROW)),
)  # fmt: skip
async def list_received(
    request: Request,
    visit: Selecting,
    page: Paged,
    system_id: Annotated[str | None, Query(alias="systemId", description="Of this system.")] = None,
    from_time: Annotated[
        str | None, Query(alias="fromTime", description="Received after the beginning of this day (ISO 8601).")
    ] = None,
    to_time: Annotated[
        str | None, Query(alias="toTime", description="Received at the beginning of this day at the latest.")
    ] = None,
    state: Annotated[
        str | None, Query(description="processed, or error: with a contract that ended so.", examples=["error"])
    ] = None,
    id_search: Annotated[str | None, Query(alias="idSearch", description="With this id.")] = None,
    identifier: Annotated[
        str | None, Query(alias="eventIdentifierSearch", description="Of the event with this identifier.")
    ] = None,
) -> Response:
    """Received events for which everything given holds. Days are those of the hub's setting eventhos.time_zone."""
    zone = ZoneInfo(request.app.state.options.time_zone)
    criteria: dict[str, Any] = {"ascending": not page.descending, "offset": page.offset, "limit": page.items_per_page}
    possible = all(
        _put(criteria, name, text, read)
        for name, text, read in (
            ("application", system_id, _number),
            ("entry_id", id_search, _number),
            ("endings", state, STATES.get),
            ("name", identifier, str),
            ("created_from", from_time, lambda text: _day("fromTime", text, zone) + 1),
            ("created_to", to_time, lambda text: _day("toTime", text, zone)),
        )
    )
    if not possible:
        return ok(200000, page.content([], 0))
    found = await visit.hub.search.listed(visit.who, visit.sight.project.id, criteria)
    return ok(200000, page.content([received_row(visit.sight, one) for one in found.publications], found.total))


@router.get(
    "/{id}", operation_id="eventhos_get_received", summary="Show a received event",
    **shows("The event as it came, and its contracts as far as they are over.", ReceivedDetail),
)  # fmt: skip
async def get_received(visit: Selecting, id: str) -> Response:
    """What came in, without credentials, and what became of it."""
    detail = await _entry(visit, id)
    if detail.entry.parent_id is not None:
        raise _nothing(id)
    return ok(200000, received_detail(visit.sight, detail))


@router.get(
    "/execution-detail/{id}", operation_id="eventhos_get_execution", summary="Show an executed contract",
    **shows("The last request and its response; `id` is the contract's.", dict[str, Any]),
)  # fmt: skip
async def get_execution(visit: Selecting, id: str) -> Response:
    """What was sent and what was answered, with stars for secrets."""
    detail = await _entry(visit, id)
    if detail.entry.parent_id is None:
        raise _nothing(id)
    return ok(200000, execution_detail(visit.sight, detail))


async def _entry(visit: Visit, id: str) -> EntryDetail:
    """The entry with that id. Raises :class:`EventhosError` 404."""
    number = _number(id)
    if number is None:
        raise _nothing(id)
    try:
        detail = await visit.hub.search.detail(visit.who, str(number))
    except NotFound:
        raise _nothing(id) from None
    if detail.entry.project_id != visit.sight.project.id or is_reserved(detail.entry.topic or ""):
        raise _nothing(id)
    return detail


def _put(criteria: dict[str, Any], name: str, text: str | None, read: Callable[[str], Any]) -> bool:
    """Take a parameter among the criteria, if it is given. False if nothing can be found by what it says."""
    if not text:
        return True
    value = read(text)
    criteria[name] = value
    return value is not None


def _number(text: str) -> int | None:
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > MAX_ENTRY_ID:
        return None
    return int(text)


def _day(field: str, text: str, zone: ZoneInfo) -> Millis:
    try:
        return day(text, zone)
    except ValueError:
        raise fault(field, "That is no date; write one such as 2026-01-02") from None


def _nothing(id: str) -> EventhosError:
    return EventhosError(404, 404000, f"There is no entry with id {id:.40} in the log")
