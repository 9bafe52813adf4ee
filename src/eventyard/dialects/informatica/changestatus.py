"""``POST event/changestatus``: an operator says how an event ended, and why. The comment goes into its history."""

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import SUCCESS, InformaticaRoute, answer
from eventyard.dialects.informatica.bodies import event_id, text, word
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.profiles import Profile
from eventyard.dialects.informatica.shapes import NUMBER, TEXT, answered, given, success
from eventyard.model.lifecycle import BY_HAND, label

STATUSES = {label(status): status for status in BY_HAND}


def changestatus_router(profile: Profile) -> APIRouter:
    """The call that gives an event a status."""
    router = APIRouter(tags=["Events"], route_class=InformaticaRoute)

    @router.post(
        "/event/changestatus",
        operation_id=f"{profile.name.lower()}_change_event_status",
        summary="Change the status of an event",
        openapi_extra=given(
            {"eventId": NUMBER, "eventStatusName": {"type": "string", "enum": list(STATUSES)}, "comment": TEXT},
            ("eventId", "eventStatusName"),
            {"eventId": "270003", "eventStatusName": "Complete", "comment": "Loaded by hand."},
        ),
        responses={
            200: success("The event has the status."),
            409: answered(
                "It has that status already, or is Reprocessed.",
                {"responseCode": {"const": "CONFLICT"}, "message": TEXT},
            ),
        },
    )
    async def changestatus(call: Calling) -> Response:
        """Any event but a Reprocessed one. Its history keeps the comment, and who it was."""
        body = await call.body()
        entry, status = event_id(body), word(body, "eventStatusName", STATUSES)
        await call.hub.reprocessing.change_status(call.who, entry, status, text(body, "comment") or "")
        return answer({"responseCode": SUCCESS})

    return router
