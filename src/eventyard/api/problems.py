"""Errors as clients see them: the one place where a :class:`HubError` becomes an HTTP status and an RFC 9457 body.

Knows nothing of FastAPI, so that the hot paths (``hot.py``) and the native API (``guard.py``) answer alike. What
FastAPI itself refuses is turned into a ``HubError`` by ``validation.py`` first.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from eventyard.api.http import Answer
from eventyard.model.errors import CODES, HubError, Invalid, TooMany

PROBLEM = "application/problem+json"
CODES_PAGE = "/docs/errors"

STATUS_OF_FAMILY: Mapping[str, int] = {
    "invalid": 422,
    "too_large": 413,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_many": 429,
    "unavailable": 503,
    "internal": 500,
}
"""What a family of errors comes to, unless the code says otherwise."""

STATUS_OF_CODE: Mapping[str, int] = {
    "invalid_http": 400,
    "unsupported_http": 501,
    "request_timeout": 408,
    "invalid_json": 400,
    "invalid_cloudevent": 400,
    "invalid_parameter": 400,
    "no_project": 400,
    "no_algorithm": 400,
    "empty_patch": 400,
    "source_disabled": 400,
    "method_not_allowed": 405,
    "unsupported_media_type": 415,
    "unsupported_encoding": 415,
    "idempotency_mismatch": 422,
    "locked_out": 401,
    "headers_too_large": 431,
    "signature_misconfigured": 500,
    "secret_unreadable": 500,
    "store_full": 507,
    "busy": 503,
}
"""Codes with a status of their own."""


class Fault(Struct, frozen=True):
    """One of several things that are wrong with a request: where, and what."""

    pointer: str
    detail: str


class Faulty(Invalid):
    """A request with one or more faults, each of which is told."""

    def __init__(self, code: str, faults: Sequence[Fault], *, hint: str | None = None) -> None:
        super().__init__(code, faults[0].detail, pointer=faults[0].pointer, hint=hint)
        self.faults = tuple(faults)


def status_of(error: HubError) -> int:
    """The HTTP status of an error."""
    return STATUS_OF_CODE.get(error.code) or STATUS_OF_FAMILY[error.family]


def problem(error: Exception, request_id: str) -> Answer:
    """The answer to a request that failed. What is no ``HubError`` is ``internal``, and tells nothing of itself."""
    if not isinstance(error, HubError):
        error = HubError("internal", "something went wrong on our side", hint="tell us the request id; the log has it")
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"{CODES_PAGE}#{error.code}",
        "title": CODES[error.code],
        "status": status,
        "detail": error.message,
        "code": error.code,
    }
    if error.pointer is not None:
        body["pointer"] = error.pointer
    if error.hint is not None:
        body["hint"] = error.hint
    body["request_id"] = request_id
    if isinstance(error, Faulty):
        body["errors"] = error.faults
    return Answer(status, msgspec.json.encode(body), PROBLEM, _headers(error, status, request_id))


def request_id_of(raw_headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The client's own ``X-Request-Id`` if it is fit for a log line, else a new one."""
    for name, value in raw_headers:
        if name == b"x-request-id" and _SANE.fullmatch(value):
            return value.decode()
    return str(uuid.uuid4())


def _headers(error: HubError, status: int, request_id: str) -> tuple[tuple[bytes, bytes], ...]:
    headers = [(b"x-request-id", request_id.encode())]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="eventyard"'))
    if isinstance(error, TooMany):
        headers.append((b"retry-after", b"%d" % error.retry_after))
    if error.code == "method_not_allowed":
        headers.append((b"allow", (error.hint or "").encode()))
    return tuple(headers)


_SANE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
