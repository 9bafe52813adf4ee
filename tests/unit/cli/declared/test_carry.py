import json

import pytest

from eventyard.cli.declared.carry import carry, sent
from eventyard.cli.declared.documents import read
from eventyard.cli.declared.kinds import KINDS
from eventyard.cli.declared.plan import plan
from eventyard.cli.declared.state import State
from eventyard.cli.failure import Failure


@pytest.fixture
def apply(remote, tmp_path):
    """Carry out a declaration; what was asked of the hub beside reading."""

    def do(hub, document, *, prune=False):
        (tmp_path / "hub.json").write_text(json.dumps(document))
        state = State(remote)
        carry(plan(read([str(tmp_path)], list(state.fields)), state.has, state.fields), state, remote, prune=prune)
        return [(one.method, one.path, one.body) for one in hub.asked if one.method != "GET"]

    return do


def test_what_is_made_is_named_by_its_id_in_what_follows(furnished, apply):
    furnished.answers("POST", "/v1/targets", {"id": "g2"}, 201)
    furnished.answers("POST", "/v1/subscriptions", {"id": "u3"}, 201)
    asked = apply(
        furnished,
        {
            "subscriptions": [
                {
                    "name": "third",
                    "target": "new",
                    "topics": ["orders"],
                    "schedule": {"when": "after", "after": "first"},
                    "compound": {"optional_topics": ["orders"]},
                }
            ],
            "targets": [{"name": "new", "type": "webhook"}],
        },
    )
    assert asked == [
        ("POST", "/v1/targets", {"project_id": "default", "name": "new", "type": "webhook"}),
        ("POST", "/v1/subscriptions", {
            "project_id": "default", "name": "third", "target_id": "g2", "topics": ["t1"],
            "schedule": {"when": "after", "after": "u1"}, "compound": {"optional_topics": ["t1"]},
        }),
    ]  # fmt: skip


def test_a_topic_that_is_made_locked_is_locked_once_it_is_made(furnished, apply):
    furnished.answers("POST", "/v1/topics", {"id": "t3", "locked": False}, 201)
    furnished.answers("PATCH", "/v1/topics/t3", {})
    asked = apply(furnished, {"topics": [{"name": "new", "locked": True}]})
    assert [one[0::2] for one in asked] == [
        ("POST", {"project_id": "default", "name": "new"}), ("PATCH", {"locked": True}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "call"),
    [
        ({"type": "array"}, ("POST", "/v1/topics/t1/schemas", {"schema": {"type": "array"}})),
        (True, ("PATCH", "/v1/topics/t1", {"schema_version": 1})),
        (None, ("PATCH", "/v1/topics/t1", {"schema_version": None})),
    ],
)
def test_a_schema_becomes_the_next_version_or_the_one_it_was(furnished, apply, schema, call):
    furnished.answers(call[0], call[1], {})
    assert apply(furnished, {"topics": [{"name": "orders", "schema": schema}]}) == [call]


def test_a_target_is_enabled_by_the_call_for_that(furnished, apply):
    furnished.answers("POST", "/v1/targets/g1/enable", {})
    assert apply(furnished, {"targets": [{"name": "stock", "enabled": True}]}) == [
        ("POST", "/v1/targets/g1/enable", None)
    ]


def test_a_change_is_sent_alone_and_removals_come_last(furnished, apply):
    furnished.answers("PATCH", "/v1/applications/a1", {})
    furnished.answers("DELETE", "/v1/subscriptions/u1", None, 204)
    furnished.answers("DELETE", "/v1/subscriptions/u2", None, 204)
    asked = apply(
        furnished, {"applications": [{"name": "shop", "description": "Sold"}], "subscriptions": []}, prune=True
    )
    assert asked == [
        ("PATCH", "/v1/applications/a1", {"description": "Sold"}),
        ("DELETE", "/v1/subscriptions/u1", None), ("DELETE", "/v1/subscriptions/u2", None),
    ]  # fmt: skip


def test_a_refusal_is_told_with_the_place_of_the_item(furnished, apply):
    furnished.refuses("POST", "/v1/targets", 422, detail="no such type", pointer="/type", hint="see the types")
    with pytest.raises(Failure, match=r"hub\.json, document 1, /targets/0/type: no such type") as failure:
        apply(furnished, {"targets": [{"name": "new", "type": "none"}]})
    assert failure.value.hint == "see the types"


def test_names_become_ids_where_the_api_wants_them():
    ids = {"sources": {"door": "s1"}, "targets": {}, "subscriptions": {"first": "u1"}}
    body = {"sources": ["door"], "target": None, "subscriptions": ["first"], "discard": True}
    assert sent(KINDS["rules"], body, ids) == {
        "source_ids": ["s1"], "target_id": None, "subscription_ids": ["u1"], "discard": True,
    }  # fmt: skip
