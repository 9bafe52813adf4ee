"""The plan: what is declared beside what is there, and so what is to be made, changed, left and removed.

A field that a declaration does not name stays as it is. Secrets cannot be compared: one that is there stays, unless it
is wanted that all be set again. Nothing here asks the hub anything.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from eventyard.cli.declared.documents import FROM_ENV, Declared, Place, Wanted, failed, from_environment
from eventyard.cli.declared.kinds import KINDS, Fields, Kind, Reference

EXACT = ("filter", "labels", "schema")
"""Fields that are compared as a whole; of others that are mappings, what is left out is ``null`` or the default."""

HIDDEN = "(secret)"


class Change(NamedTuple):
    """A field, what it is and what it is to be."""

    field: str
    before: Any
    after: Any


class Step(NamedTuple):
    """Something to be made (nothing is there yet) or to be changed."""

    declared: Declared
    fields: Mapping[str, Any]
    changes: Sequence[Change] = ()


class Plan(NamedTuple):
    """What is to be done. ``removed`` are (kind, name) that are there and not declared, in the order to remove them."""

    made: Sequence[Step]
    changed: Sequence[Step]
    unchanged: Sequence[Declared]
    removed: Sequence[tuple[str, str]]


Has = Mapping[str, Mapping[str, Mapping[str, Any]]]


def plan(wanted: Wanted, has: Has, fields: Mapping[str, Fields], *, secrets: bool = False) -> Plan:
    """Compare. With ``secrets`` all of them are set again. Raises :class:`Failure` for what cannot be."""
    made, changed, unchanged = [], [], []
    order = list(KINDS)
    names = {kind: set(there) | {one.name for one in wanted.items if one.kind == kind} for kind, there in has.items()}
    for one in sorted(wanted.items, key=lambda one: order.index(one.kind)):
        _check(one, fields[one.kind], names)
        there = has[one.kind].get(one.name)
        if there is None:
            made.append(Step(one, _resolved(one)))
            continue
        changes = list(_changes(one, there, secrets=secrets))
        for change in changes:
            if change.field not in fields[one.kind].changed and change.field != "schema":
                raise failed(
                    one.place.below(change.field),
                    f"{change.field} of {one.kind} {one.name!r} is {change.before!r} and cannot be changed",
                    hint="give it another name, or delete it first",
                )
        if changes:
            shown = [_hidden(one, change) for change in changes]
            changed.append(Step(one, {change.field: change.after for change in changes}, shown))
        else:
            unchanged.append(one)
    declared = {(one.kind, one.name) for one in wanted.items}
    removed = [
        (kind, name)
        for kind in reversed(order)
        if kind in wanted.kinds
        for name in sorted(has[kind])
        if (kind, name) not in declared
    ]
    return Plan(_in_turn(made), changed, unchanged, removed)


def _check(one: Declared, fields: Fields, names: Mapping[str, set[str]]) -> None:
    for name in one.fields:
        if name not in fields.all:
            near = difflib.get_close_matches(name, fields.all, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"fields here: {', '.join(sorted(fields.all))}"
            raise failed(one.place.below(name), f"{one.kind} have no field {name!r}", hint=hint)
    for reference, place, name in _named(one):
        if name not in names.get(reference.kind, ()):
            raise failed(place, f"there is no {reference.kind.removesuffix('s')} {name!r}, and none is declared")


def _named(one: Declared) -> Iterator[tuple[Reference, Place, Any]]:
    """What an item refers to, by what, and where."""
    for reference in KINDS[one.kind].references:
        value: Any = one.fields
        place = one.place
        for part in reference.field.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
            place = place.below(part)
        for name in value if isinstance(value, list) else [value]:
            if name is not None:
                yield reference, place, name


def _in_turn(made: Sequence[Step]) -> Sequence[Step]:
    """Those that refer to others of their own kind behind these."""
    done: list[Step] = []
    left = list(made)
    while left:
        waiting = {(step.declared.kind, step.declared.name) for step in left}
        ready = [step for step in left if waiting.isdisjoint(_own_kind(step.declared))]
        if not ready:
            raise failed(left[0].declared.place, f"{left[0].declared.name!r} comes after itself, by way of others")
        done += ready
        left = [step for step in left if step not in ready]
    return done


def _own_kind(one: Declared) -> set[tuple[str, Any]]:
    return {(one.kind, name) for reference, _, name in _named(one) if reference.kind == one.kind}


def _changes(one: Declared, there: Mapping[str, Any], *, secrets: bool) -> Iterator[Change]:
    kind = KINDS[one.kind]
    for name, value in one.fields.items():
        place, before = one.place.below(name), there.get(name)
        if name == "name":
            continue
        if name == kind.secret:
            if before is None or secrets:
                yield Change(name, before, from_environment(value, place))
        elif name == "settings":
            after = {
                key: from_environment(inner, place.below(key))
                for key, inner in value.items()
                if not _is_kept(inner, (before or {}).get(key), secrets=secrets)
            }
            after = {key: inner for key, inner in after.items() if not _same(inner, (before or {}).get(key))}
            if after:
                # A source takes all its settings at once, a target those that are named.
                yield Change(name, before, after if one.kind == "targets" else {**(before or {}), **after})
        elif not _same(after := from_environment(value, place), before, exact=name in EXACT):
            yield Change(name, before, after)


def _is_kept(value: Any, before: Any, *, secrets: bool) -> bool:
    """Whether it is a secret that is there already, wherever the declaration takes it from."""
    return not secrets and isinstance(before, Mapping) and set(before) == {FROM_ENV} and value is not None


def _same(after: Any, before: Any, *, exact: bool = False) -> bool:
    if exact or not (isinstance(after, Mapping) and isinstance(before, Mapping)):
        return bool(after == before)
    return all(_same(inner, before.get(name)) for name, inner in after.items()) and all(
        before[name] is None or name in _DEFAULTED for name in before.keys() - after.keys()
    )


_DEFAULTED = (
    "schedule_ms", "max_attempts", "jitter", "retry_on", "success_codes", "time_zone", "missed", "cron", "after",
    "optional_topics", "wait_minutes",
)  # fmt: skip
"""Parts that have a default other than ``null``, which a declaration may leave out."""


def _resolved(one: Declared) -> Mapping[str, Any]:
    return {name: from_environment(value, one.place.below(name)) for name, value in one.fields.items()}


def _hidden(one: Declared, change: Change) -> Change:
    """The change as it may be shown: without what came from the environment."""
    kind: Kind = KINDS[one.kind]
    if change.field == kind.secret:
        return Change(change.field, change.before and HIDDEN, HIDDEN)
    written = one.fields[change.field]
    if change.field == "settings":
        shown = {key: HIDDEN if _is_secret(written.get(key)) else inner for key, inner in change.after.items()}
        before = {key: HIDDEN if _is_secret(inner) else inner for key, inner in (change.before or {}).items()}
        return Change(change.field, {key: before.get(key) for key in shown}, shown)
    return change


def _is_secret(written: Any) -> bool:
    return isinstance(written, Mapping) and set(written) == {FROM_ENV}


def at(place: Place, pointer: str | None) -> Place:
    """The place of what the hub refused, by the pointer that it told."""
    return place if not pointer or not pointer.startswith("/") else place._replace(pointer=place.pointer + pointer)
