import pytest

from eventyard.cli.declared.documents import Declared, Place, Wanted
from eventyard.cli.declared.kinds import KINDS, Fields
from eventyard.cli.declared.plan import HIDDEN, Change, at, plan
from eventyard.cli.failure import Failure

REFERENCE = {"from_env": "SECRET"}
FIELDS = {
    "applications": Fields(frozenset({"name", "description", "labels"}), frozenset({"name", "description", "labels"})),
    "topics": Fields(frozenset({"name", "schema", "retention"}), frozenset({"name", "schema", "retention"})),
    "sources": Fields(frozenset({"name", "topic", "secret", "settings"}), frozenset({"name", "secret", "settings"})),
    "targets": Fields(frozenset({"name", "settings", "retry"}), frozenset({"name", "settings", "retry"})),
    "subscriptions": Fields(frozenset({"name", "target", "schedule"}), frozenset({"name", "schedule"})),
}
NOTHING = {kind: {} for kind in KINDS if kind in FIELDS}


def wanted(*items, kinds=()):
    declared = [
        Declared(kind, fields, Place("hub.yaml", 1, f"/{kind}/{number}")) for number, (kind, fields) in enumerate(items)
    ]
    return Wanted(declared, frozenset(kinds) | {kind for kind, _ in items})


def changes(kind, there, fields, **options):
    planned = plan(wanted((kind, {"name": "a", **fields})), {**NOTHING, kind: {"a": there}}, FIELDS, **options)
    return [(step.fields, step.changes) for step in planned.changed]


def test_what_is_not_there_is_made_in_the_order_of_the_kinds(monkeypatch):
    monkeypatch.setenv("SECRET", "s")
    planned = plan(
        wanted(("sources", {"name": "shop", "topic": "orders", "secret": REFERENCE}), ("topics", {"name": "orders"})),
        NOTHING,
        FIELDS,
    )
    assert [(one.declared.name, one.fields) for one in planned.made] == [
        ("orders", {"name": "orders"}), ("shop", {"name": "shop", "topic": "orders", "secret": "s"}),
    ]  # fmt: skip


def test_what_is_not_named_stays_and_null_clears():
    there = {"name": "a", "description": "old", "labels": {"x": "1", "y": "2"}}
    assert changes("applications", there, {}) == []
    assert changes("applications", there, {"labels": {"x": "1"}}) == [
        ({"labels": {"x": "1"}}, [Change("labels", {"x": "1", "y": "2"}, {"x": "1"})])
    ]
    assert changes("applications", there, {"description": None})[0][0] == {"description": None}


def test_parts_that_are_left_out_are_null_or_default():
    there = {"retention": {"consumed_days": 30, "unconsumed_days": None}}
    assert changes("topics", there, {"retention": {"consumed_days": 30}}) == []
    assert changes(
        "topics", {"retention": {"consumed_days": 30, "payload_days": 7}}, {"retention": {"consumed_days": 30}}
    )
    retry = {"retry": {"schedule_ms": [1], "max_attempts": 2}}
    assert changes("targets", retry, {"retry": {"schedule_ms": [1]}}) == []


def test_a_secret_that_is_set_stays_unless_all_are_set_again(monkeypatch):
    monkeypatch.delenv("SECRET", raising=False)
    there = {"secret": REFERENCE, "settings": {}}
    assert changes("sources", there, {"secret": {"from_env": "OTHER"}}) == []
    monkeypatch.setenv("SECRET", "s")
    assert changes("sources", there, {"secret": REFERENCE}, secrets=True) == [
        ({"secret": "s"}, [Change("secret", HIDDEN, HIDDEN)])
    ]
    assert changes("sources", {}, {"secret": REFERENCE}) == [({"secret": "s"}, [Change("secret", None, HIDDEN)])]


def test_settings_are_compared_one_by_one_and_secrets_among_them_are_not_shown(monkeypatch):
    monkeypatch.setenv("SECRET", "s")
    there = {"settings": {"url": "u", "secret": REFERENCE, "other": 1}}
    assert changes("targets", there, {"settings": {"url": "u", "secret": REFERENCE}}) == []
    assert changes("targets", there, {"settings": {"url": "v", "secret": REFERENCE}}) == [
        ({"settings": {"url": "v"}}, [Change("settings", {"url": "u"}, {"url": "v"})])
    ]
    assert changes("targets", {"settings": {"url": "u"}}, {"settings": {"secret": REFERENCE}}) == [
        ({"settings": {"secret": "s"}}, [Change("settings", {"secret": None}, {"secret": HIDDEN})])
    ]
    assert changes("sources", {"settings": {"a": 1, "b": 2}}, {"settings": {"a": 3}})[0][0] == {
        "settings": {"a": 3, "b": 2}
    }


def test_what_is_fixed_for_life_is_refused():
    has = {**NOTHING, "targets": {"t": {}, "u": {}}, "subscriptions": {"a": {"target": "t"}}}
    with pytest.raises(
        Failure, match="/subscriptions/0/target: target of subscriptions 'a' is 't' and cannot be changed"
    ):
        plan(wanted(("subscriptions", {"name": "a", "target": "u"})), has, FIELDS)


@pytest.mark.parametrize(
    ("fields", "what", "hint"),
    [
        ({"targt": "t"}, "have no field 'targt'", "did you mean 'target'?"),
        ({"zzz": 1}, "have no field 'zzz'", "fields here: name, schedule, target"),
        ({"target": "none"}, "/target: there is no target 'none', and none is declared", None),
        ({"schedule": {"after": "none"}}, "/schedule/after: there is no subscription 'none'", None),
    ],
)
def test_fields_and_names_that_are_not_there_are_refused(fields, what, hint):
    with pytest.raises(Failure) as failure:
        plan(wanted(("subscriptions", {"name": "a", **fields})), NOTHING, FIELDS)
    assert what in failure.value.message
    assert failure.value.hint == hint


def test_what_is_not_declared_is_removed_the_other_way_round_of_kinds_that_are_mentioned():
    has = {**NOTHING, "topics": {"b": {}, "a": {}}, "sources": {"s": {}}, "targets": {"t": {}}}
    planned = plan(wanted(("topics", {"name": "a"}), kinds=["sources"]), has, FIELDS)
    assert planned.removed == [("sources", "s"), ("topics", "b")]
    assert [one.name for one in planned.unchanged] == ["a"]


def test_a_pointer_of_the_hub_leads_on_from_the_items_place():
    place = Place("hub.yaml", 1, "/topics/0")
    assert at(place, "/name").pointer == "/topics/0/name"
    assert at(place, None) == at(place, "project_id") == place


def test_what_comes_after_another_of_its_kind_is_made_after_it():
    items = [("subscriptions", {"name": name, "schedule": {"after": other}}) for name, other in ("ab", "bc")]
    planned = plan(wanted(*items, ("subscriptions", {"name": "c"})), NOTHING, FIELDS)
    assert [step.declared.name for step in planned.made] == ["c", "b", "a"]


def test_a_circle_is_refused():
    items = [("subscriptions", {"name": name, "schedule": {"after": other}}) for name, other in ("ab", "ba")]
    with pytest.raises(Failure, match="'a' comes after itself"):
        plan(wanted(*items), NOTHING, FIELDS)
