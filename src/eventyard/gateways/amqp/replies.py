"""What the hub's errors are called in AMQP 0-9-1 (section 1.1): one table, used wherever a method fails."""

from collections.abc import Mapping

from pamqp.base import Frame as Method

from eventyard.model.errors import HubError
from eventyard.wire.amqp.errors import AmqpError, ReplyCode

_REPLIES: Mapping[str, ReplyCode] = {
    "not_found": ReplyCode.NOT_FOUND,
    "forbidden": ReplyCode.ACCESS_REFUSED,
    "reserved_name": ReplyCode.ACCESS_REFUSED,
    "unauthenticated": ReplyCode.ACCESS_REFUSED,
    "rate_limited": ReplyCode.ACCESS_REFUSED,
    "resource_locked": ReplyCode.RESOURCE_LOCKED,
    "not_allowed": ReplyCode.NOT_ALLOWED,
    "not_implemented": ReplyCode.NOT_IMPLEMENTED,
    "too_many": ReplyCode.RESOURCE_ERROR,
    "too_slow": ReplyCode.CONNECTION_FORCED,
    "access_ended": ReplyCode.CONNECTION_FORCED,
    "disconnected": ReplyCode.CONNECTION_FORCED,
    "shutting_down": ReplyCode.CONNECTION_FORCED,
}
_BY_FAMILY: Mapping[str, ReplyCode] = {"unavailable": ReplyCode.INTERNAL_ERROR}


def reply_to(error: HubError, at: Method | type[Method] | None = None) -> AmqpError:
    """The reply that tells a client of an error; what is not in the table is a precondition that was not met."""
    code = _REPLIES.get(error.code) or _BY_FAMILY.get(error.family, ReplyCode.PRECONDITION_FAILED)
    return AmqpError(code, f"{error.message}; {error.hint}" if error.hint else error.message, at)
