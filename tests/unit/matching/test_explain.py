import msgspec
from hypothesis import given, settings

from eventyard.matching.explain import Check, explain
from eventyard.matching.index import SubscriptionIndex
from eventyard.model.catalog import Mode
from eventyard.model.schedule import Backlog
from eventyard.testing.builders import subscription
from tests.unit.matching.test_index import events, wishes

DATA = {"action": "closed", "id": 1234567, "user": {"type": "Bot"}, "labels": []}


@settings(max_examples=400)
@given(wishes, events)
def test_the_explanation_and_the_index_never_disagree(wish, event):
    index = SubscriptionIndex()
    index.add(wish)
    explanation = explain(wish, *event)

    assert explanation.matches is (index.match(*event) == [wish])
    assert explanation.matches is all(check.passed for check in explanation.checks)


def test_a_subscription_that_takes_everything():
    explanation = explain(subscription("all", topic_ids=("t",)), "t", "shop", "order.created", None)

    assert (explanation.subscription_id, explanation.name, explanation.matches) == ("subscription-all", "all", True)
    assert explanation.checks == (
        Check("mode", True, "the subscription is enabled"),
        Check("topic", True, "it subscribes to topic t"),
        Check("source", True, "it takes any source"),
        Check("pattern", True, "it takes any routing key"),
        Check("filter", True, "it has no filter, so it takes any data"),
    )


def test_every_check_is_told_also_after_the_first_that_fails():
    wish = subscription(
        "picky",
        topic_ids=("t", "u"),
        source_id="till",
        pattern="invoice.*",
        mode=Mode.DISABLED,
        filter={
            "eq": [["action", "opened"], ["id", "1234567"], ["labels", ""], ["gone", "x"]],
            "ne": [["user.type", "Bot"]],
            "has": ["user", "user.name"],
        },
    )

    explanation = explain(wish, "v", "shop", "order.created", DATA)

    assert not explanation.matches
    assert explanation.checks == (
        Check("mode", False, "the subscription is disabled"),
        Check("topic", False, "the event is on topic v, wanted t or u"),
        Check("source", False, "the event is from source shop, wanted till"),
        Check("pattern", False, 'routing key "order.created" does not fit "invoice.*"'),
        Check("filter/eq/0", False, 'action is "closed", wanted "opened"'),
        Check("filter/eq/1", False, 'id is 1234567, which reads as "1.234567e+06", wanted "1234567"'),
        Check("filter/eq/2", False, 'labels is a list, which equals no string, wanted ""'),
        Check("filter/eq/3", False, 'gone is absent or null, which reads as "<nil>", wanted "x"'),
        Check("filter/ne/0", False, 'user.type is "Bot", wanted anything but "Bot"'),
        Check("filter/has/0", True, "user is there"),
        Check("filter/has/1", False, "user.name is absent or null, wanted a value"),
    )


def test_data_that_is_no_object_is_told_once():
    wish = subscription("a", topic_ids=("t",), source_id="shop", pattern="#", filter={"has": ["x", "y"]})

    assert explain(wish, "t", "shop", "k", [1]).checks[2:] == (
        Check("source", True, "it takes source shop"),
        Check("pattern", True, 'routing key "k" fits "#"'),
        Check("filter", False, "the data is a list, and only an object can pass a filter"),
    )
    assert explain(wish, "t", "shop", "k", None).checks[-1].detail.startswith("the data is null or not JSON")


def test_an_explanation_is_an_answer_as_it_is():
    answer = msgspec.to_builtins(explain(subscription("a", topic_ids=("t",)), "t", "shop", "k", {}))

    assert answer["checks"][0] == {"check": "mode", "passed": True, "detail": "the subscription is enabled"}


def test_of_a_paused_subscription_it_is_told_whether_its_deliveries_wait():
    for backlog, matches, detail in (
        (Backlog.KEEP, True, "the subscription is paused: its deliveries wait"),
        (Backlog.SKIP, False, "the subscription is paused, and skips what comes meanwhile"),
    ):
        wish = subscription(topic_ids=("t",), mode=Mode.PAUSED, backlog=backlog)
        explanation = explain(wish, "t", "shop", "order.created", {})
        assert (explanation.matches, explanation.checks[0]) == (matches, Check("mode", matches, detail))
