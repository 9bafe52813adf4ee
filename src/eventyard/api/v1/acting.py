"""Bulk calls: what all that a search finds is done to, in calls as short as the client likes.

What is done is the business of ``pipeline/reprocess.py``; the routes are in ``deliveries.py`` and ``events.py``.
"""

from typing import Annotated, Protocol

from fastapi import Response
from msgspec import Meta, Struct
from pydantic import Field

from eventyard.api.paging import cursor_of, mark_of, number_in
from eventyard.api.v1.answers import reply
from eventyard.api.v1.bodies import Body
from eventyard.api.v1.call import Call
from eventyard.api.v1.criteria import Filter
from eventyard.model.ids import EntryId
from eventyard.model.journal import Query
from eventyard.pipeline import reprocess
from eventyard.pipeline.reprocess import Stop


class Acting(Body):
    """On what to act."""

    filter: Filter = Field(
        default_factory=Filter, description="Those that a search finds with it, and whose status allows it."
    )
    dry_run: bool = Field(default=True, description="Only count.")
    comment: Annotated[str, Field(max_length=2000, description="What the history shall say.")] = ""
    limit: Annotated[int | None, Field(ge=1, description="So many at most; null: all.")] = None
    cursor: Annotated[str | None, Field(max_length=1024, description="Where to go on: `next` of the last answer.")] = (
        None
    )


class Acted(Struct):
    """What a bulk call did, or with a dry run would find."""

    matched: int
    changed: int
    next: Annotated[str | None, Meta(description="Where to go on; null at the end.")]


class Act(Protocol):
    """Does it to what a query finds."""

    async def __call__(
        self, query: Query, *, dry_run: bool, comment: str, most: int | None, stop: Stop
    ) -> reprocess.Acted:
        """What it found and changed, and where to go on."""


async def acted(call: Call, body: Acting, act: Act) -> Response:
    """The answer to a bulk call, at the end of what it finds, after ``limit``, or once its client is gone."""
    criteria = body.filter.criteria()
    if body.cursor is not None:
        criteria["before"] = EntryId(number_in(body.cursor))
    query = call.hub.search.query(call.who, body.filter.project_id, criteria)
    if not query.projects:
        return reply(Acted(0, 0, None))
    stop = call.request.is_disconnected
    done = await act(query, dry_run=body.dry_run, comment=body.comment, most=body.limit, stop=stop)
    return reply(Acted(done.matched, done.changed, None if done.before is None else cursor_of(mark_of(done.before))))
