import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.bindings import BindingTable, Bound, Bucket, ToExchange, queues_of, topic_words
from eventyard.model.ids import EntryId
from eventyard.model.streams import Binding, ExchangeType

DIRECT, FANOUT, TOPIC, HEADERS = ExchangeType

THROUGH = [
    # type, binding key, routing key, whether the message goes through
    (DIRECT, "order.created", "order.created", True),
    (DIRECT, "order.*", "order.created", False),
    (DIRECT, "order.*", "order.*", True),
    (DIRECT, "#", "order", False),
    (DIRECT, "", "", True),
    (DIRECT, "", "order", False),
    (FANOUT, "", "order.created", True),
    (FANOUT, "invoice", "order.created", True),
    (TOPIC, "order.created", "order.created", True),
    (TOPIC, "order.created", "Order.created", False),
    (TOPIC, "order.*", "order.created", True),
    (TOPIC, "order.*", "order", False),
    (TOPIC, "order.*", "order.", True),
    (TOPIC, "order.*", "order.created.late", False),
    (TOPIC, "order.#", "order", True),
    (TOPIC, "order.#", "order.created.late", True),
    (TOPIC, "order.#", "orders", False),
    (TOPIC, "#.late", "late", True),
    (TOPIC, "#.late", "order.created.late", True),
    (TOPIC, "*.*.*", "vehicles.17.update", True),
    (TOPIC, "#.*.#.late", "late", False),
    (TOPIC, "#.*.#.late", "order.late", True),
    (TOPIC, "#", "", True),
    (TOPIC, "#.#", "", True),
    (TOPIC, "*", "", False),
    (TOPIC, "*.#", "", False),
    (TOPIC, "", "", True),
    (TOPIC, "", ".", False),
    (TOPIC, ".", ".", True),
    (TOPIC, "*.*", ".", True),
    (TOPIC, "a..b", "a..b", True),
    (TOPIC, "a..b", "a.b", False),
    (TOPIC, "a.*.b", "a..b", True),
    (TOPIC, "a.#.b", "a..b", True),
    (TOPIC, "a*.b", "a*.b", True),
    (TOPIC, "a*.b", "ax.b", False),
    (TOPIC, "a#", "a#", True),
    (TOPIC, "##", "a.b", False),
    (TOPIC, "**.#", "**.b", True),
    (TOPIC, "**.#", "a.b", False),
    (TOPIC, "a.*", "a.*", True),
    (TOPIC, "a.*", "a.#", True),
    (TOPIC, "a.b", "a.*", False),
    (TOPIC, "a.b", "#", False),
]


def bound(key: str = "", destination: object = "q", number: int = 0, **arguments: object) -> Bound[str]:
    return Bound(Binding("x", key, arguments), destination, number)


def table_of(type: ExchangeType, *bounds: Bound[str]) -> BindingTable[str]:
    table: BindingTable[str] = BindingTable(type)
    for each in bounds:
        table.add(each)
    return table


def found(table: BindingTable[str], key: str, **headers: object) -> list[int]:
    return sorted(number for bucket in table.find(key, headers) for number in bucket.to_queues)


@pytest.mark.parametrize(("type", "binding_key", "routing_key", "through"), THROUGH)
def test_a_binding_lets_through_what_its_type_says(type, binding_key, routing_key, through):
    table = table_of(type, bound(binding_key))

    assert found(table, routing_key) == [0] * through
    assert table.lets_through(Binding("x", binding_key), routing_key, {}) is through


def test_a_headers_exchange_looks_at_no_key():
    table = table_of(HEADERS, bound("k", a=1))

    assert (found(table, "k"), found(table, "another", a=1)) == ([], [0])
    assert table.lets_through(Binding("x", "k", {"a": 1}), "another", {"a": 1})


@pytest.mark.parametrize("type", [DIRECT, FANOUT, TOPIC])
def test_other_exchanges_look_at_no_arguments(type):
    assert found(table_of(type, bound("k", a=1, **{"x-match": 7})), "k") == [0]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", ()),
        (".", ("", "")),
        ("a..b", ("a", "", "b")),
        ("#.#.#", ("#",)),
        ("a.#.#.b", ("a", "#", "b")),
        ("#.*.#.*", ("*", "*", "#")),
        ("#.*.a.#.b.*", ("*", "#", "a", "#", "b", "*")),
        ("##.a*", ("##", "a*")),
    ],
)
def test_binding_keys_that_mean_the_same_have_the_same_words(key, words):
    assert topic_words(key) == words


@pytest.mark.parametrize(
    ("type", "key", "only"),
    [
        (DIRECT, "a.*", "a.*"),
        (TOPIC, "a..b", "a..b"),
        (TOPIC, "", ""),
        (TOPIC, "a*", "a*"),
        (TOPIC, "a.*", None),
        (TOPIC, "#", None),
        (FANOUT, "a", None),
        (HEADERS, "a", None),
    ],
)
def test_a_binding_tells_whether_it_is_for_one_routing_key_only(type, key, only):
    assert table_of(type).only_key(Binding("x", key)) == only


keys = st.lists(st.sampled_from(["a", "b", "*", "#", "", "a*"]), max_size=5).map(".".join)
bounds = st.builds(lambda key, arguments: (key, arguments), keys, st.sampled_from([{}, {"a": 1}, {"x-match": "any"}]))


@given(st.sampled_from(ExchangeType), st.lists(bounds, max_size=12), st.sets(st.integers(0, 11)), keys, st.booleans())
def test_the_table_finds_what_each_binding_alone_would_let_through(type, made, removed, key, has_header):
    every = [bound(binding_key, number=number, **arguments) for number, (binding_key, arguments) in enumerate(made)]
    table = table_of(type, *every)
    for each in every:
        if each.number in removed:
            table.remove(each)
    headers = {"a": 1} if has_header else {}

    assert all(table.find(key, headers))
    assert found(table, key, **headers) == [
        each.number for each in every if each.number not in removed and table.lets_through(each.binding, key, headers)
    ]


@pytest.mark.parametrize("type", ExchangeType)
def test_nothing_is_left_of_a_table_whose_bindings_are_removed(type):
    every = [bound(key, number=number, a=number) for number, key in enumerate(("", "a.b", "a.*", "#", "a.b"))]
    table = table_of(type, *every)
    for each in every:
        table.remove(each)

    assert not (table._exact or table._every or table._patterns or table._headers)


def test_a_bucket_names_each_queue_once_in_the_order_of_its_bindings():
    bucket = Bucket([bound(destination="late", number=3), bound(destination="early", number=1)])
    assert bucket.queues == ("early", "late")

    again = bound(destination="late", number=0)
    bucket.add(again)
    assert bucket.queues == ("late", "early")
    bucket.remove(again)
    assert bucket.queues == ("early", "late")


def test_the_queues_of_several_buckets_come_in_the_order_of_their_bindings():
    one = Bucket([bound(destination="a", number=0), bound(destination="b", number=3)])
    other = Bucket([bound(destination="c", number=1), bound(destination="a", number=2)])

    assert queues_of([]) == ()
    assert queues_of([one]) == ("a", "b")
    assert queues_of([other, one]) == ("a", "c", "b")


def test_exchanges_at_the_other_end_are_no_queues():
    bucket = Bucket([bound(destination=ToExchange("y"), number=0), bound(destination="y", number=1)])

    assert (bucket.exchanges, bucket.queues) == (["y"], ("y",))


@pytest.mark.parametrize(
    ("since", "until", "counts"),
    [(0, None, [1, 2, 3, 4, 5]), (2, None, [3, 4, 5]), (0, 3, [1, 2, 3]), (2, 3, [3]), (2, 2, [])],
)
def test_a_binding_counts_for_the_entries_committed_while_it_stood(since, until, counts):
    then: Bound[str] = Bound(Binding("x", "k", {}, since, until), "q", 0)

    assert [entry for entry in range(1, 6) if then.counts_for(EntryId(entry))] == counts
    assert [entry for entry in range(1, 6) if Bucket([then]).at(EntryId(entry)).queues] == counts
    assert then.stands is (until is None)
    assert [then.counts_from(EntryId(entry)) for entry in range(1, 6)] == [
        until is None or entry <= until for entry in range(1, 6)
    ]
