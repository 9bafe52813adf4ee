from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.headers import HeadersTable, HeadersTest, alike
from eventyard.model.errors import Invalid

MEETINGS = [
    # arguments of the binding, headers of the message, whether it goes through
    ({}, {}, True),
    ({}, {"a": 1}, True),
    ({"x-match": "any"}, {"a": 1}, False),
    ({"a": 1, "b": "x"}, {"a": 1, "b": "x", "c": True}, True),
    ({"a": 1, "b": "x"}, {"a": 1}, False),
    ({"x-match": "all", "a": 1, "b": "x"}, {"a": 1, "b": "y"}, False),
    ({"x-match": "any", "a": 1, "b": "x"}, {"a": 1, "b": "y"}, True),
    ({"x-match": "any", "a": 1, "b": "x"}, {"c": 1}, False),
    ({"a": None}, {"a": "whatever"}, True),
    ({"a": None}, {"a": None}, True),
    ({"a": None}, {"b": None}, False),
    ({"a": ""}, {"a": None}, False),
    ({"x-match": "any", "a": None, "b": 1}, {"a": 2, "b": 2}, True),
    ({"x-tenant": "t1"}, {}, True),
    ({"x-match": "any", "x-tenant": "t1"}, {"x-tenant": "t1"}, False),
    ({"x-match": "all-with-x", "x-tenant": "t1"}, {"x-tenant": "t2"}, False),
    ({"x-match": "all-with-x", "x-tenant": "t1"}, {"x-tenant": "t1", "x-match": "any"}, True),
    ({"x-match": "any-with-x", "x-tenant": "t1", "a": 1}, {"x-tenant": "t1"}, True),
    ({"x-match": "any-with-x"}, {"x-match": "any-with-x"}, False),
    ({"X-tenant": "t1"}, {}, False),
    ({"a": 1}, {"A": 1}, False),
]

SAME = [
    (1, 1.0),
    ("Zürich", "Zürich".encode()),
    (bytearray(b"\xff"), b"\xff"),
    ([1, "x"], [1.0, b"x"]),
    ({"a": 1, "b": None}, {"b": None, "a": 1}),
    (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
]

DIFFERENT = [
    (1, True),
    (0, False),
    (1, "1"),
    (1, Decimal(1)),
    (Decimal("1.5"), Decimal("1.50")),
    ("true", True),
    ("", None),
    (b"\xff", "\xff"),
    ([1], [True]),
    ([1, 2], [2, 1]),
    ([], {}),
    ({"a": 1}, {"a": True}),
    ({"a": 1}, [["a", 1]]),
]

values = st.sampled_from([None, 0, 1, 1.0, True, "1", "x", b"x", [1], {"a": 1}])
names = st.sampled_from(["a", "b", "x-a", "x-match"])
headers = st.dictionaries(names, values, max_size=4)
kinds = st.sampled_from([{"x-match": kind} for kind in ("all", "any", "all-with-x", "any-with-x")])
arguments = st.builds(lambda wanted, kind: wanted | kind, headers, kinds)


@pytest.mark.parametrize(("wanted", "given", "through"), MEETINGS)
def test_arguments_and_headers_meet_as_in_rabbitmq(wanted, given, through):
    table: HeadersTable[str] = HeadersTable()
    table.setdefault(wanted, lambda: "found")

    assert HeadersTest(wanted).passes(given) is through
    assert table.find(given) == ["found"] * through


@pytest.mark.parametrize(("one", "other"), SAME)
def test_values_that_count_as_the_same(one, other):
    assert alike(one) == alike(other)
    assert hash(alike(one)) == hash(alike(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_values_that_do_not(one, other):
    assert alike(one) != alike(other)


@pytest.mark.parametrize("kind", ["none", "ALL", "", None, True, 1, ["all"]])
def test_an_x_match_that_there_is_not_is_refused_and_leaves_nothing(kind):
    table: HeadersTable[str] = HeadersTable()

    with pytest.raises(Invalid) as refusal:
        table.setdefault({"x-match": kind, "a": 1}, lambda: "found")

    assert (refusal.value.code, refusal.value.pointer) == ("invalid_filter", "/arguments/x-match")
    assert not table
    assert table.find({"a": 1}) == []


@given(st.lists(arguments, max_size=10), st.lists(arguments, max_size=10), headers)
def test_the_table_finds_what_each_arguments_alone_would_let_through(kept, removed, given):
    table: HeadersTable[list[dict[str, object]]] = HeadersTable()
    for wanted in kept + removed:
        table.setdefault(wanted, lambda wanted=wanted: [wanted])
    stay = {alike(wanted): wanted for wanted in kept}
    for name, wanted in {alike(wanted): wanted for wanted in removed}.items():
        if name not in stay:
            table.remove(wanted)

    found = [alike(wanted) for (wanted,) in table.find(given)]
    assert len(found) == len(set(found))
    assert set(found) == {name for name, wanted in stay.items() if HeadersTest(wanted).passes(given)}


def test_arguments_keep_their_first_value():
    table: HeadersTable[str] = HeadersTable()
    table.setdefault({"a": 1, "b": "x"}, lambda: "first")

    assert table.setdefault({"b": b"x", "a": 1.0}, lambda: "second") == "first"


def test_nothing_is_left_of_a_table_whose_arguments_are_removed():
    table: HeadersTable[str] = HeadersTable()
    all_of_them = [{}, {"a": 1}, {"a": 1, "b": 2}, {"a": None, "x-match": "any", "b": 1}]
    for wanted in all_of_them:
        table.setdefault(wanted, str)
    for wanted in all_of_them:
        assert table
        table.remove(wanted)

    assert (table._values, table._always, table._filed, table._places) == ({}, {}, {}, {})
    with pytest.raises(KeyError):
        table.remove({})


def test_a_message_costs_the_bindings_it_comes_close_to(monkeypatch):
    table: HeadersTable[int] = HeadersTable()
    for i in range(1000):
        table.setdefault({"type": "order", "tenant": f"t{i}"}, lambda i=i: i)

    asked = []
    passes = HeadersTest.passes
    monkeypatch.setattr(HeadersTest, "passes", lambda test, given: asked.append(test) or passes(test, given))
    assert table.find({"type": "order", "tenant": "t500"}) == [500]
    assert len(asked) <= 2
