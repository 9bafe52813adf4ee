"""``POST event/reprocess``: an event anew, the same in both profiles. ``responseCode`` is a number: 0, or a status.

What may be reprocessed is a delivery that is over; the event that comes of it is another delivery, and has an id of its
own.
"""

from typing import Any

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import InformaticaRoute, answer
from eventyard.dialects.informatica.bodies import event_id, text
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.profiles import Profile
from eventyard.dialects.informatica.shapes import NUMBER, TEXT, answered, given

DONE = 0
NUMBERED = (400, 401, 403, 404, 409, 413, 415, 429, 500, 503)
"""The statuses of its refusals."""


class NumberedRoute(InformaticaRoute):
    """A route whose refusals have the status as their ``responseCode``, and no event."""

    @staticmethod
    def refusal(status: int, word: str, message: str) -> dict[str, Any]:
        """A refusal in numbers."""
        return {"responseCode": status, "reprocessEventId": None, "message": message}


def reprocess_router(profile: Profile) -> APIRouter:
    """The call that reprocesses."""
    router = APIRouter(tags=["Events"], route_class=NumberedRoute)
    refusal = answered(
        "It was not reprocessed: the status, and the reason.",
        {"responseCode": NUMBER, "reprocessEventId": {"type": "null"}, "message": TEXT},
    )

    @router.post(
        "/event/reprocess",
        operation_id=f"{profile.name.lower()}_reprocess_event",
        summary="Reprocess an event",
        openapi_extra=given({"eventId": NUMBER, "comment": TEXT}, ("eventId",), {"eventId": "40558"}),
        responses={
            200: answered(
                "The new event.", {"responseCode": NUMBER, "reprocessEventId": NUMBER, "message": {"type": "null"}}
            ),
            **dict.fromkeys(NUMBERED, refusal),
        },
    )
    async def reprocess(call: Calling) -> Response:
        """A new delivery in place of one that is over, which becomes Reprocessed; of a Complete one, too."""
        body = await call.body()
        made = await call.hub.reprocessing.reprocess(call.who, event_id(body), text(body, "comment") or "")
        return answer({"responseCode": DONE, "reprocessEventId": made.id, "message": None})

    return router
