"""What a search means is said by tests/contract; here, what one criterion means for one entry."""

from typing import Any

import pytest
from msgspec import structs

from eventyard.model.ids import EntryId
from eventyard.model.journal import HistoryLine, Listing, Query
from eventyard.model.lifecycle import Descendants, Endings, Kind, Status
from eventyard.stores.family import Family
from eventyard.stores.memory_catalog import Name
from eventyard.stores.memory_search import Kept, listed, matches, shown, totals
from eventyard.stores.records import NameKind
from eventyard.testing import builders as b

NAMES = {1: Name(NameKind.PROJECT, "p", "north"), 4: Name(NameKind.SOURCE, "s", "Web Shop")}

ENTRY = Kept(
    id=EntryId(7),
    kind=Kind.PUBLICATION,
    project=1,
    application=2,
    topic=3,
    name=4,
    event=b.event(id="e-1"),
    created_at=b.NOW,
    history=[HistoryLine(b.NOW, Status.COMPLETE)],
    family=Family(),
    attempts={},
)


def test_of_topics_that_tell_of_an_application_one_may_be_known() -> None:
    names = {**NAMES, 3: Name(NameKind.TOPIC, "t", "application.a")}
    for own, known in (("application.a", True), ("application.b", False), (None, True)):
        assert matches(Query(projects=(1,), own=own), ENTRY, names) is known


def test_what_is_about_several_topics_is_found_by_the_name_for_all_of_them() -> None:
    compound = structs.replace(ENTRY, kind=Kind.COMPOUND_SUBSCRIPTION, topic=0)
    assert shown(compound, NAMES).topic == "(multiple)"
    assert matches(Query(projects=(1,), topic="(Multi", contains=True), compound, NAMES)
    assert not matches(Query(projects=(1,), topic="(multi"), compound, NAMES)


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({}, True),
        ({"projects": (2,)}, False),
        ({"kinds": (Kind.SUBSCRIPTION,)}, False),
        ({"statuses": (Status.COMPLETE,)}, True),
        ({"descendants": (Descendants.NONE,)}, True),
        ({"name": "web shop"}, True),
        ({"name": "shop"}, False),
        ({"name": "shop", "contains": True}, True),
        ({"topic": "orders"}, False),
        ({"event_id": "e-2"}, False),
        ({"created_from": b.NOW, "created_to": b.NOW}, True),
        ({"before": EntryId(7)}, False),
        ({"after": EntryId(6)}, True),
    ],
)
def test_a_criterion_holds_or_does_not(criteria: dict[str, Any], found: bool) -> None:
    assert matches(Query(**({"projects": (1,)} | criteria)), ENTRY, NAMES) is found


def test_an_entry_is_shown_under_the_names_there_are() -> None:
    entry = shown(ENTRY, NAMES)
    assert (entry.project_id, entry.name_id, entry.name) == ("p", "s", "Web Shop")
    assert (entry.application_id, entry.application, entry.topic) == (None, None, None)
    assert (entry.status, entry.event_id) == (Status.COMPLETE, "e-1")


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({}, True),
        ({"projects": (2,)}, False),
        ({"application": 2}, True),
        ({"application": 3}, False),
        ({"name": "web SHOP"}, True),
        ({"name": "web"}, False),
        ({"endings": (Endings.NONE,)}, True),
        ({"endings": (Endings.COMPLETE, Endings.MIXED)}, False),
        ({"entry_id": EntryId(7)}, True),
        ({"entry_id": EntryId(8)}, False),
        ({"created_from": b.NOW, "created_to": b.NOW}, True),
        ({"created_from": b.NOW + 1}, False),
        ({"created_to": b.NOW - 1}, False),
        ({"offset": 1}, False),
    ],
)
def test_a_list_is_narrowed_by_each_criterion(criteria: dict[str, Any], found: bool) -> None:
    page = listed(Listing(**({"projects": (1,)} | criteria)), {ENTRY.id: ENTRY}, NAMES)
    assert bool(page.publications) is found
    assert page.total == (1 if "offset" in criteria else found)


def test_entries_are_counted_by_kind_and_status() -> None:
    assert totals([ENTRY, ENTRY], [1]) == {(Kind.PUBLICATION, Status.COMPLETE): 2}
    assert totals([ENTRY], [2]) == {}
