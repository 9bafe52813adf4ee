"""The streams of a hub, put together: the feed, its exchanges and queues, and the clients that are connected.

It lets clients in within bounds, and out when their credentials end: a key that is revoked or expires ends every
connection made with it, with the reason.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from msgspec import Struct

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import ApiKey, Application, Project, Record, Topic, User
from eventyard.model.errors import HubError, NotFound, Unauthenticated, Unavailable
from eventyard.model.event import Event
from eventyard.model.identity import Client
from eventyard.model.ids import Millis
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.doors import Door
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.streams.consumer import Credit
from eventyard.pipeline.streams.exchanges import Exchanges
from eventyard.pipeline.streams.feed import Feed
from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.measures import Measures
from eventyard.pipeline.streams.queue import Queue
from eventyard.pipeline.streams.queues import Queues
from eventyard.pipeline.view import View
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics

GOODBYE_S = 2.0
"""Seconds that clients have to leave when the hub stops."""


class StreamLimits(Struct, frozen=True):
    """The bounds of the streams: connections and queues of the hub, consumers of a connection."""

    connections: int = 10_000
    queues: int = 50_000
    consumers: int = 10_000
    channels: int = 2_047
    unacked: int = 100_000
    unacked_bytes: int = 128 << 20
    frame_bytes: int = 131_072
    message_bytes: int = 16 << 20
    stalled_ms: Millis = 60_000
    """How long a connection may take nothing while messages wait for it."""


class Streams:
    """What the gateways and the API call."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        publishing: Publishing,
        clock: Clock,
        new_id: Callable[[], str],
        log: Log,
        limits: StreamLimits,
        metrics: Metrics,
    ) -> None:
        self.catalog = catalog
        self.publishing = publishing
        self.clock = clock
        self.new_id = new_id
        self.limits = limits
        self.feed = Feed(catalog, store)
        self.queues = Queues(catalog, store, self.feed, publishing, clock, log)
        self.exchanges = Exchanges(catalog, self.queues, publishing)
        self._log = log
        self._links: dict[int, Link] = {}
        self._measures = Measures(metrics, self._links, self.queues)
        self._empty = asyncio.Event()
        self._made = 0
        self._ends: dict[Link, asyncio.TimerHandle] = {}

    async def start(self) -> None:
        """Bring back exchanges and durable queues, and begin to route."""
        await self.feed.start()
        await self.exchanges.start()
        await self.queues.start()
        self.catalog.watch(self._follow)

    async def stop(self) -> None:
        """Keep where every durable queue stands."""
        for handle in self._ends.values():
            handle.cancel()
        await self.queues.stop()

    async def say_goodbye(self) -> None:
        """Tell every client that the hub stops, and wait until they have left or a moment has passed."""
        for link in list(self._links.values()):
            link.end(Unavailable("shutting_down", "the hub is stopping"))
        if self._links:
            self._empty.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), GOODBYE_S)

    # Who is connected

    def connect(
        self,
        who: Principal,
        *,
        protocol: str,
        peer: str,
        name: str,
        end: Callable[[HubError], None],
        project: str | None = None,
        channels: Callable[[], int] | None = None,
    ) -> Link:
        """Let a client in, to the project named or else its first. The rest is told in :class:`Link`.

        Raises ``NotFound``, ``Unauthenticated``, ``Forbidden``, ``Unavailable`` (``too_many``).
        """
        changed = self._changed(who)  # since the client proved who it is
        if changed is not None:
            raise changed
        if len(self._links) >= self.limits.connections:
            raise Unavailable("too_many", f"{self.limits.connections} connections are open, which is the bound")
        self._made += 1
        link = Link(
            self, self._made, who, self._project(who, project),
            protocol=protocol, peer=peer, name=name, end=end, channels=channels,
        )  # fmt: skip
        self._links[link.number] = link
        self.renewed(link)
        self._log.info("stream_opened", connection=link.number, protocol=protocol, peer=peer, who=who.name)
        return link

    def _changed(self, who: Principal) -> Unauthenticated | None:
        """Why the credentials do not count any more, or not as they did, if so."""
        kept: tuple[tuple[type[ApiKey | Client | User], str | None], ...] = (
            (ApiKey, who.key_id), (Client, who.client_id), (User, who.user_id),
        )  # fmt: skip
        for kind, record_id in kept:
            record = None if record_id is None else self.catalog.seek(kind, record_id)
            if record_id is not None and (record is None or _is_revoked(record)):
                return Unauthenticated("access_ended", "the key of this connection was revoked")
            if record is not None and _categories_of(record) != who.categories:
                return Unauthenticated("access_ended", "who has this connection may see other categories now")
        return None

    def _project(self, who: Principal, name: str | None) -> Project:
        view = View(self.catalog, who)
        projects = view.projects()
        if name is not None:
            return view.project(name)
        if not projects:
            raise NotFound("not_found", "these credentials see no project")
        return projects[0]

    def links(self, who: Principal, scope: Scope = Scope.CATALOG_READ) -> Iterable[Link]:
        """The connections that the caller may see."""
        view = View(self.catalog, who).need(scope)
        return [link for link in self._links.values() if view.sees(link.project.id)]

    def leave(self, link: Link) -> None:
        """Called by a link when it closes."""
        self._links.pop(link.number, None)
        self._measures.left(link)
        if not self._links:
            self._empty.set()
        handle = self._ends.pop(link, None)
        if handle is not None:
            handle.cancel()
        self._log.info("stream_closed", connection=link.number, protocol=link.protocol, peer=link.peer)

    def refused(self, reason: HubError, *, protocol: str, peer: str, login: str | None) -> None:
        """A client did not prove who it is: logged, with why, and counted."""
        self._measures.refused(protocol)
        self._log.info("stream_login_refused", protocol=protocol, peer=peer, login=login, reason=reason.message)

    def too_slow(self, link: Link) -> None:
        """A client took nothing for too long, and its gateway cuts it off: logged and counted."""
        self._measures.too_slow(link)
        self._log.warning("stream_too_slow", connection=link.number, protocol=link.protocol, peer=link.peer)

    def renewed(self, link: Link) -> None:
        """See to it that the link ends when its credentials do."""
        handle = self._ends.pop(link, None)
        if handle is not None:
            handle.cancel()
        until = link.who.until
        if until is not None:
            seconds = max(until - self.clock(), 0) / 1000
            ended = Unauthenticated("access_ended", "the credentials of this connection have expired")
            self._ends[link] = asyncio.get_running_loop().call_later(seconds, link.end, ended)

    def _follow(self, records: Sequence[Record]) -> None:
        people = {record.id for record in records if isinstance(record, ApiKey | Client | User)}
        gone = {record.id for record in records if isinstance(record, Project)}
        gone = {project_id for project_id in gone if self.catalog.seek(Project, project_id) is None}
        for link in list(self._links.values()):
            who, changed = link.who, None
            if people and not people.isdisjoint((who.key_id, who.client_id, who.user_id)):
                changed = self._changed(who)
            if changed is not None:
                link.end(changed)
            elif link.project.id in gone:
                link.end(NotFound("access_ended", "the project of this connection is gone"))
        for queue in list(self.queues):
            if queue.project_id in gone:
                self.queues.spawn(self._abandon(queue))
        if any(isinstance(record, Application | Topic) for record in records):
            self.queues.look_again()

    async def _abandon(self, queue: Queue) -> None:
        await self.exchanges.delete_queue(queue)

    # Bounds, and what is reached

    def check_room(self, link: Link) -> None:
        """Raise ``Unavailable`` (``too_many``) if there may be no more queues."""
        if len(self.queues) >= self.limits.queues:
            raise Unavailable("too_many", f"there are {self.limits.queues} queues, which is the bound")

    def check_consumers(self, link: Link) -> None:
        """Raise ``Unavailable`` (``too_many``) if the connection may have no more consumers."""
        if len(link.consumers) >= self.limits.consumers:
            raise Unavailable("too_many", f"a connection has {self.limits.consumers} consumers at most")

    def unacked(self) -> Credit:
        """What a new connection may leave unacknowledged."""
        return Credit(self.limits.unacked, self.limits.unacked_bytes)

    def reaches(self, door: Door, event: Event) -> bool:
        """Whether anybody would be given the event: a queue, or a subscription."""
        if self.queues.given(door.topic.id, door.application.number, event):
            return True
        return bool(self.catalog.index.match(door.topic.id, door.source.id, event.routing_key, None))


def _is_revoked(record: ApiKey | Client | User) -> bool:
    return not isinstance(record, User) and record.revoked_at is not None


def _categories_of(record: ApiKey | Client | User) -> frozenset[str] | None:
    return None if record.categories is None else frozenset(record.categories)
