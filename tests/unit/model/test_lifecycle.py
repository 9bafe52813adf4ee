import pytest

from eventyard.model.errors import Conflict
from eventyard.model.lifecycle import (
    BY_HAND,
    FINAL,
    LIFECYCLE,
    Descendants,
    Kind,
    Status,
    Trigger,
    after,
    descendants,
    label,
    labels,
)


def test_a_delivery_that_succeeds_at_once_is_processing_then_complete() -> None:
    assert after(Status.PROCESSING, Trigger.SUCCEED) is Status.COMPLETE


def test_a_job_run_waits_is_claimed_and_fails() -> None:
    assert after(Status.PENDING, Trigger.START) is Status.PROCESSING
    assert after(Status.PROCESSING, Trigger.FAIL) is Status.ERROR


def test_an_operator_retries_a_failed_delivery() -> None:
    assert after(Status.ERROR, Trigger.RETRY) is Status.PROCESSING


def test_every_pair_outside_the_table_is_a_conflict_that_names_the_legal_steps() -> None:
    for status in Status:
        for trigger in Trigger:
            if (status, trigger) in LIFECYCLE:
                continue
            with pytest.raises(Conflict) as refusal:
                after(status, trigger)
            assert refusal.value.code == "illegal_transition"
            for legal in (t for t in Trigger if (status, t) in LIFECYCLE):
                word = {Trigger.CLOSE: "status Complete", Trigger.REJECT: "status Error"}.get(legal, legal.value)
                assert word in (refusal.value.hint or "")


def test_the_refusal_reads_as_a_sentence() -> None:
    with pytest.raises(Conflict, match="cannot retry an entry that is Complete") as refusal:
        after(Status.COMPLETE, Trigger.RETRY)
    assert refusal.value.hint == "from Complete these steps are possible: discard, reprocess, status Error"


@pytest.mark.parametrize(("trigger", "status"), [(Trigger.CLOSE, Status.COMPLETE), (Trigger.REJECT, Status.ERROR)])
def test_who_asks_for_a_status_is_told_of_the_status(trigger: Trigger, status: Status) -> None:
    for now in (status, Status.REPROCESSED):
        with pytest.raises(Conflict) as refusal:
            after(now, trigger)
        assert refusal.value.message == f"cannot give the status {label(status)} to an entry that is {label(now)}"
    assert refusal.value.hint == "from Reprocessed these steps are possible: none"


def test_a_superseded_entry_never_changes_again() -> None:
    assert not [step for step in LIFECYCLE if step[0] is Status.REPROCESSED]


def test_whatever_is_open_can_be_discarded() -> None:
    assert {after(status, Trigger.DISCARD) for status in Status if status not in FINAL} == {Status.DISCARDED}


def test_an_operator_gives_any_entry_another_final_status_but_one_that_was_superseded() -> None:
    assert BY_HAND.keys() == FINAL - {Status.REPROCESSED}
    for status in set(Status) - {Status.REPROCESSED}:
        assert {after(status, trigger) for to, trigger in BY_HAND.items() if to is not status} == BY_HAND.keys() - {
            status
        }


def test_only_an_operator_moves_an_entry_out_of_a_final_status() -> None:
    by_itself = {Trigger.START, Trigger.WAIT, Trigger.SUCCEED, Trigger.FAIL}
    assert not [(status, trigger) for status, trigger in LIFECYCLE if status in FINAL and trigger in by_itself]


def test_every_open_status_leads_to_every_final_one() -> None:
    for start in set(Status) - FINAL:
        reached, new = {start}, {start}
        while new:
            new = {to for (status, _), to in LIFECYCLE.items() if status in new} - reached
            reached |= new
        assert reached >= FINAL


@pytest.mark.parametrize(
    ("children", "open_", "delayed", "failed", "summary"),
    [
        (0, 0, 0, 0, Descendants.NONE),
        (3, 1, 1, 1, Descendants.IN_PROCESS),
        (3, 0, 1, 1, Descendants.ERROR),
        (3, 0, 1, 0, Descendants.DELAYED),
        (3, 0, 0, 0, Descendants.FINAL),
    ],
)
def test_the_parents_summary_names_what_needs_attention_first(
    children: int, open_: int, delayed: int, failed: int, summary: Descendants
) -> None:
    assert descendants(children, open_, delayed, failed) is summary


def test_the_stored_numbers_are_these_for_ever() -> None:
    assert [(kind.name, kind.value) for kind in Kind] == [
        ("PUBLICATION", 1),
        ("SUBSCRIPTION", 2),
        ("COMPOUND_PUBLICATION", 3),
        ("COMPOUND_SUBSCRIPTION", 4),
        ("AGGREGATED_SUBSCRIPTION", 5),
        ("UNBOUND_SUBSCRIPTION", 6),
        ("SYSTEM", 7),
    ]
    assert [status.name for status in sorted(Status)] == [
        "NEW", "PENDING", "PROCESSING", "DELAYED", "COMPLETE", "ERROR", "DISCARDED", "REPROCESSED",
    ]  # fmt: skip
    assert [state.name for state in sorted(Descendants)] == ["NONE", "IN_PROCESS", "ERROR", "DELAYED", "FINAL"]


def test_labels_are_what_people_read() -> None:
    assert label(Kind.COMPOUND_SUBSCRIPTION) == "Compound Subscription"
    assert labels([Status.NEW, Status.COMPLETE]) == "New, Complete"
