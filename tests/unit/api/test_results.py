import pytest
from msgspec import Raw
from msgspec.json import Decoder

from eventyard.api.results import DispatchResult, decoded, lines_of, results_of
from eventyard.model.errors import HubError, Invalid
from eventyard.model.ids import EntryId
from eventyard.pipeline import idempotency
from eventyard.pipeline.accept import Accepted, Choice
from eventyard.testing import builders


def result(name: str, delivery_id: int | None, status: str = "queued", reason: str | None = None) -> DispatchResult:
    wish = builders.subscription(name)
    return DispatchResult(wish.id, wish.target_type, wish.target_id, delivery_id, status, reason)


def test_delivery_ids_follow_that_of_the_event_and_what_is_skipped_has_none():
    wishes = [builders.subscription(name) for name in ("a", "b", "c")]
    choices = (Choice(wishes[0]), Choice(wishes[1], "its target is gone"), Choice(wishes[2], waits=True))
    assert results_of(Accepted(EntryId(7), "event", 2, choices)) == [
        result("a", 8), result("b", None, "skipped", "its target is gone"), result("c", 9, "delayed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [(b'"cut', "invalid_json"), (b'"\xff"', "invalid_json"), (b"5", "invalid_body"), (b"[" * 9_999, "body_too_deep")],
)
def test_a_body_that_cannot_be_decoded_is_told_why(body: bytes, code: str) -> None:
    with pytest.raises(HubError) as refused:
        decoded(Decoder(list[Raw] if code == "body_too_deep" else str).decode, body)
    assert refused.value.code == code


def test_pointers_in_a_batch_lead_from_its_root():
    wrong = [
        Invalid("invalid_body", "no", pointer="/type"),
        Accepted(EntryId(7), "event", 2, replayed=True),
        Invalid("invalid_json", "no"),
        idempotency.mismatch("key:1"),
    ]
    told = [(line.status, line.code, line.pointer) for line in lines_of(wrong, key_at="/idempotency_key")]
    assert told == [
        (422, "invalid_body", "/0/type"), (202, None, None), (400, "invalid_json", "/2"),
        (422, "idempotency_mismatch", "/3/idempotency_key"),
    ]  # fmt: skip
    assert lines_of(wrong)[3].pointer == "Idempotency-Key"
