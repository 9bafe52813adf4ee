"""The errors of the hub: one tree, one table of stable codes.

Every refusal a client can meet is a :class:`HubError` with a code of :data:`CODES`. A code never changes its meaning;
the sentence beside it may become better. Which HTTP status a family of errors becomes is decided in
``api/problems.py``, and nowhere else.

    HubError
    ├── Invalid           the request is wrong, and would be wrong again
    │   └── TooLarge      … because it is beyond a bound
    ├── Unauthenticated   we do not know who is asking
    ├── Forbidden         we know, and they may not
    ├── NotFound          nothing there (or nothing they may know of)
    ├── Conflict          it collides with what is there already
    ├── TooMany           a rate limit; ``retry_after`` says how long
    └── Unavailable       our fault or the disk's; the same request may succeed later
"""

from collections.abc import Mapping
from typing import ClassVar, Self

CODES: Mapping[str, str] = {
    "invalid_http": "What was sent is not an HTTP request.",
    "unsupported_http": "The hub does not do this part of HTTP: the method, or the way the body is transferred.",
    "request_timeout": "The request did not arrive whole in time.",
    "invalid_json": "The body is not JSON.",
    "invalid_body": "The body is JSON, but not what this call takes.",
    "invalid_parameter": "A path or query parameter, or a header, has a wrong value.",
    "invalid_cloudevent": "The request claims to be a CloudEvent and is not one.",
    "invalid_filter": "The filter expression cannot be used; the pointer says which part.",
    "invalid_pattern": "The routing-key pattern cannot be used.",
    "invalid_schema": "The JSON Schema of the topic or source is itself not valid.",
    "invalid_settings": "The settings do not fit what the target type or verification scheme declares.",
    "invalid_rule": "The monitoring rule would never have anything to tell, or nobody to tell it to.",
    "schema_mismatch": "The event does not match the schema it must match; the pointer says where.",
    "empty_patch": "The change names no field to change.",
    "illegal_transition": "The entry's status, or the product's state, does not allow this step.",
    "source_disabled": "The source takes no events while it is disabled.",
    "topic_locked": "The topic takes no new sources or subscriptions while it is locked.",
    "unsupported_media_type": "The content type is not one this call understands.",
    "unsupported_encoding": "The content encoding is not one this call understands.",
    "no_project": "The call needs a project, and none was named.",
    "no_algorithm": "A signature header or secret needs the algorithm it is for.",
    "body_too_large": "The body is beyond the size limit, as sent or once inflated.",
    "body_too_deep": "The JSON is nested beyond the depth limit.",
    "headers_too_large": "The headers are beyond the size limit.",
    "batch_too_large": "The batch holds more events than the limit.",
    "invalid_frame": "What was sent is not a frame of the protocol that is spoken here.",
    "frame_too_large": "The frame is beyond the size limit.",
    "unauthenticated": "No usable credentials came with the request.",
    "token_invalid": "The token is none that this hub gave, or whom it was given to is gone.",
    "token_expired": "The token's time is over; get another one.",
    "token_revoked": "The client that the token was given to is revoked.",
    "token_superseded": "The client has a long-lived token, and this is another one.",
    "signature_missing": "The source wants a signature and the request has none.",
    "signature_invalid": "The signature does not match the body and the source's secret.",
    "signature_expired": "The signature's own time is outside the replay window.",
    "signature_replayed": "This very signature was used before.",
    "signature_misconfigured": "The source names a verification scheme without what the scheme needs.",
    "forbidden": "The credentials do not allow this.",
    "reserved_name": "The name is kept for what the hub makes itself.",
    "not_found": "There is nothing here by that name.",
    "method_not_allowed": "This path does not take that method; Allow lists those it takes.",
    "duplicate": "Something with this name or pair exists already.",
    "in_use": "It cannot go while something else refers to it.",
    "resource_locked": "It is in the exclusive use of another connection or consumer.",
    "precondition_failed": "It exists already, and is not what this call takes it to be.",
    "not_allowed": "This cannot be done in this state, or not twice.",
    "not_implemented": "The hub does not do this part of the protocol.",
    "queue_full": "The queue is full, and refuses what publishers would add.",
    "busy": "Too much is on its way in at the moment; send it again in a while.",
    "too_many": "A bound on connections, channels, queues or the like is reached.",
    "too_slow": "The connection took nothing for too long while messages waited for it.",
    "disconnected": "Somebody who may ended this connection; the client may come back.",
    "access_ended": "The key of this connection was revoked, expired, or lost what it was used for.",
    "idempotency_mismatch": "The idempotency key was used before, for another body.",
    "lease_lost": "The lease on this run is over; somebody else may have it now.",
    "rate_limited": "Too many requests; Retry-After says when to come back.",
    "locked_out": "Too many wrong passwords or secrets came from there; Retry-After says when to come back.",
    "store_full": "The disk that holds the journal is full; nothing was recorded.",
    "store_locked": "Another process holds the journal file.",
    "store_corrupt": "The journal file is damaged or is not one.",
    "store_older": "The store was written by an older version and wants an upgrade.",
    "store_newer": "The store was written by a newer version than this one.",
    "store_unavailable": "The store cannot be reached now; nothing was recorded.",
    "secret_unreadable": "A stored secret cannot be decrypted with the key file in use.",
    "shutting_down": "The hub is stopping and takes no new work.",
    "internal": "Something went wrong on our side; the log has the details under the request id.",
}
"""Every stable code with the sentence that explains it; ``docs/errors.md`` shows the same table."""


class HubError(Exception):
    """Something that the caller must be told: a stable code, a sentence, and where the fault is.

    ``pointer`` is a JSON Pointer (RFC 6901) into the request body, or the name of the parameter or header at fault.
    ``hint`` says what to do next.
    """

    family: ClassVar[str] = "internal"

    def __init__(self, code: str, message: str, *, pointer: str | None = None, hint: str | None = None) -> None:
        if code not in CODES:
            raise LookupError(f"error code {code!r} is not in the table of codes")
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer
        self.hint = hint

    def kept(self) -> Self:
        """The same, for keeping: without the traceback and the cause, whose frames hold what it is kept in."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    def below(self, prefix: str) -> Self:
        """The same error with its pointer counted from further up: ``/name`` below ``/3`` is ``/3/name``.

        The name of a parameter or header stays as it is: those are the whole request's.
        """
        moved = type(self).__new__(type(self), *self.args)
        moved.__dict__.update(self.__dict__)
        if not self.pointer or self.pointer.startswith("/"):
            moved.pointer = prefix + (self.pointer or "")
        return moved


class Invalid(HubError):
    """The request is wrong, and sending it again changes nothing."""

    family = "invalid"


class TooLarge(Invalid):
    """The request is beyond one of the hub's bounds."""

    family = "too_large"


class Unauthenticated(HubError):
    """The sender did not prove who they are."""

    family = "unauthenticated"


class Forbidden(HubError):
    """The sender is known, and may not do this."""

    family = "forbidden"


class NotFound(HubError):
    """Nothing by that name, or nothing that this caller may know of."""

    family = "not_found"


class Conflict(HubError):
    """The request collides with what exists."""

    family = "conflict"


class TooMany(HubError):
    """A bound on how often was reached. ``retry_after`` is in whole seconds, at least 1."""

    family = "too_many"

    def __init__(self, message: str, *, retry_after: int, code: str = "rate_limited") -> None:
        super().__init__(code, message, hint=f"wait {retry_after} s and send the same request again")
        self.retry_after = retry_after


class Unavailable(HubError):
    """The hub cannot do this now; nothing of it was done."""

    family = "unavailable"
