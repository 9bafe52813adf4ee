"""``GET event/{eventId}``: how one event stands, the same in both profiles.

``responseCode`` is about the question and not the event: that of a failed event is SUCCESS, too.
"""

from typing import Any

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import InformaticaRoute, answer
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.profiles import Profile
from eventyard.dialects.informatica.shapes import state_of
from eventyard.model.errors import NotFound
from eventyard.model.journal import EntryDetail
from eventyard.model.lifecycle import FINAL, Kind, Status, label
from eventyard.pipeline.search import MAX_ENTRY_ID

PUBLISHED = (Kind.PUBLICATION, Kind.COMPOUND_PUBLICATION)


def event_router(profile: Profile) -> APIRouter:
    """The question how an event stands."""
    router = APIRouter(tags=["Events"], route_class=InformaticaRoute)

    @router.get(
        "/event/{eventId}",
        operation_id=f"{profile.name.lower()}_get_event",
        summary="Show how an event stands",
        responses={200: state_of()},
    )
    async def get_event(call: Calling, eventId: str) -> Response:
        """Type, names, status, times, counts, and why it failed, if it did."""
        if not eventId.isascii() or not eventId.isdigit() or len(eventId) > 19 or int(eventId) > MAX_ENTRY_ID:
            raise NotFound("not_found", f"there is no event {eventId:.40}")
        return answer(event_state(await call.hub.search.detail(call.who, eventId)))

    return router


def event_state(detail: EntryDetail) -> dict[str, Any]:
    """An event's state. What there is nothing to say of is left out."""
    entry = detail.entry
    state = {
        "responseCode": "SUCCESS",
        "eventId": entry.id,
        "eventType": label(entry.kind),
        "topicName": entry.topic,
        "publicationName" if entry.kind in PUBLISHED else "subscriptionName": entry.name,
        "applicationName": entry.application,
        "eventStatus": label(entry.status),
        "eventStartTimeLong": entry.created_at,
        "eventEndTimeLong": entry.completed_at,
        "referencedEventsList": ",".join(str(one) for one in sorted(detail.members, reverse=True)) or None,
        "isFinal": entry.status in FINAL,
        "isError": entry.status is Status.ERROR,
        "sourceSuccessRows": entry.counts.source_success,
        "sourceFailedRows": entry.counts.source_failed,
        "targetSuccessRows": entry.counts.target_success,
        "targetFailedRows": entry.counts.target_failed,
        "failureCause": _cause(detail),
    }
    return {name: value for name, value in state.items() if value is not None}


def _cause(detail: EntryDetail) -> str | None:
    """Why an event failed: what its last line says, or else its last attempt."""
    if detail.entry.status is not Status.ERROR:
        return None
    told = [line.comment for line in detail.history[-1:]] + [one.outcome.error for one in detail.attempts[-1:]]
    return next((text for text in told if text), None)
