"""The hot paths: by what right a request on them is heard, how much of it, and who answers.

A request comes here from the connection itself (``exchange.py``), or through ASGI (``front.py``). Either way its head
is judged before a byte of its body is read, and what is refused, for whatever reason, is logged and told in one place.
What an event is, ``ingest.py`` knows.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from msgspec import Struct

from eventyard.api.http import Answer, Body, Head, headers_of, query_of
from eventyard.api.ingest import Ingest
from eventyard.api.problems import problem, request_id_of
from eventyard.api.security import Security
from eventyard.model.errors import HubError, Invalid
from eventyard.pipeline.hub import Hub

EMPTY = "/v1/empty"
"""The yardstick of the benchmarks: reads the body and answers 202; served only with the setting ``bench``."""

DISPATCH = "/v1/events/dispatch"
BATCH = "/v1/events/batch"
_DOORS = "/in/"
_CLOUD_BATCH = "application/cloudevents-batch"


class Call(Struct, frozen=True):
    """A request that may come in: its body, which comes yet, and what answers it then."""

    body: Body
    verb: Callable[[bytes], Awaitable[Answer]]

    def answer(self) -> Awaitable[Answer]:
        """The answer, now that the body is whole. Raises what is wrong with the request."""
        return self.verb(self.body.whole())


class Hot:
    """The hot paths of one hub."""

    def __init__(self, hub: Hub, security: Security, *, bench: bool) -> None:
        self._hub = hub
        self._security = security
        self._ingest = Ingest(hub)
        self._paths = {DISPATCH, BATCH, EMPTY} if bench else {DISPATCH, BATCH}

    def takes(self, path: str) -> bool:
        """Whether a path is one of them."""
        return path.startswith(_DOORS) or path in self._paths

    def open(self, head: Head) -> Call:
        """Judge the head of a request on a hot path. Raises what is wrong with it."""
        if head.method != "POST":
            raise Invalid("method_not_allowed", f"{head.path} takes POST only", hint="POST")
        limits = self._hub.limits
        headers = headers_of(head.headers, limits.header_bytes)
        verb = self._verb(head, headers)
        many = head.path == BATCH or headers.get("content-type", "")[: len(_CLOUD_BATCH)].lower() == _CLOUD_BATCH
        return Call(Body(headers, limits.batch_bytes if many else limits.body_bytes), verb)

    def _verb(self, head: Head, headers: Mapping[str, str]) -> Callable[[bytes], Awaitable[Answer]]:
        """What becomes of the body. Raises ``NotFound``, ``Unauthenticated`` for who has no business here."""
        if head.path.startswith(_DOORS):
            return partial(self._ingest.post, self._hub.doors.of(head.path[len(_DOORS) :]), headers)
        if head.path == EMPTY:
            return _empty
        verb = self._ingest.batch if head.path == BATCH else self._ingest.dispatch
        return partial(verb, self._security.authenticate(headers), headers, query_of(head.query))

    def refuse(self, error: Exception, head: Head) -> Answer:
        """What a client is told instead of an answer."""
        request_id = request_id_of(head.headers)
        if isinstance(error, HubError):
            self._hub.observer.rejected(error.code, source=head.path, detail=error.message)
        else:
            self._hub.log.error("internal", request_id=request_id, path=head.path, error=repr(error))
        return problem(error, request_id)


async def _empty(_: bytes) -> Answer:
    return Answer(202)
