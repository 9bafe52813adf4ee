"""``POST publication/changemode`` and ``POST subscription/changemode``: what takes part, and what does not.

A publication is a source, which is enabled or disabled; a subscription may be paused, too. Both products' spellings of
that are taken by both. Who operates may change modes, as by ``/v1``, and who may change the catalog.
"""

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import SUCCESS, InformaticaRoute, answer
from eventyard.dialects.informatica.bodies import word
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.naming import named
from eventyard.dialects.informatica.profiles import CIH, Profile
from eventyard.dialects.informatica.shapes import TEXT, given, success
from eventyard.model.catalog import Mode, Source, Subscription

SWITCH = {"enable": True, "enabled": True, "disable": False, "disabled": False}
MODES = {
    "enable": Mode.ENABLED,
    "enabled": Mode.ENABLED,
    "pause": Mode.PAUSED,
    "paused": Mode.PAUSED,
    "disable": Mode.DISABLED,
    "disabled": Mode.DISABLED,
}


def changemode_router(profile: Profile) -> APIRouter:
    """The calls that change modes."""
    router = APIRouter(tags=["Modes"], route_class=InformaticaRoute)
    product, pause = profile.name.lower(), "pause" if profile is CIH else "paused"

    @router.post(
        "/publication/changemode",
        operation_id=f"{product}_change_publication_mode",
        summary="Enable or disable a publication",
        openapi_extra=given(
            {"publicationName": TEXT, "mode": {"type": "string", "enum": ["enable", "disable"]}},
            ("publicationName", "mode"),
            {"publicationName": "orders", "mode": "disable"},
        ),
        responses={200: success("The publication has the mode.")},
    )
    async def publication(call: Calling) -> Response:
        """A disabled one takes no events."""
        body = await call.body()
        enabled = word(body, "mode", SWITCH)
        source = named(call.view().operating(("enabled",), "enabled"), Source, body, "publicationName")
        await call.hub.sources.change(call.who, source.id, {"enabled": enabled})
        return answer({"responseCode": SUCCESS})

    @router.post(
        "/subscription/changemode",
        operation_id=f"{product}_change_subscription_mode",
        summary="Enable, pause or disable a subscription",
        openapi_extra=given(
            {"subscriptionName": TEXT, "mode": {"type": "string", "enum": ["enable", pause, "disable"]}},
            ("subscriptionName", "mode"),
            {"subscriptionName": "billing", "mode": pause},
        ),
        responses={200: success("The subscription has the mode.")},
    )
    async def subscription(call: Calling) -> Response:
        """One that is disabled skips what comes."""
        body = await call.body()
        mode = word(body, "mode", MODES)
        found = named(call.view().operating(("mode",), "mode"), Subscription, body, "subscriptionName")
        await call.hub.subscriptions.change(call.who, found.id, {"mode": mode})
        return answer({"responseCode": SUCCESS})

    return router
