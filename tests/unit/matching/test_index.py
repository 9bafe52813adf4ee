import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventyard.matching import index as module
from eventyard.matching.filters import compile_filter
from eventyard.matching.index import SubscriptionIndex
from eventyard.matching.patterns import compile_pattern
from eventyard.model.catalog import Mode, Subscription
from eventyard.model.errors import Invalid
from eventyard.model.schedule import Backlog
from eventyard.testing.builders import subscription


def fits(wish: Subscription, topic_id: str, source_id: str, routing_key: str) -> bool:
    return (
        wish.takes_part
        and topic_id in wish.topic_ids
        and wish.source_id in (None, source_id)
        and (wish.pattern is None or compile_pattern(wish.pattern).matches(routing_key))
    )


def concerns(wish: Subscription, topic_id: str, source_id: str, routing_key: str, data: object) -> bool:
    return fits(wish, topic_id, source_id, routing_key) and compile_filter(wish.filter).matches(data)


def needs_data(index: SubscriptionIndex, source: str = "shop", key: str = "k") -> bool:
    return index.candidates("t", source, key).need_data


def index_of(*wishes: Subscription) -> SubscriptionIndex:
    index = SubscriptionIndex()
    for wish in wishes:
        index.add(wish)
    return index


def names(index: SubscriptionIndex, data: object = None, key: str = "order.created", topic: str = "t") -> list[str]:
    return [wish.name for wish in index.match(topic, "shop", key, data)]


def wish(name: str, **fields: object) -> Subscription:
    return subscription(name, **({"topic_ids": ("t",)} | fields))


topics = st.sampled_from(["t", "u"])
sources = st.sampled_from(["shop", "till"])
members = st.sampled_from(["a", "b"])
strings = st.sampled_from(["1", "x", "true", "<nil>"])
paths = st.lists(members, min_size=1, max_size=2).map(".".join)
pairs = st.lists(st.tuples(paths, strings).map(list), max_size=2)
filters = st.none() | st.fixed_dictionaries({}, optional={"eq": pairs, "ne": pairs, "has": st.lists(paths, max_size=1)})
leaves = st.sampled_from([1, "1", "x", True, None, "<nil>"])
data = leaves | st.recursive(leaves, lambda inner: st.dictionaries(members, inner) | st.lists(inner, max_size=2))
patterns = st.none() | st.lists(st.sampled_from(["a", "*", "#"]), min_size=1, max_size=3).map(".".join)
wishes = st.builds(
    lambda number, **fields: subscription(f"s{number}", number=number, **fields),
    number=st.integers(0, 7),
    topic_ids=st.lists(topics, min_size=1, max_size=3).map(tuple),
    source_id=st.none() | sources,
    pattern=patterns,
    filter=filters,
    mode=st.sampled_from([Mode.ENABLED, Mode.ENABLED, Mode.ENABLED, Mode.PAUSED, Mode.DISABLED]),
)
events = st.tuples(topics, sources, st.sampled_from(["", "a", "a.b", "a.a.a"]), data)
steps = st.lists(st.one_of(wishes, wishes, events, st.integers(0, 7)), max_size=40)


@settings(max_examples=400)
@given(steps)
def test_the_index_answers_as_asking_every_subscription_would(steps):
    index, catalog = SubscriptionIndex(), {}
    for step in steps:
        match step:
            case Subscription():
                index.add(step)
                catalog[step.id] = step
            case int():
                index.remove(f"subscription-s{step}")
                catalog.pop(f"subscription-s{step}", None)
            case _:
                asked = sorted(catalog.values(), key=lambda s: (s.number, s.id))
                assert index.match(*step) == [s for s in asked if concerns(s, *step)]
                assert index.candidates(*step[:3]).need_data == any(
                    compile_filter(s.filter).conditions for s in asked if fits(s, *step[:3])
                )


def test_matches_come_by_number_and_then_id():
    index = index_of(wish("c", number=2), wish("b", number=10), wish("a", number=10), wish("d", number=1))

    assert names(index) == ["d", "c", "a", "b"]


@pytest.mark.parametrize("fields", [{"mode": Mode.PAUSED, "backlog": Backlog.SKIP}, {"mode": Mode.DISABLED}])
def test_a_subscription_that_skips_matches_nothing(fields):
    index = index_of(wish("a", filter={"has": ["x"]}, **fields))

    assert names(index, {"x": 1}) == []
    assert not needs_data(index)


def test_adding_a_subscription_again_replaces_it():
    index = index_of(wish("a", pattern="order.*"), wish("a", pattern="invoice.*"))

    assert names(index, key="order.created") == []
    assert names(index, key="invoice.created") == ["a"]


def test_one_that_is_paused_and_keeps_its_backlog_matches():
    assert names(index_of(wish("a", mode=Mode.PAUSED))) == ["a"]


def test_disabling_takes_a_subscription_out():
    index = index_of(wish("a"), wish("a", mode=Mode.DISABLED))

    assert names(index) == []


def test_a_key_seen_before_is_looked_up_anew_after_a_change():
    index = index_of(wish("a"))
    assert names(index) == ["a"]

    index.add(wish("b"))
    assert names(index) == ["a", "b"]

    index.remove("subscription-a")
    assert names(index) == ["b"]


def test_removing_what_is_not_there_is_no_error():
    index_of(wish("a")).remove("subscription-b")


def test_what_cannot_be_compiled_changes_nothing():
    index = index_of(wish("a"))

    for broken in (wish("a", pattern="a.b*"), wish("a", filter={"type": "x"})):
        with pytest.raises(Invalid):
            index.add(broken)

    assert names(index) == ["a"]


def test_a_subscription_to_several_topics_is_found_in_each_once():
    index = index_of(wish("a", topic_ids=("t", "u", "t")))

    assert names(index, topic="t") == names(index, topic="u") == ["a"]
    index.remove("subscription-a")
    assert names(index, topic="t") == names(index, topic="u") == []


def test_data_is_needed_only_where_a_filter_looks_at_it():
    index = index_of(wish("a"), wish("b", source_id="till", filter={"has": ["x"]}))

    assert not needs_data(index)
    assert needs_data(index, "till")
    index.remove("subscription-b")
    assert not needs_data(index, "till")


def test_data_is_not_needed_for_a_filter_of_another_pattern():
    index = index_of(wish("a", pattern="order.*", filter={"has": ["x"]}))

    assert needs_data(index, key="order.created")
    assert not needs_data(index, key="invoice.created")


def test_data_that_is_no_object_meets_only_subscriptions_without_conditions():
    index = index_of(wish("a"), wish("b", filter={"eq": [["x", "<nil>"]]}), wish("c", filter={"ne": [["x", "1"]]}))

    assert [names(index, data) for data in (None, 1, "x", [], [{}])] == [["a"]] * 5
    assert names(index, {}) == ["a", "b", "c"]


def test_an_empty_index_keeps_nothing_of_what_was_in_it():
    index = index_of(*(wish(f"s{i}", pattern=f"a.{i}.#", filter={"eq": [["x", str(i)]]}) for i in range(5)))
    names(index, {"x": 1})
    for i in range(5):
        index.remove(f"subscription-s{i}")

    assert (index._doors, index._places, index._memo) == ({}, {}, {})


def test_the_memory_of_routing_keys_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MEMO_ENTRIES", 10)
    index = index_of(wish("a", pattern="a.#"))

    for i in range(35):
        assert names(index, key=f"a.{i}") == ["a"]
    assert len(index._memo) <= 10

    before = len(index._memo)
    assert names(index, key="a." + "b" * 255) == ["a"]
    assert len(index._memo) == before


class Counting(dict):
    """An object that counts how often somebody looks into it."""

    looks = 0

    def get(self, key, default=None):
        Counting.looks += 1
        return super().get(key, default)


@pytest.mark.parametrize("swapped", [False, True])
def test_filters_on_one_type_and_each_its_own_tenant_cost_one_event_a_handful_of_looks(swapped):
    conditions = [["type", "order"], ["tenant", "t{}"]][:: -1 if swapped else 1]
    index = index_of(
        *(wish(f"s{i}", filter={"eq": [[path, text.format(i)] for path, text in conditions]}) for i in range(1000))
    )

    buckets = index.candidates("t", "shop", "k").buckets
    filed = [len(here) for bucket in buckets for by_text in bucket.pinned.values() for here in by_text.values()]
    assert (len(buckets), max(filed)) == (1, 1) if swapped else max(filed) <= 2

    Counting.looks = 0
    assert names(index, Counting(type="order", tenant="t500")) == ["s500"]
    assert Counting.looks <= 2


def test_a_path_of_its_own_for_each_filter_does_not_cost_a_lookup_each():
    index = index_of(
        *(wish(f"s{i}", filter={"eq": [["tenant", f"t{i % 10}"], [f"label{i}", "on"]]}) for i in range(1000))
    )

    (bucket,) = index.candidates("t", "shop", "k").buckets
    assert len(bucket.pinned) < 120
    assert names(index, {"tenant": "t7", "label7": "on"}) == ["s7"]
