import pytest

from eventyard.dialects.informatica.criteria import asked_of
from eventyard.dialects.informatica.options import Options
from eventyard.dialects.informatica.profiles import CIH, DIH
from eventyard.model.errors import Invalid
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.wire.rfc3339 import parse

NOW = parse("2026-01-02T03:04:05.678Z")
PLAIN = {"contains": True, "any": False, "ascending": True, "offset": 0, "limit": 2000}
TODAY = {"created_from": parse("2026-01-02T00:00:00Z"), "created_to": NOW}
ALWAYS = {"created_from": None, "created_to": None}


def asked(body, profile=DIH, **options):
    return asked_of(body, profile, Options(**options), NOW)


def test_every_field_of_dih_is_a_criterion():
    body = {
        "applicationName": "shop", "partnerId": "3", "topicName": "orders", "pubSubName": "web",
        "timeFrame": "NO_RANGE", "descendantsEventState": "error", "firstResult": "2", "maxResults": 5,
        "matchAll": "false", "useExactMatch": True, "eventId": "7", "eventType": "Compound Subscription",
        "eventStatus": "COMPLETE",
    }  # fmt: skip
    assert asked(body).criteria == {
        **ALWAYS, "application": "shop", "application_number": 3, "topic": "orders", "name": "web", "entry_id": 7,
        "kinds": (Kind.COMPOUND_SUBSCRIPTION,), "statuses": (Status.COMPLETE,), "descendants": (Descendants.ERROR,),
        "contains": False, "any": True, "ascending": True, "offset": 2, "limit": 5,
    }  # fmt: skip


def test_nothing_asked_for_is_today_by_id_or_the_last_day_newest_first():
    assert asked({}).criteria == {**PLAIN, **TODAY}
    assert asked({}, CIH).criteria == {
        **PLAIN, "created_from": NOW - 86_400_000, "created_to": NOW, "ascending": False, "by_time": True,
    }  # fmt: skip


def test_empty_texts_and_nulls_are_not_there():
    body = {"applicationName": "", "eventType": "", "eventId": None, "matchAll": None, "sort": "", "runId": ""}
    assert asked(body).criteria == {**PLAIN, **TODAY}


def test_an_id_is_found_whenever_it_was_unless_a_time_is_given():
    assert asked({"eventId": 7}).criteria == {**PLAIN, **ALWAYS, "entry_id": 7}
    assert asked({"eventId": 7, "timeFrame": "TODAY"}).criteria == {**PLAIN, **TODAY, "entry_id": 7}


def test_cih_leaves_fields_of_dih_alone_and_knows_all():
    body = {"partnerId": "x", "matchAll": "x", "eventType": "ALL", "eventStatus": "all", "timeframe": "NO_RANGE"}
    assert asked(body, CIH).criteria == {**PLAIN, **ALWAYS, "ascending": False, "by_time": True}


@pytest.mark.parametrize("profile", [DIH, CIH])
def test_descendants_go_by_either_name(profile):
    for field in ("descendantState", "descendantsEventState"):
        assert asked({field: "FINAL"}, profile).criteria["descendants"] == (Descendants.FINAL,)
    with pytest.raises(Invalid, match="not the same"):
        asked({"descendantState": "FINAL", "descendantsEventState": "NONE"}, profile)


def test_runs_go_by_either_name():
    assert asked({"runId": 28}).criteria["run_id"] == asked({"runID": "28"}).criteria["run_id"] == "28"
    with pytest.raises(Invalid):
        asked({"runId": True})


@pytest.mark.parametrize(
    "body", [{"eventId": 10**19}, {"eventId": -1}, {"partnerId": 0}, {"eventStatus": "PRE_PROCESSING"}]
)
def test_what_no_event_has_finds_nothing(body):
    assert asked(body).impossible
    assert asked({**body, "matchAll": False}).impossible
    either = asked({**body, "matchAll": False, "topicName": "orders"})
    assert not either.impossible
    assert either.criteria["topic"] == "orders"


def test_extended_statuses_are_known():
    assert asked({"eventStatus": "New"}).criteria["statuses"] == (Status.NEW,)
    assert asked({"eventStatus": "Post-processing"}).impossible


@pytest.mark.parametrize(
    "body",
    [
        {"firstResult": -1}, {"maxResults": "-1"}, {"eventType": "FILE"}, {"eventType": "ALL"}, {"eventStatus": "Fine"},
        {"descendantsEventState": "OPEN"}, {"sort": "name"}, {"eventType": "COMPOUND_PUBLICATION"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_an_invalid_filter(body):
    with pytest.raises(Invalid) as refused:
        asked(body)
    assert refused.value.code == "invalid_filter"


def test_an_answer_holds_so_many_events_at_most():
    assert asked({"maxResults": 5000}).criteria["limit"] == 2000
    assert asked({}, max_results=10).criteria["limit"] == 10
    assert asked({"maxResults": 0}).criteria["limit"] == 0
    assert asked({"firstResult": 10**30}).criteria["offset"] == 1 << 40


def test_the_order_can_be_chosen():
    assert asked({"sort": "-time"}).criteria["by_time"]
    assert not asked({"sort": "-eventId"}).criteria["ascending"]
