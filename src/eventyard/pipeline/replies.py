"""Replies: what a target answered becomes an event of the source that its setting ``reply_to`` names.

It is committed before the delivery is recorded as complete, under an idempotency key of the delivery's own: a process
that is killed in between makes the attempt again, and the event once. Who caused it stands in its extensions
(``model/reserved.py``). An answer that would go in a circle, or that has come too far, becomes no event; neither does
one whose source is gone, disabled, or does not take it. The delivery succeeded all the same, and its history says why
nothing came of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from eventyard.model.catalog import Project, Source, Target
from eventyard.model.errors import Conflict, HubError, Invalid, Unavailable
from eventyard.model.event import Event
from eventyard.model.journal import Claimed, Query
from eventyard.model.outcome import Outcome
from eventyard.model.reserved import CAUSE_DEPTH, CAUSE_ENTRY, CAUSE_ID, CAUSE_PATH, is_reserved
from eventyard.pipeline.accept import Acceptor
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.attempt import REPLY_TO
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.doors import Door, Doors
from eventyard.pipeline.recorder import FIRST_PAUSE, LONGEST_PAUSE
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

KEY = "reply:"
"""Prefix of the idempotency key of an answer; the number of its delivery follows."""

JSON, BYTES = "application/json", "application/octet-stream"


class Replies:
    """Makes events of answers. ``depth`` is how many may follow from each other."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        doors: Doors,
        acceptor: Acceptor,
        log: Log,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        depth: int,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._doors = doors
        self._acceptor = acceptor
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._depth = depth
        self._pause = pause

    async def publish(self, claimed: Claimed, target: Target, outcome: Outcome) -> str:
        """Commit the event, however long the store cannot write; what the delivery's history is to say of it."""
        name, wait = target.settings[REPLY_TO], FIRST_PAUSE
        while True:
            try:
                return await self._publish(claimed, target, name, outcome.reply, outcome.response_headers)
            except Unavailable:
                await self._pause(wait)
                wait = min(wait * 2, LONGEST_PAUSE)
            except HubError as refusal:
                why = refusal.message
                self._log.warning("reply_refused", entry_id=claimed.entry_id, target=target.id, source=name, why=why)
                return f"the answer became no event of source {name!r}: {why}"

    async def _publish(
        self, claimed: Claimed, target: Target, name: str, body: bytes | None, headers: Mapping[str, str]
    ) -> str:
        if body is None:
            raise _refused("it was not read to its end")
        door, now = self._door(target, name), self._clock()
        path = await self._path(claimed.event, claimed, target)
        if str(door.source.number) in path:
            raise _refused("that would go in a circle, as an event of this source led to it")
        if len(path) > self._depth:
            raise _refused(f"it is the answer to an answer, and so on, {self._depth} times already")
        event = Event(
            id=self._new_id(),
            source=door.uri,
            type=door.source.name,
            time=now,
            data=body or b"{}",
            routing_key=door.source.name,
            content_type=_content_type(body, headers),
            extensions={
                CAUSE_ID: claimed.event.id,
                CAUSE_ENTRY: str(claimed.entry_id),
                CAUSE_DEPTH: str(len(path)),
                CAUSE_PATH: ".".join([*path, str(door.source.number)]),
            },
        )
        try:
            accepted = await self._acceptor.accept(Arrival(door, event, f"{KEY}{claimed.entry_id}"))
        except Conflict:
            return f"an earlier answer to it became an event of source {name!r}"
        return f"the answer became entry {accepted.entry_id} of source {name!r}"

    def _door(self, target: Target, name: str) -> Door:
        source = source_named(self._catalog, target.project_id, name)
        if source is None:
            raise _refused("there is no such source")
        try:
            return self._doors.of(source.id)
        except Unavailable as error:  # of the door, not of the store: waiting does not mend it
            raise _refused(error.message) from None

    async def _path(self, event: Event, claimed: Claimed, target: Target) -> list[str]:
        """The numbers of the sources gone through, that of the delivered event last."""
        if path := event.extensions.get(CAUSE_PATH):
            return path.split(".")
        project = self._catalog.get(Project, target.project_id)
        page = await self._store.find(Query(projects=(project.number,), entry_id=claimed.publication_id))
        source = self._catalog.seek(Source, page.entries[0].name_id or "") if page.entries else None
        return [str(source.number if source is not None else 0)]


def source_named(catalog: Catalog, project_id: str, name: str) -> Source | None:
    """The source of a project whose events answers may become, by its name; the hub's own are none."""
    return None if is_reserved(name) else catalog.named(Source, project_id, name)


def check_reply_to(view: View, project_id: str, settings: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` (``invalid_settings``) for a ``reply_to`` that names no source of the project within sight."""
    name = settings.get(REPLY_TO)
    source = source_named(view.catalog, project_id, name) if name else None
    if name and (source is None or not view.shows(source)):
        raise Invalid(
            "invalid_settings",
            f"there is no source {name!r} whose events the answers could become",
            pointer=f"/settings/{REPLY_TO}",
            hint="make the source first, or name another",
        )


def _refused(why: str) -> Invalid:
    return Invalid("invalid_settings", why)


def _content_type(body: bytes, headers: Mapping[str, str]) -> str:
    """What the target says it is; else JSON if it is that. Nothing at all becomes ``{}``."""
    if not body:
        return JSON
    if said := headers.get("content-type"):
        return said
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return BYTES
    return JSON
