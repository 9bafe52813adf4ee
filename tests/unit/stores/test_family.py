import pytest

from eventyard.model.ids import EntryId
from eventyard.model.journal import CLAIM_BYTES, HistoryLine, NewBundle, Recorded
from eventyard.model.lifecycle import Descendants, Endings, Kind, Status
from eventyard.stores.family import (
    Family,
    begun,
    called,
    completed_at,
    delayed_ms,
    ended,
    inherits,
    lived,
    reflected,
    superseded,
    superseding,
    taken,
    topic_of,
    with_members,
)
from eventyard.testing import builders as b


def test_a_parent_counts_its_children_through_their_lives() -> None:
    family = Family()
    seen = [family.descendants]
    for old, new in (
        (None, Status.PENDING),
        (Status.PENDING, Status.PROCESSING),
        (Status.PROCESSING, Status.DELAYED),
        (Status.DELAYED, Status.ERROR),
        (Status.ERROR, Status.REPROCESSED),
    ):
        family.moved(old, new)
        seen.append(family.descendants)
    assert seen == [
        Descendants.NONE, Descendants.IN_PROCESS, Descendants.IN_PROCESS,
        Descendants.DELAYED, Descendants.ERROR, Descendants.FINAL,
    ]  # fmt: skip
    assert family == Family(children=1)


@pytest.mark.parametrize(
    ("statuses", "endings"),
    [
        ([], Endings.NONE),
        ([Status.PENDING, Status.DELAYED, Status.PROCESSING], Endings.NONE),
        ([Status.COMPLETE, Status.PROCESSING], Endings.COMPLETE),
        ([Status.ERROR], Endings.OTHERWISE),
        ([Status.DISCARDED, Status.REPROCESSED, Status.DELAYED], Endings.OTHERWISE),
        ([Status.COMPLETE, Status.ERROR], Endings.MIXED),
    ],
)
def test_a_parent_knows_how_those_ended_that_are_over(statuses: list[Status], endings: Endings) -> None:
    family = Family()
    for status in statuses:
        family.moved(None, Status.PROCESSING)
        family.moved(Status.PROCESSING, status)
    assert family.endings is endings


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (None, Status.PROCESSING, Status.COMPLETE, 9),
        (5, Status.COMPLETE, Status.DISCARDED, 5),
        (5, Status.ERROR, Status.PROCESSING, None),
        (None, Status.PENDING, Status.PROCESSING, None),
    ],
)
def test_an_entry_is_completed_by_the_line_that_made_it_final(
    before: int | None, old: Status, new: Status, after: int | None
) -> None:
    assert completed_at(before, old, new, at=9) == after


def test_only_time_in_the_delayed_status_counts_as_delay() -> None:
    assert delayed_ms(10, Status.DELAYED, since=100, at=150) == 60
    assert delayed_ms(10, Status.PROCESSING, since=100, at=150) == 10
    assert delayed_ms(10, Status.DELAYED, since=150, at=100) == 10


@pytest.mark.parametrize(
    ("sizes", "count"),
    [([], 0), ([CLAIM_BYTES], 1), ([CLAIM_BYTES, 1], 1), ([CLAIM_BYTES - 1, CLAIM_BYTES, 1], 2), ([0] * 9, 9)],
)
def test_a_claim_ends_with_what_fills_it(sizes: list[int], count: int) -> None:
    assert list(taken(enumerate(sizes))) == list(range(count))


def test_a_history_written_at_once_comes_to_what_it_would_have_line_by_line() -> None:
    lines = [
        (Status.PENDING, 1),
        (Status.DELAYED, 2),
        (Status.PROCESSING, 7),
        (Status.ERROR, 9),
        (Status.DISCARDED, 12),
    ]
    assert lived([b.line(status, at=at) for status, at in lines]) == (Status.DISCARDED, 9, 5)
    assert lived([b.line(Status.COMPLETE, at=3)]) == (Status.COMPLETE, 3, 0)


@pytest.mark.parametrize(
    ("family", "told"),
    [
        (Family(children=2, open=1), Recorded.WRITTEN),
        (Family(children=1, failed=1), Recorded.WRITTEN),
        (Family(children=3, open=1, delayed=1), Recorded.AWAITED),
        (Family(children=2, delayed=1, failed=1), Recorded.SETTLED),
    ],
)
def test_the_end_of_a_delivery_matters_to_those_that_wait(family: Family, told: Recorded) -> None:
    assert ended(family) is told


def test_what_is_about_several_topics_goes_by_a_name_for_all_of_them() -> None:
    assert topic_of(Kind.COMPOUND_SUBSCRIPTION, None) == "(multiple)"
    assert topic_of(Kind.SUBSCRIPTION, None) is None
    assert topic_of(Kind.COMPOUND_PUBLICATION, "orders") == "orders"


def test_a_name_is_called_in_any_case_and_in_part_where_that_will_do() -> None:
    assert called("Größe_100%", "GRÖSSE_100%", contains=False)
    assert not called("Größe_100%", "größe", contains=False)
    assert called("Größe_100%", "GRÖSSE", contains=True)
    assert not called("Größe_100%", "größe%", contains=True)


@pytest.mark.parametrize(("comment", "before"), [("", ""), ("once more", "once more; ")])
def test_of_two_deliveries_one_in_place_of_the_other_each_names_the_other(comment, before):
    line = HistoryLine(b.NOW, Status.PROCESSING, comment, "ada")
    assert superseded(line, EntryId(9)) == HistoryLine(
        b.NOW, Status.PROCESSING, f"{before}superseded by entry 9", "ada"
    )
    assert superseding(line, EntryId(7)) == HistoryLine(b.NOW, Status.PROCESSING, f"{before}in place of entry 7", "ada")


@pytest.mark.parametrize(
    ("member", "old", "new", "goes"),
    [
        (Status.PROCESSING, Status.PROCESSING, Status.COMPLETE, True),
        (Status.PROCESSING, Status.PENDING, Status.ERROR, True),
        (Status.PROCESSING, Status.PENDING, Status.PROCESSING, False),
        (Status.ERROR, Status.ERROR, Status.PROCESSING, True),
        (Status.DISCARDED, Status.PROCESSING, Status.COMPLETE, False),
        (Status.DISCARDED, Status.ERROR, Status.PROCESSING, False),
        (Status.COMPLETE, Status.ERROR, Status.COMPLETE, False),
    ],
)
def test_a_member_goes_with_its_run_unless_it_ended_on_its_own(
    member: Status, old: Status, new: Status, goes: bool
) -> None:
    assert inherits(member, old, new) is goes
    assert reflected(b.line(new, "why"), EntryId(9278)).comment == "reflected by event 9278"


def test_members_begin_with_their_run() -> None:
    scene = b.scene()
    lines = (b.line(Status.NEW, actor="key:ci"), b.line(Status.PENDING, "Released", at=b.NOW + 1))
    bundle = NewBundle(Kind.AGGREGATED_SUBSCRIPTION, 1, 3, scene.subscription, None, b.event(b""), lines, (), "part")
    assert begun(bundle) == b.line(Status.PROCESSING, "part", actor="key:ci")
    over = NewBundle(
        bundle.kind, 1, 3, scene.subscription, None, bundle.event, (b.line(Status.DISCARDED),), (), "with it"
    )
    assert begun(over).status is Status.DISCARDED
    event = with_members(bundle.event, [b.event(b"1"), b.event(b"2")])
    assert (event.content_type, event.data.count(b'"data":')) == ("application/cloudevents-batch+json", 2)
