"""``POST events``: the search, an array of events with their histories and children, whatever it finds.

What is asked for is read in ``criteria.py``; how events look is the business of ``rendering.py``.
"""

import asyncio

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import InformaticaRoute, answer
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.criteria import asked_of
from eventyard.dialects.informatica.limits import CallLimit
from eventyard.dialects.informatica.profiles import Profile
from eventyard.dialects.informatica.rendering import event_shown
from eventyard.dialects.informatica.shapes import EXAMPLES, body_of, events_of
from eventyard.model.journal import Stories

COUNTED = 10_000
"""Matches are counted up to so many; how many more there are takes a journal's time to find out."""


def events_router(profile: Profile, limit: CallLimit) -> APIRouter:
    """The search as a profile has it, so often as the limit allows."""
    router = APIRouter(tags=["Events"], route_class=InformaticaRoute)

    @router.post(
        "/events",
        operation_id=f"{profile.name.lower()}_search_events",
        summary="Search events",
        openapi_extra=body_of(profile, EXAMPLES[profile.name]),
        responses={200: events_of()},
    )
    async def search(call: Calling) -> Response:
        """Events for which everything given holds, of what the caller may read. Nothing found is an empty array."""
        now = call.hub.clock()
        limit.take(call.who.organization_id, now)
        asked = asked_of(await call.body(), profile, call.options, now)
        found = Stories((), 0)
        if not asked.impossible:
            found = await call.hub.search.stories(call.who, None, asked.criteria, COUNTED)
        relation = "gte" if found.more else "eq"
        headers = {"x-total-count": str(found.total), "x-total-count-relation": relation}
        # A page may be long, and others' requests do not wait for it.
        events = await asyncio.to_thread(lambda: [event_shown(profile, story) for story in found.stories])
        return answer(events, headers=headers)

    return router
