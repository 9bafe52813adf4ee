"""What a client does with exchanges: declares them, deletes them, binds them to each other.

It is the half of a link that needs the right to configure.
The rules of exchanges themselves are in ``exchanges.py``, and what there is for a client in ``reach.py``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Project, Topic
from eventyard.model.errors import Forbidden, NotFound
from eventyard.model.reserved import APPLICATION, PROJECT, is_reserved
from eventyard.model.streams import ExchangeSettings
from eventyard.pipeline.streams.options import check_name
from eventyard.pipeline.streams.reach import Reach

if TYPE_CHECKING:
    from eventyard.pipeline.streams.streams import Streams


class Configuring:
    """The verbs of exchanges, of one client."""

    def __init__(self, streams: "Streams", who: Principal, project: Project) -> None:
        self.project = project
        self._streams = streams
        self._reach = Reach(streams, who, project)

    @property
    def who(self) -> Principal:
        """Whose credentials it has."""
        return self._reach.who

    async def declare_exchange(self, name: str, wish: ExchangeSettings, *, passive: bool = False) -> None:
        """Declare an exchange, or (passive) see that it is there."""
        if not name:
            raise Forbidden("forbidden", "operation not permitted on the default exchange")
        if passive:
            if await self._reach.seek_exchange(name) is None:
                raise NotFound("not_found", f"no exchange {name!r}")
            return
        self.who.need(Scope.CATALOG_WRITE)
        check_name(name)
        existing = await self._reach.seek_exchange(name)
        there = self._streams.catalog.named(Topic, self.project.id, name)
        if existing is None and (there is not None or name.startswith((PROJECT, APPLICATION))):
            raise NotFound("not_found", f"no exchange {name!r}")
        if wish.alternate is not None and (is_reserved(wish.alternate) or self.who.categories is not None):
            await self._reach.exchange(wish.alternate, Scope.EVENTS_READ)
        await self._streams.exchanges.declare(self.project, name, wish)

    async def delete_exchange(self, name: str, *, if_unused: bool = False) -> None:
        """Delete an exchange that was declared; one that is not there is fine."""
        self.who.need(Scope.CATALOG_WRITE)
        topic = await self._reach.seek_exchange(name)
        if topic is not None:
            await self._streams.exchanges.delete(topic, if_unused=if_unused)

    async def bind_exchange(self, destination: str, source: str, key: str, arguments: Mapping[str, Any]) -> None:
        """Give an exchange what another is sent."""
        self.who.need(Scope.CATALOG_WRITE)
        to, of = await self._both(destination, source)
        await self._streams.exchanges.bind_exchange(to, of, key, arguments)

    async def unbind_exchange(self, destination: str, source: str, key: str, arguments: Mapping[str, Any]) -> None:
        """Take such a binding away."""
        self.who.need(Scope.CATALOG_WRITE)
        to, of = await self._both(destination, source)
        await self._streams.exchanges.unbind_exchange(to, of, key, arguments)

    async def _both(self, destination: str, source: str) -> tuple[Topic, Topic]:
        if not destination or not source:
            raise Forbidden("forbidden", "the default exchange has no bindings of its own")
        exchange, read = self._reach.exchange, Scope.EVENTS_READ
        return await exchange(destination, read), await exchange(source, read)
