"""The front of the HTTP server: one bare ASGI callable that answers the hot paths and hands the rest to FastAPI.

FastAPI costs some 60 microseconds a request, this a third of it (ADR 0004). It is also slow to import and takes a tenth
of an idle hub's memory, so it is loaded when the first request comes that needs it.
"""

from collections.abc import Awaitable, Callable

from eventyard.api.health import Health
from eventyard.api.http import Answer, Receive, Scope, Send, headers_of, query_of, read_body
from eventyard.api.ingest import Ingest
from eventyard.api.problems import problem, request_id_of
from eventyard.api.security import Security
from eventyard.model.errors import HubError, Invalid
from eventyard.pipeline.hub import Hub

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

EMPTY = "/v1/empty"
"""The yardstick of the benchmarks: reads the body and answers 202; served only with the setting ``bench``."""


STREAMS = "/v1/streams/"
"""Below it are streams of server-sent events, which last."""


class Front:
    """The ASGI application that the server runs."""

    def __init__(
        self, hub: Hub, security: Security, health: Health, native: Callable[[], Asgi], streams: Asgi, *, bench: bool
    ) -> None:
        """``native`` builds the FastAPI application; it is called once, when it is first needed.

        ``streams`` answers below ``/v1/streams/``, and raises what a client must be told instead of a stream.
        """
        self._hub = hub
        self._security = security
        self._health = health
        self._build = native
        self._native: Asgi | None = None
        self._streams = streams
        self._ingest = Ingest(hub)
        self._bench = bench

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path.startswith("/in/"):
            await self._hot(scope, receive, send, "/in/")
        elif path in ("/v1/events/dispatch", "/v1/events/batch") or (path == EMPTY and self._bench):
            await self._hot(scope, receive, send, path)
        elif path.startswith(STREAMS):
            await self._stream(scope, receive, send)
        elif path in Health.PATHS and scope["method"] in ("GET", "HEAD"):
            await self._health.answer(path).send(send)
        else:
            await self.native()(scope, receive, send)

    def native(self) -> Asgi:
        """The FastAPI application, built on the first call."""
        if self._native is None:
            self._native = self._build()
        return self._native

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._streams(scope, receive, send)
        except HubError as error:
            await self._refuse(error, scope).send(send)

    async def _hot(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        try:
            answer = await self._answer(scope, receive, path)
        except Exception as error:
            answer = self._refuse(error, scope)
        await answer.send(send)

    async def _answer(self, scope: Scope, receive: Receive, path: str) -> Answer:
        limits = self._hub.limits
        if scope["method"] != "POST":
            raise Invalid("method_not_allowed", f"{scope['path']} takes POST only", hint="POST")
        headers = headers_of(scope, limits.header_bytes)
        # Who has no business here is told so before a byte of the body is read.
        who = self._security.authenticate(headers) if path.startswith("/v1/events/") else None
        door = self._hub.doors.of(scope["path"][len(path) :]) if path == "/in/" else None
        many = path == "/v1/events/batch" or headers.get("content-type", "")[: len(_BATCH)].lower() == _BATCH
        body = await read_body(receive, headers, limits.batch_bytes if many else limits.body_bytes)
        if door is not None:
            return await self._ingest.post(door, headers, body)
        if who is None:
            return Answer(202)
        verb = self._ingest.batch if path == "/v1/events/batch" else self._ingest.dispatch
        return await verb(who, headers, query_of(scope), body)

    def _refuse(self, error: Exception, scope: Scope) -> Answer:
        request_id = request_id_of(scope["headers"])
        if isinstance(error, HubError):
            self._hub.observer.rejected(error.code, source=scope["path"], detail=error.message)
        else:
            self._hub.log.error("internal", request_id=request_id, path=scope["path"], error=repr(error))
        return problem(error, request_id)


_BATCH = "application/cloudevents-batch"
