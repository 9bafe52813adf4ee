"""What a hub would refuse of a plan, told without having it done: for a dry run, which else learns of no refusal.

Schemas, patterns and filters are compiled as the hub does it, and settings held against what it says of each target
type and scheme. What follows from other things that are there it knows alone, and it has the last word (``carry.py``).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from eventyard.cli.declared.documents import failed
from eventyard.cli.declared.plan import Has, Plan, Step, at
from eventyard.cli.remote import Remote
from eventyard.matching.filters import compile_filter
from eventyard.matching.patterns import compile_pattern
from eventyard.matching.schema import compile_schema
from eventyard.model.errors import Invalid
from eventyard.pipeline.settings import check_settings
from eventyard.ports import Setting

COMPILED: Mapping[tuple[str, str], Callable[..., object]] = {
    ("topics", "schema"): compile_schema,
    ("sources", "schema"): compile_schema,
    ("subscriptions", "pattern"): compile_pattern,
    ("subscriptions", "filter"): compile_filter,
}
"""By kind and field; ``null`` is none of them."""

SET: Mapping[str, tuple[str, str]] = {"targets": ("type", "/v1/target-types"), "sources": ("scheme", "/v1/schemes")}
"""The kinds that have settings: the field that says of which plug-in, and where the hub tells what these take."""


def check(planned: Plan, has: Has, hub: Remote) -> None:
    """Raise :class:`Failure` for the first fault, with its place."""

    @cache
    def plugins(word: str, path: str) -> Mapping[str, Sequence[Setting]]:
        return {one[word]: [_setting(fields) for fields in one["settings"]] for one in hub.get(path)}

    for step in (*planned.made, *planned.changed):
        one = step.declared
        try:
            _compile(step)
            there = has[one.kind].get(one.name, {})
            word, path = SET.get(one.kind, ("", ""))
            called = one.fields.get(word, there.get(word))
            given = step.fields.get("settings", {})
            if not isinstance(called, str) or not isinstance(given, Mapping):
                continue  # there are none, or the hub says what it makes of that
            if called not in plugins(word, path):
                raise failed(one.place.below(word), f"there is no {word} {called!r}", hint=f"see {path}")
            check_settings(plugins(word, path)[called], given, partial=bool(there))
        except Invalid as error:
            raise failed(at(one.place, error.pointer), error.message, hint=error.hint) from None


def _compile(step: Step) -> None:
    for name, value in step.fields.items():
        make = COMPILED.get((step.declared.kind, name))
        if make is not None and value is not None:
            make(value, at=f"/{name}")


def _setting(fields: Mapping[str, Any]) -> Setting:
    """A setting as the hub tells of it."""
    return Setting(**{name: fields[name] for name in ("name", "title", "help", "schema", "required", "secret")})
