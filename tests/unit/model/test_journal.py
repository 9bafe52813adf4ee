from typing import Any

import pytest
from msgspec import structs

from eventyard.model.ids import EntryId
from eventyard.model.journal import Appended, Query
from eventyard.model.lifecycle import Kind, Status


def test_an_append_that_met_a_key_used_before_is_a_duplicate() -> None:
    assert Appended(EntryId(7), "event-1", 0, 1_700_000_000_000, key="header:order-7").duplicate


def test_one_that_met_none_is_not() -> None:
    assert not Appended(EntryId(8), "event-2", 3, 1_700_000_000_000).duplicate


def test_a_query_for_any_of_its_criteria_is_one_query_for_each() -> None:
    query = Query(projects=(1,), own="application.a", any=True, statuses=(Status.ERROR,), topic="or", contains=True)
    assert query.alternatives() == (
        Query(projects=(1,), own="application.a", statuses=(Status.ERROR,), contains=True),
        Query(projects=(1,), own="application.a", topic="or", contains=True),
    )


@pytest.mark.parametrize("criteria", [{}, {"name": "shop"}, {"name": "shop", "created_to": 5, "after": 3}])
def test_with_one_criterion_or_none_it_is_the_query_itself(criteria: dict[str, Any]) -> None:
    query = Query(projects=(1,), **criteria)
    assert structs.replace(query, any=True).alternatives() == query.alternatives() == (query,)


def test_what_narrows_a_query_holds_whichever_of_its_criteria_will_do() -> None:
    narrow = {"of_kinds": (Kind.SUBSCRIPTION,), "of_statuses": (Status.COMPLETE, Status.ERROR)}
    asked = {"kinds": (Kind.PUBLICATION,), "statuses": (Status.ERROR,), "topic": "or"}
    query = Query(projects=(1,), any=True, **asked, **narrow)  # type: ignore[arg-type]
    kinds = (Kind.SUBSCRIPTION,)
    assert query.alternatives() == (
        Query(projects=(1,), kinds=kinds, statuses=(Status.ERROR,)),
        Query(projects=(1,), kinds=kinds, statuses=(Status.COMPLETE, Status.ERROR), topic="or"),
    )
    assert structs.replace(query, any=False).alternatives() == ()
