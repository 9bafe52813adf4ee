"""What the hub refuses has a code of AMQP, which says by itself whether it ends the channel or the connection."""

import pytest
from pamqp.commands import Basic

from eventyard.gateways.amqp.replies import reply_to
from eventyard.model.errors import Conflict, Forbidden, HubError, Invalid, NotFound, Unauthenticated, Unavailable
from eventyard.wire.amqp.errors import Level, ReplyCode


@pytest.mark.parametrize(
    ("error", "code", "level"),
    [
        (NotFound("not_found", "no queue"), ReplyCode.NOT_FOUND, Level.CHANNEL),
        (Forbidden("forbidden", "no"), ReplyCode.ACCESS_REFUSED, Level.CHANNEL),
        (Forbidden("reserved_name", "no"), ReplyCode.ACCESS_REFUSED, Level.CHANNEL),
        (Conflict("resource_locked", "no"), ReplyCode.RESOURCE_LOCKED, Level.CHANNEL),
        (Conflict("precondition_failed", "no"), ReplyCode.PRECONDITION_FAILED, Level.CHANNEL),
        (Invalid("schema_mismatch", "no"), ReplyCode.PRECONDITION_FAILED, Level.CHANNEL),
        (Invalid("not_implemented", "no"), ReplyCode.NOT_IMPLEMENTED, Level.CONNECTION),
        (Unavailable("too_many", "no"), ReplyCode.RESOURCE_ERROR, Level.CONNECTION),
        (Unauthenticated("access_ended", "no"), ReplyCode.CONNECTION_FORCED, Level.CONNECTION),
        (Unavailable("shutting_down", "no"), ReplyCode.CONNECTION_FORCED, Level.CONNECTION),
        (Unavailable("store_unavailable", "no"), ReplyCode.INTERNAL_ERROR, Level.CONNECTION),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_every_refusal_has_its_code(error: HubError, code: ReplyCode, level: Level) -> None:
    reply = reply_to(error)
    assert (reply.code, reply.code.level) == (code, level)


def test_a_reply_says_why_what_to_do_and_which_method_failed() -> None:
    reply = reply_to(Invalid("invalid_parameter", "that is no place", hint="try first"), Basic.Consume)
    assert reply.text == "PRECONDITION_FAILED - that is no place; try first"
    assert (reply.class_id, reply.method_id) == (60, 20)
