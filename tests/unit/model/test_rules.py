import pytest

from eventyard.model.errors import Invalid
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.rules import STUCK_LEAST, STUCK_MOST, Act
from eventyard.testing.builders import rule


def test_a_rule_on_all_subscriptions_watches_those_there_will_be_and_no_source():
    watching = rule(all_subscriptions=True)
    assert watching.concerns(Kind.SUBSCRIPTION, "made-later")
    assert watching.concerns(Kind.AGGREGATED_SUBSCRIPTION, "made-later")
    assert not watching.concerns(Kind.PUBLICATION, "shop")


def test_a_rule_on_chosen_ones_watches_these():
    watching = rule(all_subscriptions=False, subscription_ids=("a",), source_ids=("shop",))
    assert watching.concerns(Kind.SUBSCRIPTION, "a")
    assert watching.concerns(Kind.PUBLICATION, "shop")
    assert not watching.concerns(Kind.SUBSCRIPTION, "b")
    assert not watching.concerns(Kind.SUBSCRIPTION, "shop")


def test_kinds_narrow_what_it_watches():
    watching = rule(kinds=(Kind.COMPOUND_SUBSCRIPTION,))
    assert watching.concerns(Kind.COMPOUND_SUBSCRIPTION, "a")
    assert not watching.concerns(Kind.SUBSCRIPTION, "a")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"statuses": (Status.ERROR, Status.DISCARDED)},
        {"statuses": (Status.PENDING, Status.PROCESSING), "stuck_ms": STUCK_LEAST},
        {"statuses": (Status.DELAYED,), "stuck_ms": STUCK_MOST, "discard": True},
        {"statuses": (Status.COMPLETE,), "mail_to": (), "discard": True},
        {"mail_to": (), "target_id": "hook"},
        {"mail_to": (), "act": Act.PAUSE},
        {"all_subscriptions": False, "all_sources": True, "statuses": (Status.COMPLETE,), "act": Act.DISABLE},
    ],
)
def test_a_rule_that_has_something_to_tell_is_one(fields):
    rule(**fields).check()


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"all_subscriptions": False}, "/subscription_ids"),
        ({"statuses": ()}, "/statuses"),
        ({"statuses": (Status.PENDING,)}, "/statuses"),
        ({"statuses": (Status.ERROR,), "stuck_ms": STUCK_LEAST}, "/statuses"),
        ({"statuses": (Status.PENDING,), "stuck_ms": STUCK_LEAST - 1}, "/stuck_ms"),
        ({"statuses": (Status.PENDING,), "stuck_ms": STUCK_MOST + 1}, "/stuck_ms"),
        ({"mail_to": ()}, "/mail_to"),
        ({"statuses": (Status.DISCARDED,), "discard": True}, "/discard"),
        ({"all_subscriptions": False, "all_sources": True, "act": Act.PAUSE}, "/act"),
    ],
)
def test_a_rule_that_would_never_tell_anybody_anything_is_refused(fields, pointer):
    with pytest.raises(Invalid) as refused:
        rule(**fields).check()
    assert (refused.value.code, refused.value.pointer) == ("invalid_rule", pointer)


def test_what_counts_as_stuck_is_a_minute_to_just_under_eight_days():
    assert (STUCK_LEAST, STUCK_MOST) == (60_000, ((7 * 24 + 23) * 60 + 55) * 60_000)


def test_its_way_to_its_target_has_an_id_of_its_own():
    assert rule(id="r").subscription_id == "rule-r"
