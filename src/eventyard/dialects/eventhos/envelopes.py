"""What every answer of eventhos is wrapped in, and the one place where an error becomes a status and a code of its own.

Knows no framework, so that the hot path (``send.py``) and the routes (``answers.py``) answer alike. Codes are those of
the original wherever it has one; ``500000`` stands for what it does not categorize.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from eventyard.model.errors import HubError, TooMany

NOT_CATEGORIZED = 500000

OF_FAMILY: Mapping[str, tuple[int, int]] = {
    "invalid": (400, 400001),
    "too_large": (413, NOT_CATEGORIZED),
    "unauthenticated": (401, 400001),
    "forbidden": (401, 401002),
    "not_found": (404, 404000),
    "conflict": (409, 409000),
    "too_many": (429, NOT_CATEGORIZED),
    "unavailable": (503, NOT_CATEGORIZED),
    "internal": (500, NOT_CATEGORIZED),
}
"""The HTTP status and the code of a family of errors, unless the error's own code says otherwise."""

OF_CODE: Mapping[str, tuple[int, int]] = {
    "invalid_json": (400, NOT_CATEGORIZED),
    "method_not_allowed": (405, NOT_CATEGORIZED),
    "unsupported_media_type": (415, NOT_CATEGORIZED),
    "unsupported_encoding": (415, NOT_CATEGORIZED),
    "headers_too_large": (431, NOT_CATEGORIZED),
    "unauthenticated": (403, 403002),
    "token_invalid": (401, 400001),
    "token_expired": (401, 400002),
    "token_revoked": (403, 403003),
    "token_superseded": (403, 403004),
    "reserved_name": (400, 400001),
    "idempotency_mismatch": (422, NOT_CATEGORIZED),
    "store_full": (507, NOT_CATEGORIZED),
    "secret_unreadable": (500, NOT_CATEGORIZED),
    "signature_misconfigured": (500, NOT_CATEGORIZED),
}
"""Errors with a status or a code of their own."""


class Fault(Struct, frozen=True):
    """One of several things that are wrong with a request: in which field, and what."""

    field: str
    message: str


class EventhosError(Exception):
    """A refusal that eventhos has a code for: HTTP status, code and message as its clients know them."""

    def __init__(
        self, status: int, code: int, message: str, *, faults: Sequence[Fault] = (), retry_after: int | None = None
    ) -> None:
        """``retry_after`` is in how many seconds the same request may be made again."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.faults = tuple(faults)
        self.headers = {} if retry_after is None else {"retry-after": str(retry_after)}


class Refusal(Struct, frozen=True):
    """An error as it leaves: ``error_id`` is the ``errorUUID`` by which the log knows it."""

    status: int
    code: int
    message: str
    error_id: str
    faults: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = {}

    @property
    def body(self) -> bytes:
        """The error envelope."""
        return _encode(_Error(self.message, self.code, self.error_id, list(self.faults) or UNSET))


class _Success(Struct, omit_defaults=True):
    code: int
    message: str
    content: Any = UNSET


class _Error(Struct, omit_defaults=True):
    message: str
    code: int
    error_uuid: str = msgspec.field(name="errorUUID")
    errors: list[Fault] | UnsetType = UNSET


_encode = msgspec.json.Encoder().encode


def success(code: int, message: str = "success", content: Any = UNSET) -> bytes:
    """The success envelope. Without ``content`` it has none; ``None`` is ``null``."""
    return _encode(_Success(code, message, content))


def refusal_of(error: Exception) -> Refusal:
    """What a client is told of an error. What is neither ours nor eventhos' tells nothing of itself."""
    error_id = str(uuid.uuid4())
    if isinstance(error, EventhosError):
        return Refusal(error.status, error.code, error.message, error_id, error.faults, error.headers)
    if not isinstance(error, HubError):
        error = HubError("internal", "something went wrong on our side")
    status, code = OF_CODE.get(error.code) or OF_FAMILY[error.family]
    message = error.message if error.hint is None else f"{error.message}; {error.hint}"
    faults = () if error.pointer is None else (Fault(_field(error.pointer), error.message),)
    return Refusal(status, code, message, error_id, faults, _headers(error))


def _field(pointer: str) -> str:
    """A JSON Pointer as the name of a field: ``/headers/0/key`` is ``headers.0.key``."""
    return pointer.removeprefix("/").replace("/", ".").replace("~1", "/").replace("~0", "~")


def _headers(error: HubError) -> Mapping[str, str]:
    if isinstance(error, TooMany):
        return {"retry-after": str(error.retry_after)}
    return {"allow": error.hint or ""} if error.code == "method_not_allowed" else {}
