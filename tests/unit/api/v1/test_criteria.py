import pytest

from eventyard.api.v1.criteria import Criteria, EntryFilter, Filter
from eventyard.model.errors import Invalid
from eventyard.model.journal import CRITERIA
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.testing.builders import NOW


def test_kinds_and_statuses_are_read_leniently():
    criteria = Criteria(
        kind=["Publication", "compound subscription"], status=["ERROR,complete", "error"], descendants=["In-Process"]
    )
    assert criteria.fields == {
        "kinds": (Kind.PUBLICATION, Kind.COMPOUND_SUBSCRIPTION),
        "statuses": (Status.ERROR, Status.COMPLETE),
        "descendants": (Descendants.IN_PROCESS,),
        "contains": False,
        "any": False,
    }


def test_what_is_not_asked_for_is_no_criterion():
    assert Criteria().fields == {"contains": False, "any": False}
    assert Filter().criteria() == {"contains": False, "any": False}


def test_a_filter_says_the_same_as_the_parameters():
    given = {
        "topic": "a", "application": "b", "name": "c", "contains": True, "event_id": "e", "entry_id": 4,
        "parent_id": 3, "run_id": "r", "application_number": 7, "any": True, "status": ["error"],
    }  # fmt: skip
    asked = Filter.model_validate({**given, "from": "2026-01-02T03:04:05.678Z", "to": "2026-01-02T03:04:05.679Z"})
    assert asked.criteria() == Criteria(**given, from_=NOW, to=NOW + 1).fields
    assert asked.criteria()["created_from"] == NOW


def test_a_filters_status_may_be_one_text():
    assert Filter(status="error, discarded").criteria()["statuses"] == (Status.ERROR, Status.DISCARDED)


def test_a_filter_of_all_kinds_of_entries_may_name_kinds():
    assert EntryFilter(kind=["publication"]).criteria()["kinds"] == (Kind.PUBLICATION,)


def test_whatever_a_query_of_the_journal_can_ask_can_be_asked():
    fields = {"kind": "kinds", "status": "statuses"}
    asked = {fields.get(name, name) for name in EntryFilter.model_fields}
    assert set(CRITERIA) <= asked


def test_an_unknown_word_is_told_with_the_known_ones():
    with pytest.raises(Invalid) as refused:
        Criteria(status=["lost"])
    assert (refused.value.code, refused.value.pointer) == ("invalid_parameter", "status")
    assert refused.value.hint == "one of: new, pending, processing, delayed, complete, error, discarded, reprocessed"
    with pytest.raises(Invalid) as refused:
        Filter(status=["lost"]).criteria()
    assert (refused.value.code, refused.value.pointer) == ("invalid_body", "/filter/status")
