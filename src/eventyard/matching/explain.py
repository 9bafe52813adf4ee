"""Why did this event (not) match that subscription? Every check by name, with what was found and what was wanted.

The answer to the operator's first question. It asks one subscription the slow way; ``index.py`` asks all of them the
fast way, and a property test holds the two to the same answer.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from eventyard.matching.fields import Fields, read, text
from eventyard.matching.filters import Condition, compile_filter
from eventyard.matching.patterns import compile_pattern
from eventyard.matching.wording import kind, show
from eventyard.model.catalog import Mode, Subscription


class Check(Struct, frozen=True):
    """One thing that must be so.

    ``check`` is ``mode``, ``topic``, ``source`` or ``pattern``; ``filter`` for the filter as a whole, and
    ``filter/eq/0`` for one condition of it.
    """

    check: str
    passed: bool
    detail: str


class Explanation(Struct, frozen=True):
    """Whether the event concerns the subscription, and every check that had a say in it."""

    subscription_id: str
    name: str
    matches: bool
    checks: tuple[Check, ...]


def explain(subscription: Subscription, topic_id: str, source_id: str, routing_key: str, data: Any) -> Explanation:
    """Explain one subscription's answer to one event, with all checks, also those after the first that fails.

    ``data`` is the event's decoded JSON, or ``None`` if it is not JSON.
    """
    checks = (
        _mode(subscription),
        _topic(subscription, topic_id),
        _source(subscription, source_id),
        _pattern(subscription, routing_key),
        *_filter(subscription, data),
    )
    return Explanation(subscription.id, subscription.name, all(check.passed for check in checks), checks)


def _mode(subscription: Subscription) -> Check:
    detail = f"the subscription is {subscription.mode.value}"
    if subscription.mode is Mode.PAUSED:
        detail += ": its deliveries wait" if subscription.takes_part else ", and skips what comes meanwhile"
    return Check("mode", subscription.takes_part, detail)


def _topic(subscription: Subscription, topic_id: str) -> Check:
    if topic_id in subscription.topic_ids:
        return Check("topic", True, f"it subscribes to topic {topic_id}")
    return Check("topic", False, f"the event is on topic {topic_id}, wanted {' or '.join(subscription.topic_ids)}")


def _source(subscription: Subscription, source_id: str) -> Check:
    if subscription.source_id is None:
        return Check("source", True, "it takes any source")
    if subscription.source_id == source_id:
        return Check("source", True, f"it takes source {source_id}")
    return Check("source", False, f"the event is from source {source_id}, wanted {subscription.source_id}")


def _pattern(subscription: Subscription, routing_key: str) -> Check:
    if subscription.pattern is None:
        return Check("pattern", True, "it takes any routing key")
    passed = compile_pattern(subscription.pattern, at="/pattern").matches(routing_key)
    verb = "fits" if passed else "does not fit"
    return Check("pattern", passed, f"routing key {show(routing_key)} {verb} {show(subscription.pattern)}")


def _filter(subscription: Subscription, data: Any) -> Iterator[Check]:
    conditions = compile_filter(subscription.filter, at="/filter").conditions
    if not conditions:
        yield Check("filter", True, "it has no filter, so it takes any data")
    elif not isinstance(data, dict):
        found = "null or not JSON" if data is None else kind(data)
        yield Check("filter", False, f"the data is {found}, and only an object can pass a filter")
    else:
        fields = Fields(data)
        for condition in conditions:
            passed = condition.test()(fields)
            yield Check(f"filter{condition.pointer}", passed, _detail(condition, data))


def _detail(condition: Condition, data: Any) -> str:
    path, value = ".".join(condition.path), read(data, condition.path)
    if condition.op == "has":
        return f"{path} is there" if value is not None else f"{path} is absent or null, wanted a value"
    return (
        f"{path} is {_found(value)}, wanted {'anything but ' if condition.op == 'ne' else ''}{show(condition.wanted)}"
    )


def _found(value: Any) -> str:
    if isinstance(value, str):
        return show(value)
    if value is None:
        return 'absent or null, which reads as "<nil>"'
    if isinstance(value, dict | list):
        return f"{kind(value)}, which equals no string"
    return f'{show(value)}, which reads as "{text(value)}"'
