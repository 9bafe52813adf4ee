"""One admitted call: the hub, the proven caller, and their sight of what eventhos shows.

Routes take a :class:`Visit` by the annotation of the permission that they ask for:

    visit: Annotated[Visit, needs("event:select")]
"""

from collections.abc import Callable
from typing import Any

from fastapi import Depends, Request

from eventyard.dialects.eventhos.answers import EventhosError
from eventyard.dialects.eventhos.mapping import Shown, Sight
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.view import View


class Visit:
    """A call by a caller who holds a permission."""

    def __init__(self, request: Request, permission: str) -> None:
        self.hub: Hub = request.app.state.hub
        self.who = request.app.state.access.caller(request, permission).principal
        view = View(self.hub.catalog, self.who)
        self.sight = Sight(view, view.project(request.app.state.options.project))

    def need(self, kind: type[Shown], number: int, word: str) -> Shown:
        """The record with that id. Raises :class:`EventhosError` 404 for what is not there."""
        found = self.sight.find(kind, number)
        if found is None:
            raise EventhosError(404, 404000, f"The {word} with id {number} does not exist")
        return found


def needs(permission: str) -> Any:
    """The dependency by which a route asks for a permission, as ``resource:word``."""

    def visit(request: Request) -> Visit:
        return Visit(request, permission)

    named: Callable[[Request], Visit] = visit
    return Depends(named)
