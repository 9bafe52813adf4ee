import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.matching.filters import Condition, compile_filter
from eventyard.model.errors import Invalid

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just("a"), inner, max_size=3),
    max_leaves=12,
)

PULL_REQUEST = {
    "action": "closed",
    "number": 1347,
    "pull_request": {"id": 191568743, "merged": True, "merged_at": None, "labels": [{"name": "bug"}]},
    "sender": {"type": "User"},
}


@pytest.mark.parametrize(
    ("expr", "passes"),
    [
        (None, True),
        ({}, True),
        ({"eq": []}, True),
        ({"eq": [["action", "closed"]]}, True),
        ({"eq": [["action", "opened"]]}, False),
        ({"eq": [["action", "Closed"]]}, False),
        ({"eq": [["number", "1347"]]}, True),
        ({"eq": [["pull_request.id", "1.91568743e+08"]]}, True),
        ({"eq": [["pull_request.id", "191568743"]]}, False),
        ({"eq": [["pull_request.merged", "true"]]}, True),
        ({"eq": [["pull_request.merged_at", "<nil>"]]}, True),
        ({"eq": [["nowhere.at.all", "<nil>"]]}, True),
        ({"eq": [["pull_request", "{}"]]}, False),
        ({"eq": [["pull_request.labels", "[]"]]}, False),
        ({"eq": [["pull_request.labels.0.name", "bug"]]}, False),
        ({"ne": [["action", "opened"]]}, True),
        ({"ne": [["action", "closed"]]}, False),
        ({"ne": [["nowhere", "x"]]}, True),
        ({"ne": [["nowhere", "<nil>"]]}, False),
        ({"ne": [["pull_request", "x"]]}, True),
        ({"has": ["sender.type"]}, True),
        ({"has": ["pull_request"]}, True),
        ({"has": ["pull_request.merged_at"]}, False),
        ({"has": ["nowhere"]}, False),
        ({"eq": [["action", "closed"]], "ne": [["sender.type", "Bot"]], "has": ["pull_request"]}, True),
        ({"eq": [["action", "closed"]], "ne": [["sender.type", "User"]], "has": ["pull_request"]}, False),
        ({"eq": [["action", "closed"], ["action", "opened"]]}, False),
    ],
)
def test_an_event_passes_or_not(expr, passes):
    assert compile_filter(expr).matches(PULL_REQUEST) is passes


@pytest.mark.parametrize("data", [None, True, 1, "closed", [], [{"action": "closed"}]])
def test_only_an_object_passes_conditions_and_anything_passes_none(data):
    assert not compile_filter({"ne": [["action", "opened"]]}).matches(data)
    assert compile_filter({}).matches(data)


def test_a_string_that_says_nil_is_there():
    assert compile_filter({"has": ["a"], "eq": [["a", "<nil>"]]}).matches({"a": "<nil>"})


def test_a_name_with_a_dot_is_out_of_reach():
    assert not compile_filter({"eq": [["a.b", "1"]]}).matches({"a.b": "1"})


@given(anything)
def test_matching_never_raises(data):
    expr = {"eq": [["a", "1"]], "ne": [["a.a", "x"]], "has": ["a.a.a"]}

    for op, conditions in expr.items():
        assert compile_filter({op: conditions}).matches(data) in (True, False)


def test_deep_data_is_walked_only_as_far_as_the_path_goes():
    data: dict = {}
    for _ in range(100_000):
        data = {"a": data}

    assert compile_filter({"has": [".".join("a" * 32)]}).matches(data)


def test_a_filter_tells_its_conditions_and_what_it_pins():
    compiled = compile_filter({"has": ["x"], "ne": [["y", "1"]], "eq": [["a.b", "2"]]})

    assert compiled.conditions == (
        Condition("eq", ("a", "b"), "2", "/eq/0"),
        Condition("ne", ("y",), "1", "/ne/0"),
        Condition("has", ("x",), None, "/has/0"),
    )
    assert compiled.pins == ((("a", "b"), "2"),)


@pytest.mark.parametrize(
    ("expr", "pointer", "message", "hint"),
    [
        (
            "payload.action == 'created'",
            "",
            "a filter is an object of eq, ne and has, not a string",
            'write {"eq": [["action", "created"]]}',
        ),
        (
            'sender.type != "Bot"',
            "",
            "a filter is an object of eq, ne and has, not a string",
            'write {"ne": [["sender.type", "Bot"]]}',
        ),
        ("a && b", "", "a filter is an object of eq, ne and has, not a string", 'write {"eq": [["action", "opened"]]}'),
        ([], "", "a filter is an object of eq, ne and has, not a list", 'write {"eq": [["action", "opened"]]}'),
        (True, "", "a filter is an object of eq, ne and has, not true", 'write {"eq": [["action", "opened"]]}'),
        (
            {"type": "invoice.paid"},
            "/type",
            '"type" is no part of a filter',
            'write {"eq": [["type", "invoice.paid"]]}',
        ),
        ({"a/b": 1000000}, "/a~1b", '"a/b" is no part of a filter', 'write {"eq": [["a/b", "1e+06"]]}'),
        ({"type": ["a"]}, "/type", '"type" is no part of a filter', 'write {"eq": [["action", "opened"]]}'),
        (
            {"eq": {"action": "opened", "n": 1}},
            "/eq",
            "eq is a list of [path, string] pairs, not an object",
            'write {"eq": [["action", "opened"], ["n", "1"]]}',
        ),
        (
            {"ne": None},
            "/ne",
            "ne is a list of [path, string] pairs, not null",
            'write {"ne": [["sender.type", "Bot"]]}',
        ),
        ({"has": "action"}, "/has", "has is a list of paths, not a string", 'write {"has": ["action"]}'),
        (
            {"eq": ["action", "opened"]},
            "/eq/0",
            "each condition of eq is a [path, string] pair, not a string",
            'write {"eq": [["action", "opened"]]}',
        ),
        (
            {"eq": [["action", "opened"], ["a"]]},
            "/eq/1",
            "each condition of eq is a [path, string] pair, not a list of 1",
            'write {"eq": [["action", "opened"]]}',
        ),
        (
            {"eq": [["id", 191568743]]},
            "/eq/0/1",
            "the value to compare with is a string, not a number",
            'values are compared as strings: write ["id", "1.91568743e+08"]',
        ),
        (
            {"eq": [["x", {}]]},
            "/eq/0/1",
            "the value to compare with is a string, not an object",
            'write {"eq": [["action", "opened"]]}',
        ),
        ({"has": [1]}, "/has/0", "a path is a string, not a number", 'write {"has": ["pull_request.merged_at"]}'),
        (
            {"ne": [["", "x"]]},
            "/ne/0/0",
            "the path is empty",
            "name a member of the data, like action or order.status",
        ),
        (
            {"has": ["a..b"]},
            "/has/0",
            'the path "a..b" has an empty name in it',
            "write names with one dot between each two",
        ),
        (
            {"has": ["a" * 513]},
            "/has/0",
            "the path is 513 characters long, and 512 are the most",
            "filter on a member nearer to the root of the data",
        ),
        (
            {"has": [".".join("a" * 33)]},
            "/has/0",
            "the path has 33 names, and 32 are the most",
            "filter on a member nearer to the root of the data",
        ),
        (
            {"has": ["a"] * 200, "ne": [["a", "b"]] * 57},
            "",
            "the filter has 257 conditions, and 256 are the most",
            "make several subscriptions with a smaller filter each",
        ),
        (
            {"eq": [["a", "x" * 65_520]]},
            "",
            "the filter is 65537 bytes long, and 65536 are the most",
            "make several subscriptions with a smaller filter each",
        ),
    ],
)
def test_what_is_no_filter_is_refused_with_the_right_form(expr, pointer, message, hint):
    with pytest.raises(Invalid) as refused:
        compile_filter(expr)

    assert refused.value.code == "invalid_filter"
    assert (refused.value.pointer, refused.value.message, refused.value.hint) == (pointer, message, hint)


def test_the_pointer_starts_where_the_filter_lies():
    with pytest.raises(Invalid) as refused:
        compile_filter({"eq": [["a", None]]}, at="/filter_expr")

    assert refused.value.pointer == "/filter_expr/eq/0/1"


def test_the_bounds_themselves_are_allowed():
    compile_filter({"has": ["a" * 512] + ["a"] * 255})
    compile_filter({"has": [".".join("a" * 32)]})
    compile_filter({"eq": [["a", "x" * 65_519]]})


@given(anything)
def test_any_json_is_a_filter_or_refused_with_a_pointer_and_a_hint(expr):
    try:
        compile_filter(expr, at="/filter")
    except Invalid as refused:
        assert refused.code == "invalid_filter"
        assert refused.pointer is not None and refused.pointer.startswith("/filter")
        assert refused.hint
    else:
        assert expr is None or set(json.loads(json.dumps(expr))) <= {"eq", "ne", "has"}
