import pytest

from eventyard.model.errors import Invalid
from eventyard.pipeline import idempotency
from eventyard.testing import builders


def test_a_sender_names_its_key_in_a_header_within_bounds():
    assert idempotency.of_sender({}) is None
    assert idempotency.of_sender({"idempotency-key": "k" * 255}) == "key:" + "k" * 255
    for key in ("", "k" * 256):
        with pytest.raises(Invalid) as refused:
            idempotency.of_sender({"idempotency-key": key})
        assert (refused.value.code, refused.value.pointer) == ("invalid_parameter", "Idempotency-Key")


def test_keys_of_one_kind_are_never_those_of_another():
    event = builders.event(id="1")
    given = idempotency.of_sender({"idempotency-key": "1"})
    items = {idempotency.of_item(given, number) for number in range(2)}
    keys = {given, *items, idempotency.of_delivery("1"), idempotency.of_event(event)}
    assert len(keys) == 5
    assert idempotency.of_sender({"idempotency-key": "0:1"}) not in keys
    assert idempotency.of_event(event) != idempotency.of_event(builders.event(id="2"))


@pytest.mark.parametrize(
    ("key", "message", "pointer", "hint"),
    [
        ("key:a:b", "'a:b' was used before, for other data", "Idempotency-Key", "use a new key for a new event"),
        ("item:3:a:b", "'a:b' was used before, for other data", "Idempotency-Key", "use a new key for a new event"),
        ("delivery:7", "delivery '7' came before, with other data", None, "use a new id for a new event"),
        ("event:/s\tA-1", "event 'A-1' of '/s' came before, with other data", None, "use a new id for a new event"),
    ],
)
def test_a_key_that_came_with_other_data_is_told_as_its_sender_knows_it(key, message, pointer, hint):
    conflict = idempotency.mismatch(key)
    assert (conflict.code, conflict.message) == ("idempotency_mismatch", message)
    assert (conflict.pointer, conflict.hint) == (pointer, hint)


def test_a_repeated_signature_is_told_what_to_do():
    refusal = idempotency.repeated_signature()
    assert refusal.code == "signature_replayed"
    assert refusal.hint == "sign each request anew; to repeat a request safely, send an Idempotency-Key"
