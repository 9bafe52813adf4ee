from eventyard.model.ids import EntryId
from eventyard.model.journal import Appended


def test_an_append_that_met_a_key_used_before_is_a_duplicate() -> None:
    assert Appended(EntryId(7), "event-1", 0, 1_700_000_000_000, key="header:order-7").duplicate


def test_one_that_met_none_is_not() -> None:
    assert not Appended(EntryId(8), "event-2", 3, 1_700_000_000_000).duplicate
