"""The front of the HTTP server: one bare ASGI callable that knows which request goes where.

What comes in on a hot path does not pass here as a rule: the connection answers it (ADR 0016). What does pass, because
its path is escaped, say, or the server is another one, is answered alike. All but that, health and the streams is for
FastAPI, which is slow to import and takes a tenth of an idle hub's memory, so it is loaded when the first request comes
that needs it, in a thread, while events go on coming in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from eventyard.api.health import Health
from eventyard.api.hot import Hot
from eventyard.api.http import Head, Receive, Scope, Send, peer_of, read_body
from eventyard.model.errors import HubError

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

STREAMS = "/v1/streams/"
"""Below it are streams of server-sent events, which last."""


NONE: Mapping[str, Callable[[], Asgi]] = MappingProxyType({})


class Late:
    """An ASGI application that is built in a thread when it is first needed. What comes meanwhile waits for it."""

    def __init__(self, build: Callable[[], Asgi]) -> None:
        self._build = build
        self._app: Asgi | None = None
        self._building: asyncio.Future[Asgi] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises what keeps the application from being built; the next request tries again."""
        app = self._app
        if app is None:
            app = await self._built()
        await app(scope, receive, send)

    async def _built(self) -> Asgi:
        if self._building is None or (self._building.done() and self._building.exception() is not None):
            self._building = asyncio.ensure_future(asyncio.to_thread(self._build))
        self._app = await asyncio.shield(self._building)  # who asked first may go away, and the others wait on
        return self._app


class Front:
    """The ASGI application that the server runs."""

    def __init__(
        self,
        hot: Hot,
        health: Health,
        native: Callable[[], Asgi],
        streams: Asgi,
        dialects: Mapping[str, Callable[[], Asgi]] = NONE,
    ) -> None:
        """``native`` builds the FastAPI application, and each of ``dialects`` the one at and below the path it is named
        by.

        ``streams`` answers below ``/v1/streams/``, and raises what a client must be told instead of a stream.
        """
        self._hot = hot
        self._health = health
        self._native = Late(native)
        self._streams = streams
        self._dialects = {base: Late(build) for base, build in dialects.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if self._hot.takes(path, scope["method"]):
            await self._ingest(scope, receive, send)
        elif path.startswith(STREAMS):
            await self._stream(scope, receive, send)
        elif (base := "/" + path[1:].partition("/")[0]) in self._dialects:
            await self._dialects[base](scope, receive, send)
        elif path in Health.PATHS and scope["method"] in ("GET", "HEAD"):
            await self._health.answer(path).send(send)
        else:
            await self._native(scope, receive, send)

    async def _ingest(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = _head(scope)
        try:
            call = self._hot.open(head)
            await read_body(receive, call.body)
            answer = await self._hot.answer(call)
        except Exception as error:
            answer = self._hot.refuse(error, head)
        await answer.send(send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._streams(scope, receive, send)
        except HubError as error:
            await self._hot.refuse(error, _head(scope)).send(send)


def _head(scope: Scope) -> Head:
    return Head(scope["method"], scope["path"], scope["query_string"], scope["headers"], peer_of(scope))
