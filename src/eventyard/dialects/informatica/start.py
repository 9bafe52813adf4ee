"""``POST subscription/start``: what waits for a subscription is delivered now, even while it is paused.

A subscription for which nothing waits is not started, as there is no publication ready for it.
"""

from typing import Any

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import SUCCESS, InformaticaRoute, answer
from eventyard.dialects.informatica.bodies import flag
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.naming import named
from eventyard.dialects.informatica.profiles import Profile
from eventyard.dialects.informatica.shapes import FLAG, NUMBER, TEXT, answered, given
from eventyard.model.access import Scope
from eventyard.model.catalog import Subscription
from eventyard.model.errors import Conflict

FAILED = "FAILED"
OF_THE_START = (404, 409)
"""The statuses of what stands in the way of a start, and not of the call."""


class StartRoute(InformaticaRoute):
    """A route whose refusals tell of a start that failed."""

    @staticmethod
    def refusal(status: int, word: str, message: str) -> dict[str, Any]:
        """FAILED and the reason; or the word for the status of a call that nobody could have started anything by."""
        return {"responseCode": FAILED if status in OF_THE_START else word, "message": message}


def start_router(profile: Profile) -> APIRouter:
    """The call that starts a subscription."""
    router = APIRouter(tags=["Runs"], route_class=StartRoute)

    @router.post(
        "/subscription/start",
        operation_id=f"{profile.name.lower()}_start_subscription",
        summary="Start a subscription",
        openapi_extra=given(
            {"subscriptionName": TEXT, "runDisabled": {"anyOf": [FLAG, TEXT]}},
            ("subscriptionName",),
            {"subscriptionName": "billing", "runDisabled": "false"},
        ),
        responses={
            200: answered("It was started.", {"responseCode": {"const": SUCCESS}, "eventId": NUMBER, "message": TEXT}),
            409: answered("It was not, for that reason.", {"responseCode": {"const": FAILED}, "message": TEXT}),
        },
    )
    async def start(call: Calling) -> Response:
        """Delivers what waits; of a disabled one only where `runDisabled` says so. `eventId` is the first event."""
        body = await call.body()
        force = flag(body, "runDisabled", False)
        found = named(call.view().need(Scope.EVENTS_MANAGE), Subscription, body, "subscriptionName")
        done = await call.hub.subscriptions.run(call.who, found.id, force=force)
        if not done.released:
            raise Conflict("illegal_transition", f"no publication is ready for subscription {found.name!r}")
        told = f"events that are processed now: {done.released}"
        if done.discarded:
            told += f"; discarded as older than that: {done.discarded}"
        return answer({"responseCode": SUCCESS, "eventId": done.first, "message": told})

    return router
