"""``POST consume/{subscriptionName}``: the tables of what waits for a subscription, which is Complete then.

The original has a URL for each subscription on the subscription's page; here it is its name, or id, in the path. An
event is taken as a whole, and given once; who lost the answer asks for it again (RECONSUME), as who wants one that
failed (REPROCESS): both make a new event in place of the old one. How it is taken is told in ``pipeline/consume.py``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import SUCCESS, InformaticaRoute, answer
from eventyard.dialects.informatica.bodies import event_id, flag, text, whole, word, wrong
from eventyard.dialects.informatica.call import Call, Calling
from eventyard.dialects.informatica.naming import named
from eventyard.dialects.informatica.profiles import DIH, Profile
from eventyard.dialects.informatica.shapes import FLAG, NUMBER, TEXT, Schema, answered, data_of, given
from eventyard.model.access import Scope
from eventyard.model.catalog import Subscription
from eventyard.model.errors import Conflict
from eventyard.model.lifecycle import Status
from eventyard.pipeline.consume import MOST, Taken
from eventyard.wire.tables import merged, tables_of

FAILURE = "FAILURE"
OF_THE_DATA = (400, 404, 409)
"""The statuses of what stands in the way of the data, and not of the caller."""

USUAL_BATCH, MOST_BATCH = 500, 5_000
"""DIH's ``batchSize``."""

REQUESTS: Mapping[str, frozenset[Status] | None] = {
    "PROCESS": None,
    "REPROCESS": frozenset({Status.ERROR, Status.DISCARDED}),
    "RECONSUME": frozenset({Status.COMPLETE}),
}
"""What may be asked for, and in which statuses an event must be for it; what has none is taken as it waits."""


_FIELDS: Mapping[str, Schema] = {
    "requestType": {"type": "string", "enum": list(REQUESTS), "description": "PROCESS, unless given."},
    "eventId": NUMBER,
    "publicationEventId": NUMBER,
    "aggregated": {"anyOf": [FLAG, TEXT], "description": "All that waits as one event, in place of the oldest."},
}
_BATCH: Schema = {"anyOf": [NUMBER, TEXT], "description": "1 to 5000: how many events are aggregated at most; 500."}
_SAID: Mapping[str, Schema] = {
    "responseCode": {"const": SUCCESS},
    "eventId": NUMBER,
    "rowsProcessed": NUMBER,
    "totalRows": NUMBER,
}


class ConsumeRoute(InformaticaRoute):
    """A route whose refusals tell that there is no data."""

    @staticmethod
    def refusal(status: int, word: str, message: str) -> dict[str, Any]:
        """FAILURE and the reason; or the word for the status where the data had no part in it."""
        return {"responseCode": FAILURE if status in OF_THE_DATA else word, "message": message}


def consume_router(profile: Profile) -> APIRouter:
    """The call that consumes data."""
    router = APIRouter(tags=["Data"], route_class=ConsumeRoute)
    failure = answered("There is no data, for that reason.", {"responseCode": {"const": FAILURE}, "message": TEXT})

    @router.post(
        "/consume/{subscriptionName:path}",
        operation_id=f"{profile.name.lower()}_consume_data",
        summary="Consume data",
        openapi_extra=given({**_FIELDS, **({"batchSize": _BATCH} if profile is DIH else {})}, (), {}),
        responses={200: data_of(_SAID), **dict.fromkeys(OF_THE_DATA, failure)},
    )
    async def consume(call: Calling, subscriptionName: str) -> Response:
        """The oldest event that waits, or one that is asked for by its id, or by that of its publication."""
        body = await call.body()
        view = call.view().need(Scope.JOBS_WORK)
        subscription = named(view, Subscription, {"subscriptionName": subscriptionName}, "subscriptionName")
        return answer(_shown(await _asked(call, subscription, body)))

    return router


async def _asked(call: Call, subscription: Subscription, body: Mapping[str, Any]) -> Sequence[Taken]:
    wanted = None if text(body, "requestType") is None else word(body, "requestType", REQUESTS)
    limit = batch_size(body) if call.profile is DIH else MOST
    consuming = call.hub.consuming
    if wanted is not None:
        again = await consuming.again(call.who, subscription.id, event_id(body), wanted)
        taken: Sequence[Taken] = [] if again is None else [again]
    elif body.get("publicationEventId") is not None:
        number = event_id(body, "publicationEventId")
        taken = await consuming.consume(call.who, subscription.id, publication_id=number)
    elif flag(body, "aggregated", False):
        gathered = await consuming.gather(call.who, subscription.id, limit=limit)
        taken = [] if gathered is None else [gathered]
    else:
        taken = await consuming.consume(call.who, subscription.id)
    if not taken:
        raise Conflict("illegal_transition", f"no data is pending for subscription {subscription.name!r}")
    return taken


def _shown(taken: Sequence[Taken]) -> dict[str, Any]:
    """The answer: what is to be said of the data, and beside it the tables; these go before words of the same name."""
    first, rows = taken[0], sum(one.rows for one in taken)
    told = {"responseCode": SUCCESS, "eventId": first.entry_id, "rowsProcessed": rows, "totalRows": rows}
    if first.bundle:
        told["aggregatedEventId"] = first.entry_id
    return told | merged(tables_of(event, topic) for one in taken for topic, event in one.items)


def batch_size(body: Mapping[str, Any]) -> int:
    """How many events are aggregated at most. Raises ``Invalid``."""
    size = whole(body, "batchSize")
    if size is not None and not 0 < size <= MOST_BATCH:
        raise wrong("batchSize", f"a number from 1 to {MOST_BATCH}")
    return min(USUAL_BATCH if size is None else size, MOST)
