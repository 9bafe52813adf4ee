from typing import Any

from eventyard.model.ids import EntryId
from eventyard.ports import Delivery
from eventyard.targets.headers import message_id, not_here
from eventyard.testing import builders
from eventyard.testing.builders import NOW


def delivery(*, attempt: int = 1, entry_id: int = 7, now: int = NOW, event: dict[str, Any] | None = None) -> Delivery:
    fact = builders.event(**(event or {}))
    return Delivery(EntryId(entry_id), EntryId(6), "subscription-1", attempt, fact, builders.target(), {}, now)


def test_the_id_is_the_same_for_every_attempt_and_another_for_any_other_delivery() -> None:
    first = message_id(delivery())
    assert first == "msg_0470a245ed05c7db_7"
    assert message_id(delivery(attempt=2, now=NOW + 5_000)) == first
    assert message_id(delivery(entry_id=8)) != first
    assert message_id(delivery(event={"id": "event-2"})) != first


def test_a_header_that_cannot_be_set_is_pointed_at() -> None:
    error = not_here("X-A/B", "set it elsewhere")
    assert (error.code, error.pointer, error.hint) == (
        "invalid_settings",
        "/settings/headers/X-A~1B",
        "set it elsewhere",
    )
    assert error.message == "headers: X-A/B cannot be set here"
