"""Carrying a plan out, call by call: makes and changes in the order of the kinds, then removals the other way round.

It stops at the first call that the hub refuses, and says where that was declared; what was done stays done, and the
next ``apply`` goes on from there.
"""

from collections.abc import Mapping
from typing import Any

from eventyard.cli.client import Refused, segment
from eventyard.cli.declared.documents import Declared, failed
from eventyard.cli.declared.kinds import KINDS, Kind
from eventyard.cli.declared.plan import Plan, Step, at
from eventyard.cli.declared.state import State
from eventyard.cli.remote import Remote


def carry(plan: Plan, state: State, hub: Remote, *, prune: bool) -> None:
    """Do what is planned. Raises :class:`Failure`."""
    ids = {kind: {name: str(one["id"]) for name, one in records.items()} for kind, records in state.records.items()}
    order = list(KINDS)
    steps = [*((step, True) for step in plan.made), *((step, False) for step in plan.changed)]
    for step, new in sorted(steps, key=lambda one: order.index(one[0].declared.kind)):
        one = step.declared
        try:
            if new:
                ids[one.kind][one.name] = _make(step, hub, ids)
            else:
                _change(step, state, hub, ids)
        except Refused as refused:
            place = at(one.place, refused.problem.get("pointer"))
            raise failed(place, refused.problem.get("detail") or refused.message, hint=refused.hint) from None
    for kind, name in plan.removed if prune else ():
        hub.client.call("DELETE", f"{KINDS[kind].path}/{segment(ids[kind][name])}")


Ids = Mapping[str, Mapping[str, str]]


def _make(step: Step, hub: Remote, ids: Ids) -> str:
    one = step.declared
    kind = KINDS[one.kind]
    fields = dict(step.fields)
    later = {name: fields.pop(name) for name in LATER.get(one.kind, ()) if name in fields}
    made = hub.client.call("POST", kind.path, hub.in_project(sent(kind, fields, ids)))
    if any(made.get(name) != value for name, value in later.items()):
        hub.client.call("PATCH", f"{kind.path}/{segment(made['id'])}", later)
    return str(made["id"])


LATER: Mapping[str, tuple[str, ...]] = {"topics": ("locked",), "targets": ("enabled",)}
"""Fields that only a change takes."""


def _change(step: Step, state: State, hub: Remote, ids: Ids) -> None:
    one = step.declared
    kind = KINDS[one.kind]
    path = f"{kind.path}/{segment(ids[one.kind][one.name])}"
    fields = dict(step.fields)
    if one.kind == "topics" and "schema" in fields:
        _change_schema(one, path, fields.pop("schema"), state, hub)
    if fields.get("enabled") is True and one.kind == "targets":
        hub.client.call("POST", f"{path}/enable")
        del fields["enabled"]
    if fields:
        hub.client.call("PATCH", path, sent(kind, fields, ids))


def _change_schema(one: Declared, path: str, schema: Any, state: State, hub: Remote) -> None:
    """Enforce a version that is there already, a new one, or none."""
    there = [version["version"] for version in state.versions.get(one.name, ()) if version["schema"] == schema]
    if schema is None or there:
        hub.client.call("PATCH", path, {"schema_version": None if schema is None else there[0]})
    else:
        hub.client.call("POST", f"{path}/schemas", {"schema": schema})


def sent(kind: Kind, fields: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """The fields as the API takes them, ids in the place of names."""
    body = dict(fields)
    for reference in kind.references:
        _identify(body, reference.field, reference.sent, ids.get(reference.kind, {}))
    return body


def _identify(body: dict[str, Any], field: str, sent: str, known: Mapping[str, str]) -> None:
    """Put ids under ``sent`` for the names under ``field``; both may lead into another by a dot."""
    outer, dot, inner = field.partition(".")
    if dot and isinstance(body.get(outer), Mapping):
        body[outer] = dict(body[outer])
        _identify(body[outer], inner, sent.partition(".")[2], known)
    elif not dot and outer in body:
        value = body.pop(outer)
        many = isinstance(value, list)
        body[sent] = [known[one] for one in value] if many else known.get(value)
