"""What stands between the server and FastAPI: bounds, the caller's proof, JSON that is JSON, and every error's answer.

FastAPI would read a body of any size before asking who sends it, and take a lone surrogate or an infinity for JSON.
Here a request is admitted in the order of what it costs us: size of the headers, credentials, body within bounds. What
the native API raises, on purpose or not, comes back here and leaves as a problem document (``problems.py``).
"""

import re
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from eventyard.api.http import JSON, Answer, Body, Receive, Scope, Send, headers_of, peer_of, read_body, whole_body
from eventyard.api.problems import problem, request_id_of
from eventyard.api.replays import Replays, Slot
from eventyard.api.security import Security
from eventyard.model import access
from eventyard.model.errors import HubError, Invalid
from eventyard.pipeline import idempotency
from eventyard.pipeline.hub import Hub
from eventyard.wire.json_depth import check_depth

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLER = "caller"
"""Under this key of the request's state the API finds its :class:`access.Principal`."""

FORMS = frozenset({"/oauth2/token"})
"""Paths whose bodies are no JSON, and are read by those who answer there."""

_GUARDED = "/v1"
_SHOWN_ONCE = ("/v1/keys", "/v1/clients", "/oauth2/")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_OF_MANY = re.compile(r"/v1/(?:projects|applications)/[^/]+/entities").fullmatch


class Guard:
    """ASGI middleware around the native API."""

    def __init__(self, app: Asgi, hub: Hub, security: Security) -> None:
        self._app = app
        self._hub = hub
        self._security = security
        self._replays = Replays(hub.clock, hub.limits.idempotency_window_ms)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        wire = _Wire(send, request_id_of(scope["headers"]))
        try:
            await self._pass(scope, receive, wire)
        except Exception as error:
            self._note(error, scope, wire.request_id)
            if wire.started:
                raise
            await problem(error, wire.request_id).send(send)

    async def _pass(self, scope: Scope, receive: Receive, wire: "_Wire") -> None:
        headers = headers_of(scope["headers"], self._hub.limits.header_bytes)
        if scope["method"] == "HEAD":  # answered as GET; the server leaves the body out (RFC 9110, section 9.3.2)
            scope = {**scope, "method": "GET"}
        caller = None
        if scope["path"] == _GUARDED or scope["path"].startswith(_GUARDED + "/"):
            caller = await self._security.authenticate(headers, peer_of(scope))
            scope["state"] = {**scope.get("state", {}), CALLER: caller}
        if scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, wire.send)
            return
        if scope["path"] in FORMS:
            limits, room = self._hub.limits, self._hub.room
            body = await whole_body(scope["headers"], receive, limits.header_bytes, limits.body_bytes, room)
            await self._app(scope, _again(body, receive), wire.send)
            return
        many = caller is not None and caller.may(access.Scope.EVENTS_PUBLISH) and _OF_MANY(scope["path"]) is not None
        body = await self._body(headers, receive, many=many)
        scope["headers"] = [*_without_content_type(scope), (b"content-type", JSON.encode())]
        key = headers.get("idempotency-key")
        if key is None or caller is None or not repeatable(scope["method"], scope["path"]):
            await self._app(scope, _again(body, receive), wire.send)
        else:
            await self._once(scope, receive, wire, _slot(scope, caller, key), body)

    async def _once(self, scope: Scope, receive: Receive, wire: "_Wire", slot: Slot, body: bytes) -> None:
        """Let the API answer, or repeat the answer it gave to the same request before."""

        async def make() -> Answer:
            catching = _Catching()
            await self._app(scope, _again(body, receive), catching.send)
            return catching.answer

        answer, replayed = await self._replays.once(slot, body, make)
        await answer.send(wire.replaying if replayed else wire.send)

    async def _body(self, headers: Mapping[str, str], receive: Receive, *, many: bool) -> bytes:
        """The whole body, which is JSON or empty; one that may be large, as it tells of ``many`` things, has each of
        them looked at by who knows them.

        Raises ``TooLarge``, ``Invalid`` (``unsupported_media_type``, ``unsupported_encoding``, ``invalid_json``).
        """
        limits = self._hub.limits
        coming = Body(headers, limits.batch_bytes if many else limits.body_bytes, self._hub.room)
        await read_body(receive, coming)
        if coming.swells:
            await coming.inflate()
        body = coming.whole()
        if not body:
            return body
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media not in ("", JSON) and not (media.startswith("application/") and media.endswith("+json")):
            raise Invalid(
                "unsupported_media_type", f"a body of {media!r} is not understood", pointer="Content-Type",
                hint=f"send {JSON}",
            )  # fmt: skip
        if many:
            return body
        check_depth(body, limits.depth)
        try:
            msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid("invalid_json", f"the body is not JSON: {error}") from None
        return body

    def _note(self, error: Exception, scope: Scope, request_id: str) -> None:
        log, path = self._hub.log, scope["path"]
        if isinstance(error, HubError):
            log.info("refused", request_id=request_id, path=path, code=error.code, detail=error.message)
        else:
            trace = "".join(traceback.format_exception(error))
            log.error("internal", request_id=request_id, path=path, error=repr(error), trace=trace)


class _Wire:
    """The way back to the client, which adds the request id and remembers whether an answer began."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.started = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message["headers"], (b"x-request-id", self.request_id.encode())]
        await self._send(message)

    async def replaying(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"idempotency-replayed", b"true")]
        await self.send(message)


class _Catching:
    """Takes a whole answer instead of sending it."""

    def __init__(self) -> None:
        self._start: MutableMapping[str, Any] = {}
        self._parts: list[bytes] = []

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._parts.append(message.get("body", b""))

    @property
    def answer(self) -> Answer:
        headers = dict(self._start["headers"])
        kept = tuple(
            (name, value) for name, value in headers.items() if name not in (b"content-type", b"content-length")
        )
        return Answer(self._start["status"], b"".join(self._parts), headers.get(b"content-type", b"").decode(), kept)


def repeatable(method: str, path: str) -> bool:
    """Whether an answer may be kept: not the text of a key or secret, which is shown once, nor leases, which end."""
    return method == "POST" and not path.startswith(_SHOWN_ONCE) and not path.endswith("/runs/claim")


def _slot(scope: Scope, caller: access.Principal, key: str) -> Slot:
    idempotency.checked(key)
    actor = caller.key_id or caller.client_id or caller.user_id or caller.name
    return (caller.organization_id, actor, scope["path"], scope["query_string"].decode("latin-1"), key)


def _without_content_type(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in scope["headers"] if name not in (b"content-type", b"content-encoding")]


def _again(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body that was read already, and then what else comes (that the client went away)."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> MutableMapping[str, Any]:
        message = next(messages, None)
        return await receive() if message is None else message

    return again
