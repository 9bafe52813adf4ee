"""``/v1/events``: searching the journal, one entry with all that is on record, why it matched, and replay.

Sending events is answered without FastAPI, by ``api/ingest.py``.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from msgspec import Meta, Struct
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE, cursor_of, mark_of, number_in
from eventyard.api.v1.acting import Acted, Acting, acted
from eventyard.api.v1.answers import reply, shows
from eventyard.api.v1.bodies import Body, Moment, ProjectRef, Ref
from eventyard.api.v1.call import Asked, Call, Cursor, Everywhere, Limit
from eventyard.api.v1.criteria import Criteria, EntryFilter
from eventyard.api.v1.entries import STATUSES, Entry, EntryDetail, KindName, StatusName, detail_shown, entry_shown
from eventyard.matching.explain import Explanation
from eventyard.model import journal
from eventyard.model.ids import EntryId
from eventyard.model.journal import Page
from eventyard.model.lifecycle import Kind, Status
from eventyard.pipeline.replay import Replayed
from eventyard.pipeline.search import MAX_ENTRY_ID

router = APIRouter(prefix="/v1", tags=["Events"])

EndStatus = Literal["complete", "error", "discarded"]

Searched = Annotated[Criteria, Depends(Criteria)]


class Total(Struct):
    """How many entries there are of one kind and status."""

    kind: KindName
    status: StatusName
    count: Annotated[int, Meta(ge=1)]


class Sample(Body):
    """An event that nobody sent."""

    data: Any = Field(default=None, description="What would be its data.", examples=[{"action": "opened"}])
    source_id: Ref | None = Field(default=None, description="The source it would come in by.")
    topic_id: Ref | None = Field(default=None, description="Or the topic, by id or name, it would be in.")
    project_id: ProjectRef = None
    routing_key: Annotated[str, Field(max_length=1024)] = Field(default="", examples=["order.created"])
    subscription_id: Ref | None = Field(default=None, description="Only this one; else all of that source or topic.")


class Ending(Body):
    """How an entry ended, as an operator says."""

    status: EndStatus
    comment: Annotated[str, Field(max_length=2000, description="What the history shall say.")] = ""


class EndingAll(Acting):
    """How many entries ended, as an operator says."""

    filter: EntryFilter = Field(
        default_factory=EntryFilter, description="Those that a search finds with it, and whose status allows it."
    )
    status: EndStatus


class Window(Body):
    """A part of the past."""

    from_: Moment = Field(alias="from")
    to: Moment
    project_id: ProjectRef = None
    source_id: Ref | None = None
    topic: Ref | None = Field(default=None, description="By id or name.")
    subscription_id: Ref | None = Field(default=None, description="Deliver to this subscription only.")
    dry_run: bool = Field(default=True, description="Only count.")


@router.get(
    "/events", operation_id="list_events", summary="Search the journal",
    **shows(list[Entry], "Newest first.", paged=True),
)  # fmt: skip
async def list_events(
    call: Asked, search: Searched, project_id: Everywhere = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """Entries for which everything given holds. Without `project_id`, of all projects the caller may see."""
    return await found(call, project_id, search.fields, limit, cursor)


async def found(
    call: Call, project_id: str | None, criteria: dict[str, Any], limit: int, cursor: str | None
) -> Response:
    """A page of entries."""
    if cursor is not None:
        criteria = {**criteria, "before": EntryId(number_in(cursor))}
    page = await call.hub.search.find(call.who, project_id, {**criteria, "limit": limit})
    return paged(call, page)


def paged(call: Call, page: Page, wanted: Callable[[journal.Entry], bool] | None = None) -> Response:
    """A page of entries as an answer; those not ``wanted`` are left out, and the page is that much shorter."""
    following = cursor_of(mark_of(page.entries[-1].id)) if page.more and page.entries else None
    return call.array([entry_shown(entry) for entry in page.entries if wanted is None or wanted(entry)], following)


@router.get(
    "/stats", operation_id="count_entries", summary="Count entries by kind and status",
    **shows(list[Total], "In the order of kinds and statuses; what there is none of is left out."),
)  # fmt: skip
async def count_entries(call: Asked, project_id: Everywhere = None) -> Response:
    """How many entries of each kind and status there are."""
    totals = await call.hub.search.totals(call.who, project_id)
    return reply(
        [
            Total(Kind(kind).name.lower(), Status(status).name.lower(), count)
            for (kind, status), count in sorted(totals.items())
            if count
        ]
    )


@router.post(
    "/events/explain", operation_id="explain_sample", summary="Explain what an event would match",
    **shows(list[Explanation], "One for each subscription asked about."),
)  # fmt: skip
async def explain_sample(call: Asked, body: Sample) -> Response:
    """Why an event that nobody sent would, or would not, match."""
    return reply(
        call.hub.search.explain_sample(
            call.who,
            source_id=body.source_id,
            topic=body.topic_id,
            project_id=body.project_id,
            routing_key=body.routing_key,
            data=body.data,
            subscription_id=body.subscription_id,
        )
    )


@router.post(
    "/events/replay", operation_id="replay_events", summary="Replay a window of the journal",
    **shows(Replayed, "How many events and deliveries."),
)  # fmt: skip
async def replay_events(call: Asked, body: Window) -> Response:
    """Match recorded events again, against the subscriptions as they are now, and deliver. A dry run counts."""
    return reply(
        await call.hub.replay.run(
            call.who,
            project_id=body.project_id,
            created_from=body.from_,
            created_to=body.to,
            source_id=body.source_id,
            topic=body.topic,
            subscription_id=body.subscription_id,
            dry_run=body.dry_run,
        )
    )


@router.get(
    "/events/{entry}", operation_id="get_event", summary="Show an entry", **shows(EntryDetail, "Everything on record.")
)
async def get_event(call: Asked, entry: str) -> Response:
    """One entry, by its journal id or its event's id, with event, children, history and attempts."""
    return reply(detail_shown(await call.hub.search.detail(call.who, entry)))


@router.post(
    "/events/status", operation_id="change_event_statuses", summary="Give many entries a final status",
    **shows(Acted, "How many were found, and have it now."),
)  # fmt: skip
async def change_event_statuses(call: Asked, body: EndingAll) -> Response:
    """Every entry that the filter finds, of whatever kind, but those that have the status or are Reprocessed.

    It ends when the request is closed, and after `limit` entries: to go on, ask again with the `cursor`.
    """
    change = partial(call.hub.reprocessing.change_all, call.who, STATUSES[body.status])
    return await acted(call, body, change)


@router.post(
    "/events/{entry_id}/status", operation_id="change_event_status", summary="Give an entry a final status",
    **shows(Entry, "The entry."),
)  # fmt: skip
async def change_event_status(
    call: Asked, entry_id: Annotated[int, Path(ge=1, le=MAX_ENTRY_ID, description="The journal's id.")], body: Ending
) -> Response:
    """Whatever came of it here; but a reprocessed entry stays so. The history keeps the comment, and who it was."""
    status = STATUSES[body.status]
    return reply(entry_shown(await call.hub.reprocessing.change_status(call.who, entry_id, status, body.comment)))


@router.get(
    "/events/{entry}/explain", operation_id="explain_event", summary="Explain what an event matched",
    **shows(list[Explanation], "One for each subscription asked about."),
)  # fmt: skip
async def explain_event(
    call: Asked,
    entry: str,
    subscription_id: Annotated[str | None, Query(max_length=255, description="Only this one.")] = None,
) -> Response:
    """Why a recorded event matches, or does not, the subscriptions as they are now."""
    return reply(await call.hub.search.explain_entry(call.who, entry, subscription_id))
