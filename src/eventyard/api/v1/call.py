"""One admitted call: the hub, who asks, and what every noun does with them. ``guard.py`` proved the caller before.

Routes take a :class:`Call` by the annotation :data:`Asked`, and paging parameters by :data:`Limit` and :data:`Cursor`.
"""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request, Response

from eventyard.api.guard import CALLER
from eventyard.api.paging import MOST, mark_of, next_link, page_of
from eventyard.api.v1.answers import reply
from eventyard.api.v1.bodies import EVERYWHERE
from eventyard.api.validation import check_parameters
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Source, Subscription, Target, Topic
from eventyard.model.rules import Rule
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.view import View

T = TypeVar("T")
Owned = TypeVar("Owned", Application, Topic, Source, Subscription, Target, Rule)

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=1024, description='Where to go on: taken from the Link header, rel="next".')
]
Everywhere = Annotated[str | None, Query(alias="project_id", max_length=255, description=EVERYWHERE)]
InProject = Annotated[
    str | None,
    Query(
        alias="project_id", max_length=255,
        description="Project, by id or name. May be left out where the caller has only one.",
    ),
]  # fmt: skip


class Call:
    """A call by a proven caller."""

    def __init__(self, request: Request) -> None:
        """Raises ``Invalid`` (``invalid_parameter``) for query parameters that are not there."""
        check_parameters(request)
        self.request = request
        self.hub: Hub = request.app.state.hub
        self.who: Principal = getattr(request.state, CALLER)

    def view(self, scope: Scope) -> View:
        """The caller's sight of the catalog, once they proved to hold the scope."""
        return View(self.hub.catalog, self.who).need(scope)

    def reads(self) -> View:
        """The caller's sight of the catalog, for reading it."""
        return self.view(Scope.CATALOG_READ)

    def listed(self, kind: type[Owned], project_id: str | None) -> list[Owned]:
        """A project's records of a kind."""
        view = self.reads()
        return view.list(kind, view.project(project_id))

    def id_of(self, kind: type[Owned], id_or_name: str, project_id: str | None, word: str | None = None) -> str:
        """The id of a record named by its id, or by its name in the project; see :meth:`View.reach`."""
        return View(self.hub.catalog, self.who).reach(kind, id_or_name, project_id, word).id

    def page(
        self, records: Iterable[T], show: Callable[[T], Any], limit: int, cursor: str | None, *, mark: Any = None
    ) -> Response:
        """A page of records, newest first; ``mark`` for records without a number."""
        page, following = page_of(records, mark or (lambda record: mark_of(record.number)), limit, cursor)
        return self.array([show(record) for record in page], following)

    def array(self, shown: list[Any], following: str | None) -> Response:
        """A bare array, and where it goes on."""
        if following is None:
            return reply(shown)
        link = next_link(self.request.url.path, self.request.query_params.multi_items(), following)
        return reply(shown, headers={"Link": link})

    def url(self, path: str) -> str:
        """A path of this hub as clients reach it."""
        return address(self.request, path)


def address(request: Request, path: str) -> str:
    """A path of this hub as the client of this request reaches it: as configured, or as it did just now."""
    configured: str | None = request.app.state.public_url
    if configured is not None:
        return configured.rstrip("/") + path
    host = request.headers.get("host", "")
    return f"{request.scope['scheme']}://{host}{path}" if _HOST.fullmatch(host) else path


_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")

Asked = Annotated[Call, Depends(Call)]
