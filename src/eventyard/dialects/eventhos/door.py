"""What stands between the server and eventhos' routes: CORS, bodies within bounds, and every error's answer.

As in the original a body may be a form as well as JSON, which is one to the routes; a path may end with a slash; and
whatever a page asks for beforehand, it may do. What is raised below, or here, leaves in the error envelope
(``envelopes.py``).
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec

from eventyard.dialects.eventhos.answers import JSON, refusal_told
from eventyard.dialects.eventhos.cors import ORIGIN, preflight
from eventyard.dialects.eventhos.envelopes import Refusal
from eventyard.dialects.eventhos.forms import MEDIA as FORM
from eventyard.dialects.eventhos.forms import form_of
from eventyard.model.errors import Invalid
from eventyard.pipeline.hub import Hub
from eventyard.wire.json_depth import check_depth

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

Read = Callable[[Sequence[tuple[bytes, bytes]], Receive], Awaitable[bytes]]
"""Gives the whole body of a request with these headers. Raises ``TooLarge``, ``Invalid`` (``unsupported_encoding``)."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Door:
    """ASGI middleware around eventhos' routes."""

    def __init__(self, app: Asgi, hub: Hub, read: Read) -> None:
        self._app = app
        self._hub = hub
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": preflight(dict(scope["headers"]))})
            await send({"type": "http.response.body", "body": b""})
            return
        started = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], ORIGIN]
            await send(message)

        try:
            await self._pass(scope, receive, sending)
        except Exception as error:
            if started:
                raise
            await _refuse(refusal_told(self._hub, scope["path"], error), sending)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = {**scope, "path": scope["path"].rstrip("/")}
        if scope["method"] == "HEAD":  # answered as GET; the server leaves the body out (RFC 9110, section 9.3.2)
            scope["method"] = "GET"
        if scope["method"] in _WITH_BODY:
            headers = dict(scope["headers"])
            body = self._json(await self._read(scope["headers"], receive), headers)
            kept = [one for one in scope["headers"] if one[0] not in (b"content-type", b"content-encoding")]
            scope["headers"] = [*kept, (b"content-type", JSON.encode())]
            receive = _again(body, receive)
        await self._app(scope, receive, send)

    def _json(self, body: bytes, headers: Mapping[bytes, bytes]) -> bytes:
        """A body as JSON: what was left out is ``{}``, and a form an object."""
        if not body:
            return b"{}"
        media = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        if media == FORM:
            return msgspec.json.encode(form_of(body))
        if media not in ("", JSON) and not (media.startswith("application/") and media.endswith("+json")):
            raise Invalid(
                "unsupported_media_type", f"a body of {media!r} is not understood", hint=f"send {JSON} or {FORM}"
            )
        check_depth(body, self._hub.limits.depth)
        try:
            msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid("invalid_json", f"the body is not JSON: {error}") from None
        return body


async def _refuse(refusal: Refusal, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
    body = refusal.body
    headers += [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _again(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body that was read already, and then what else comes (that the client went away)."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> MutableMapping[str, Any]:
        message = next(messages, None)
        return await receive() if message is None else message

    return again
