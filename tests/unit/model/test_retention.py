import pytest

from eventyard.model.errors import Invalid
from eventyard.model.ids import EntryId
from eventyard.model.retention import DAY, Doomed, Facts, Fate, Purged, Retention, Term, fate, term

NOW = 400 * DAY
ID = EntryId(7)


def facts(**fields):
    defaults = {"id": ID, "created_at": 0, "settled_at": 10, "needed": False, "leased": False, "payload": True}
    return Facts(**(defaults | fields))


def over(**fields):
    return Term(**({"topic": 1, "consumed": None, "unconsumed": None, "payload": None, "read": None} | fields))


def test_a_topic_keeps_for_ever_unless_told_otherwise():
    assert Retention().is_for_ever
    assert fate(term(1, Retention(), None, NOW), facts()) is None


def test_periods_are_counted_back_from_now():
    made = term(3, Retention(consumed_days=30, unconsumed_days=90, payload_days=7), ID, NOW)
    assert made == Term(3, NOW - 30 * DAY, NOW - 90 * DAY, NOW - 7 * DAY, ID)
    assert made.latest == NOW - 7 * DAY
    assert over().latest == -1


def test_entries_outlive_the_promises_that_speak_of_them():
    made = term(3, Retention(consumed_days=1, unconsumed_days=2, payload_days=1), None, NOW, least=30 * DAY)
    assert (made.consumed, made.unconsumed, made.payload) == (NOW - 30 * DAY, NOW - 30 * DAY, NOW - DAY)


@pytest.mark.parametrize(
    "wrong",
    [
        Retention(consumed_days=0),
        Retention(payload_days=36_501),
        Retention(unconsumed_days=9),
        Retention(consumed_days=10, unconsumed_days=9),
    ],
)
def test_periods_that_make_no_sense_are_refused(wrong):
    with pytest.raises(Invalid) as refused:
        wrong.check()
    assert refused.value.pointer.startswith("/retention/")


@pytest.mark.parametrize("right", [Retention(), Retention(5), Retention(5, 5), Retention(payload_days=36_500)])
def test_other_periods_are_taken(right):
    right.check()


def test_the_consumed_period_runs_from_the_last_settlement():
    assert fate(over(consumed=9, unconsumed=99), facts()) is None
    assert fate(over(consumed=10), facts()) is Fate.CONSUMED


def test_the_unconsumed_period_runs_from_the_creation():
    open_ = facts(created_at=50, settled_at=None, needed=True)
    assert fate(over(consumed=99, unconsumed=49), open_) is None
    assert fate(over(unconsumed=50), open_) is Fate.UNCONSUMED
    assert fate(over(unconsumed=50), facts(settled_at=None, needed=True, leased=True)) is None


def test_what_a_queue_has_yet_to_read_is_unconsumed():
    assert fate(over(consumed=99, read=ID), facts()) is Fate.CONSUMED
    assert fate(over(consumed=99, read=EntryId(6)), facts()) is None
    assert fate(over(unconsumed=99, read=EntryId(6)), facts()) is Fate.UNCONSUMED


def test_a_payload_goes_unless_somebody_needs_it():
    assert fate(over(payload=0), facts()) is Fate.PAYLOAD
    assert fate(over(payload=0), facts(settled_at=None)) is Fate.PAYLOAD
    for kept in (facts(created_at=1), facts(settled_at=None, needed=True), facts(payload=False)):
        assert fate(over(payload=0), kept) is None
    assert fate(over(payload=0, read=EntryId(6)), facts()) is None


def test_what_went_is_counted_by_its_fate():
    purged, other = Purged(), Purged()
    for decided, size in ((Fate.CONSUMED, 3), (Fate.UNCONSUMED, 1), (Fate.PAYLOAD, 5)):
        purged.count(Doomed(ID, decided, size))
    other.add(purged)
    other.add(purged)
    assert (purged, other) == (Purged(1, 1, 1, 4), Purged(2, 2, 2, 8))
