"""Search: what the journal says, to callers who may read it. Also why an event did, or did not, match."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from eventyard.matching.explain import Explanation, explain
from eventyard.matching.fields import decode
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project, Source, Subscription, Topic
from eventyard.model.errors import Invalid, NotFound
from eventyard.model.event import Event
from eventyard.model.ids import EntryId
from eventyard.model.journal import EntryDetail, Listed, Listing, Page, Query, Stories, Story
from eventyard.model.reserved import APPLICATION
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.view import View
from eventyard.ports import Store

MAX_ENTRY_ID = (1 << 63) - 1


class Search:
    """Questions to the journal, each scoped to the projects the caller may see."""

    def __init__(self, catalog: Catalog, store: Store) -> None:
        self._catalog = catalog
        self._store = store

    def query(self, who: Principal, project_id: str | None, criteria: dict[str, Any]) -> Query:
        """A query over what the caller may read. ``criteria`` are fields of ``Query``."""
        view = View(self._catalog, who).need(Scope.EVENTS_READ)
        own = None if who.application_id is None else APPLICATION + who.application_id
        return Query(projects=view.scope(project_id), own=own, seen=view.seen(), **criteria)

    async def find(self, who: Principal, project_id: str | None, criteria: dict[str, Any]) -> Page:
        """A page of entries, newest first unless asked otherwise."""
        query = self.query(who, project_id, criteria)
        return await self._store.find(query) if query.projects else Page((), False)

    async def stories(self, who: Principal, project_id: str | None, criteria: dict[str, Any], most: int) -> Stories:
        """As :meth:`find`, with children and histories, and how many entries match, counted up to ``most``."""
        query = self.query(who, project_id, criteria)
        if not query.projects:
            return Stories((), 0)
        found = await self._store.stories(query, most)
        if query.seen is None:
            return found
        view = View(self._catalog, who)
        return replace(found, stories=tuple(_shown(view, story) for story in found.stories))

    async def listed(self, who: Principal, project_id: str | None, criteria: dict[str, Any]) -> Listed:
        """A numbered page of publications, and how many there are. ``criteria`` are fields of ``Listing``."""
        view = View(self._catalog, who).need(Scope.EVENTS_READ)
        scope = view.scope(project_id)
        if not scope:
            return Listed((), 0)
        return await self._store.listed(Listing(projects=scope, seen=view.seen(), **criteria))

    async def detail(self, who: Principal, entry: str) -> EntryDetail:
        """One entry with its children, history, attempts and event, by journal id or public event id.

        Raises ``NotFound``, also for an entry of a project the caller does not see.
        """
        view = View(self._catalog, who).need(Scope.EVENTS_READ)
        detail = await self._store.detail(await self._entry_id(view, entry))
        if not view.shows_entry(detail.entry) or not view.knows(detail.entry.topic):
            raise _nothing(entry)
        return replace(detail, children=tuple(child for child in detail.children if view.shows_entry(child)))

    async def _entry_id(self, view: View, entry: str) -> EntryId:
        if entry.isascii() and entry.isdigit() and int(entry) <= MAX_ENTRY_ID:
            return EntryId(int(entry))
        scope = view.scope(None)
        if scope:
            asked = Query(projects=scope, seen=view.seen(), event_id=entry, ascending=True, limit=1)
            page = await self._store.find(asked)
            if page.entries:
                return page.entries[0].id
        raise _nothing(entry)

    async def totals(self, who: Principal, project_id: str | None) -> dict[tuple[int, int], int]:
        """How many entries of each (kind, status) there are."""
        view = View(self._catalog, who).need(Scope.EVENTS_READ)
        scope = view.scope(project_id)
        return dict(await self._store.totals(scope, view.seen())) if scope else {}

    async def explain_entry(self, who: Principal, entry: str, subscription_id: str | None) -> list[Explanation]:
        """Why a recorded event matches, or does not, the subscriptions as they are now.

        Without ``subscription_id``: every subscription on the event's source or topic. Raises ``NotFound``.
        """
        detail = await self.detail(who, entry)
        if detail.entry.parent_id is not None:
            detail = await self.detail(who, str(detail.entry.parent_id))
        if detail.event is None:
            raise NotFound("not_found", f"the payload of entry {detail.entry.id} is no longer kept")
        view = View(self._catalog, who)
        project = self._catalog.get(Project, detail.entry.project_id)
        event = detail.event
        return self._explain(
            view,
            project,
            detail.entry.topic_id,
            detail.entry.name_id,
            event.routing_key,
            data_of(event),
            subscription_id,
        )

    def explain_sample(
        self,
        who: Principal,
        *,
        source_id: str | None,
        topic: str | None,
        project_id: str | None,
        routing_key: str,
        data: Any,
        subscription_id: str | None,
    ) -> list[Explanation]:
        """Why an event that nobody sent would, or would not, match."""
        view = View(self._catalog, who).need(Scope.CATALOG_READ)
        if source_id is not None:
            source = view.reach(Source, source_id, project_id, at="/source_id")
            source_id = source.id
            project, topic_id = self._catalog.get(Project, source.project_id), source.topic_id
        elif topic is not None:
            project = view.project(project_id)
            topic_id = view.named(Topic, project, topic, at="/topic_id").id
        else:
            raise Invalid("invalid_body", "name the source or the topic of the event", pointer="/source_id")
        return self._explain(view, project, topic_id, source_id, routing_key, data, subscription_id)

    def _explain(
        self,
        view: View,
        project: Project,
        topic_id: str | None,
        source_id: str | None,
        routing_key: str,
        data: Any,
        subscription_id: str | None,
    ) -> list[Explanation]:
        asked: Sequence[Subscription]
        if subscription_id is not None:
            asked = [view.reach(Subscription, subscription_id, project.id)]
        else:
            asked = [s for s in view.list(Subscription, project) if s.source_id == source_id or topic_id in s.topic_ids]
        return [explain(s, topic_id or "", source_id or "", routing_key, data) for s in asked]


def data_of(event: Event) -> Any:
    """A recorded event's data as filters see it; ``None`` when it is not JSON, or there is none."""
    try:
        return decode(event.data) if event.is_json and event.data else None
    except (ValueError, RecursionError):
        return None


def _shown(view: View, story: Story) -> Story:
    """A story without the children that the caller may not see."""
    return replace(story, children=tuple(_shown(view, one) for one in story.children if view.shows_entry(one.entry)))


def _nothing(entry: str) -> NotFound:
    return NotFound("not_found", f"there is no entry {entry!r}", hint="GET /v1/events lists what there is")
