"""One admitted call: the hub, the profile it came to, what the operator chose, and the proven caller.

async def search(call: Calling) -> Response:
    body = await call.body()
"""

from typing import Annotated, Any

from fastapi import Depends, Request

from eventyard.dialects.informatica.bodies import object_of
from eventyard.dialects.informatica.options import Options
from eventyard.dialects.informatica.profiles import Profile
from eventyard.model.access import Principal
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.view import View


class Call:
    """A call by a proven caller."""

    def __init__(self, request: Request, who: Principal) -> None:
        self._request = request
        self.who = who
        self.headers = request.headers
        self.hub: Hub = request.app.state.hub
        self.profile: Profile = request.app.state.profile
        self.options: Options = request.app.state.options

    def view(self) -> View:
        """The caller's sight of the catalog. What the call takes is still to be proven."""
        return View(self.hub.catalog, self.who)

    async def body(self) -> dict[str, Any]:
        """The JSON object that was sent. Raises ``Invalid``, also for one beyond the hub's bounds."""
        return self.object(await self.raw())

    async def raw(self) -> bytes:
        """The body as it was sent, inflated. Raises ``TooLarge``, ``Invalid`` (``unsupported_encoding``)."""
        raw: bytes = await self._request.app.state.read(self._request.headers.raw, self._request.receive)
        return raw

    def object(self, raw: bytes) -> dict[str, Any]:
        """The JSON object that a body is. Raises ``Invalid``."""
        return object_of(raw, self.hub.limits.depth)


async def _admitted(request: Request) -> Call:
    return Call(request, await request.app.state.access.caller(request))


Calling = Annotated[Call, Depends(_admitted)]
"""What routes take; who does not prove themselves is refused before."""
