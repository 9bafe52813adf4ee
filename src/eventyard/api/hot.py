"""The hot paths: by what right a request on them is heard, how much of it, and who answers.

A request comes here from the connection itself (``exchange.py``), or through ASGI (``front.py``). Either way its head
is judged before a byte of its body is read, and what is refused, for whatever reason, is logged and told in one place.
What an event is, ``ingest.py`` knows.

A dialect may have paths that are hot as well (:class:`Spoken`). It judges and answers them in its own words; bounds,
and the way here and back, are those of all hot paths.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Protocol

from msgspec import Struct

from eventyard.api.http import JSON, Answer, Body, Head, headers_of, query_of
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


Reply = tuple[int, bytes, tuple[tuple[bytes, bytes], ...]]
"""What a dialect answers: status, JSON and headers beside those of every answer."""


class Spoken(Protocol):
    """A path of a dialect, hot for POST."""

    path: str

    def open(self, query: bytes, headers: Mapping[str, str]) -> Callable[[bytes], Awaitable[Reply]]:
        """Judge the head of a request; what is returned answers it, given the whole body. Both may raise."""

    def refuse(self, error: Exception) -> Reply:
        """What a client is told instead of an answer, and the log of it."""


Verb = Callable[[bytes], Awaitable[Answer]]
"""Answers a request, given its whole body."""


class Call(Struct, frozen=True):
    """A request that may come in: its body, which comes yet, and what answers it, as things stood at ``version``."""

    body: Body
    verb: Verb
    judge: Callable[[], Verb]
    version: int

    def answer(self, version: int) -> Awaitable[Answer]:
        """The answer, now that the body is whole. Raises what is wrong with the request.

        Who may send, and where to, may have changed since the head came: then it is judged anew.
        """
        verb = self.verb if version == self.version else self.judge()
        return verb(self.body.whole())


class Hot:
    """The hot paths of one hub."""

    def __init__(self, hub: Hub, security: Security, *, bench: bool, spoken: Iterable[Spoken] = ()) -> None:
        self._hub = hub
        self._security = security
        self._ingest = Ingest(hub)
        self._paths = {DISPATCH, BATCH, EMPTY} if bench else {DISPATCH, BATCH}
        self._spoken = {one.path: one for one in spoken}

    def takes(self, path: str, method: str = "POST") -> bool:
        """Whether a path is one of them. With other methods than POST, those of dialects are not."""
        return path.startswith(_DOORS) or path in self._paths or (method == "POST" and path in self._spoken)

    def open(self, head: Head) -> Call:
        """Judge the head of a request on a hot path. Raises what is wrong with it."""
        if head.method != "POST":
            raise Invalid("method_not_allowed", f"{head.path} takes POST only", hint="POST")
        limits = self._hub.limits
        headers = headers_of(head.headers, limits.header_bytes)
        verb, judge = self._verb(head, headers), partial(self._verb, head, headers, again=True)
        most = limits.batch_bytes if self._takes_many(head.path, headers) else limits.body_bytes
        return Call(Body(headers, most, self._hub.room), verb, judge, self._hub.catalog.version)

    def answer(self, call: Call) -> Awaitable[Answer]:
        """The answer to a call whose body is whole. Raises what is wrong with the request."""
        return self._answer_large(call) if call.body.swells else call.answer(self._hub.catalog.version)

    async def _answer_large(self, call: Call) -> Answer:
        await call.body.inflate()
        return await call.answer(self._hub.catalog.version)

    def _takes_many(self, path: str, headers: Mapping[str, str]) -> bool:
        if path in self._spoken:
            return False
        return path == BATCH or headers.get("content-type", "")[: len(_CLOUD_BATCH)].lower() == _CLOUD_BATCH

    def _verb(self, head: Head, headers: Mapping[str, str], *, again: bool = False) -> Verb:
        """What becomes of the body. Raises ``NotFound``, ``Unauthenticated`` for who has no business here.

        Judged ``again``, a call does not count once more against the rate of its key.
        """
        spoken = self._spoken.get(head.path)
        if spoken is not None:
            return partial(_spoken, spoken.open(head.query, headers))
        if head.path.startswith(_DOORS):
            return partial(self._ingest.post, self._hub.doors.of(head.path[len(_DOORS) :]), headers)
        if head.path == EMPTY:
            return _empty
        verb = self._ingest.batch if head.path == BATCH else self._ingest.dispatch
        caller = self._security.known(headers, head.peer, counted=not again)
        if caller is None:
            return partial(self._with_password, verb, head, headers)
        return partial(verb, caller, headers, query_of(head.query))

    async def _with_password(
        self, verb: Callable[..., Awaitable[Answer]], head: Head, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """As any other, by a caller whose password takes time to prove."""
        caller = await self._security.authenticate(headers, head.peer)
        return await verb(caller, headers, query_of(head.query), body)

    def refuse(self, error: Exception, head: Head) -> Answer:
        """What a client is told instead of an answer."""
        spoken = self._spoken.get(head.path)
        if spoken is not None:
            return _answer(spoken.refuse(error))
        request_id = request_id_of(head.headers)
        if isinstance(error, HubError):
            self._hub.observer.rejected(error.code, path=head.path, detail=error.message, request_id=request_id)
        else:
            self._hub.log.error("internal", request_id=request_id, path=head.path, error=repr(error))
        return problem(error, request_id)

    def refuse_unread(self, error: HubError, peer: str) -> Answer:
        """What somebody is told whose bytes never became a request, on whatever path."""
        request_id = request_id_of(())
        self._hub.log.info("refused", request_id=request_id, peer=peer, code=error.code, detail=error.message)
        return problem(error, request_id)


async def _empty(_: bytes) -> Answer:
    return Answer(202)


async def _spoken(verb: Callable[[bytes], Awaitable[Reply]], body: bytes) -> Answer:
    return _answer(await verb(body))


def _answer(reply: Reply) -> Answer:
    status, body, headers = reply
    return Answer(status, body, JSON, headers)
