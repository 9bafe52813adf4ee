import pytest

from eventyard.model.errors import Conflict, Forbidden, HubError, Invalid, NotFound, TooLarge
from eventyard.wire.stomp.errors import Refused, invalid, message_not_found, missing, survivable, title_of


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (Refused("Unknown destination", "no"), "Unknown destination"),
        (missing("ACK", "id"), "Missing header"),
        (invalid("SUBSCRIBE", "ack", "auto"), "Invalid header"),
        (message_not_found(3), "Message not found"),
        (NotFound("not_found", "no exchange"), "not_found"),
        (Forbidden("forbidden", "no"), "access_refused"),
        (Conflict("resource_locked", "no"), "resource_locked"),
    ],
)
def test_an_error_has_a_title(error: HubError, title: str) -> None:
    assert title_of(error) == title


def test_a_wrong_header_is_named() -> None:
    assert missing("ACK", "id").message == "ACK must include the 'id' header"
    assert invalid("ACK", "id", "such as 7").pointer == "id"


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [
        (missing("ACK", "id"), True),
        (message_not_found(3), True),
        (Invalid("schema_mismatch", "no"), True),
        (Refused("Duplicated subscription identifier", "no", code="duplicate"), False),
        (Invalid("invalid_frame", "no"), False),
        (TooLarge("frame_too_large", "no"), False),
        (NotFound("not_found", "no"), False),
        (Forbidden("forbidden", "no"), False),
    ],
)
def test_a_conversation_outlives_a_wrong_command_and_nothing_worse(error: HubError, goes_on: bool) -> None:
    assert survivable(error) is goes_on
