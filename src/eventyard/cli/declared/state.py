"""What a hub has, in the words of declarations: by names and not by ids, secrets as references."""

import re
from collections.abc import Mapping
from typing import Any

from eventyard.cli.client import segment
from eventyard.cli.declared.documents import FROM_ENV
from eventyard.cli.declared.kinds import KINDS, Fields, Kind, fields_of, is_the_hubs
from eventyard.cli.failure import Failure
from eventyard.cli.remote import Remote

Names = Mapping[str, Mapping[str, str]]
"""By kind and id."""

MOST = 1_000_000

SET: Mapping[str, Any] = {"set": True}
"""How the API shows a secret that is there."""


class State:
    """Everything of a project that can be declared: ``has[kind][name]`` are the declared fields."""

    def __init__(self, hub: Remote) -> None:
        self._hub = hub
        self.fields: Mapping[str, Fields] = fields_of(hub.get("/openapi.json"))
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.has: dict[str, dict[str, dict[str, Any]]] = {}
        self.versions: dict[str, list[dict[str, Any]]] = {}
        """The schema versions of each topic, by its name."""
        for name in self.fields:
            records = [one for one in hub.list(KINDS[name].path, MOST) if not is_the_hubs(name, one)]
            self.records[name] = self._by_name(name, records)
        names = {kind: {one["id"]: one["name"] for one in records.values()} for kind, records in self.records.items()}
        for name, by_name in self.records.items():
            self.has[name] = {called: self._declared(KINDS[name], one, names) for called, one in by_name.items()}

    def id_of(self, kind: str, name: str) -> str:
        """The id of what is called so."""
        return str(self.records[kind][name]["id"])

    def _by_name(self, kind: str, records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        by_name = {one["name"]: one for one in reversed(records)}
        if len(by_name) < len(records):
            twice = next(one["name"] for one in records if by_name[one["name"]] is not one)
            ids = ", ".join(one["id"] for one in records if one["name"] == twice)
            rename = f'rename one: PATCH {KINDS[kind].path}/{{id}} {{"name": …}}; their ids: {ids}'
            raise Failure(f"{kind}: {twice!r} is there twice", hint=f"declarations go by names; {rename}")
        return by_name

    def _declared(self, kind: Kind, record: Mapping[str, Any], names: Names) -> dict[str, Any]:
        shown = {**record}
        for reference in kind.references:
            named(shown, reference.shown, reference.field, names.get(reference.kind, {}))
        if kind.name == "topics":
            shown["schema"] = self._schema(record)
        if kind.secret and record["secrets"]:
            shown[kind.secret] = {FROM_ENV: variable(kind.name, record["name"], kind.secret)}
        if "settings" in shown:
            shown["settings"] = {
                name: {FROM_ENV: variable(kind.name, record["name"], name)} if value == SET else value
                for name, value in shown["settings"].items()
            }
        return {name: value for name, value in shown.items() if name in self.fields[kind.name].all}

    def _schema(self, record: Mapping[str, Any]) -> Any:
        if record["schema_version"] is None:
            return None
        path = f"/v1/topics/{segment(record['id'])}/schemas"
        versions = list(self._hub.client.pages(path, {}, MOST))
        self.versions[record["name"]] = versions
        return next(one["schema"] for one in versions if one["version"] == record["schema_version"])


def named(fields: dict[str, Any], shown: str, field: str, names: Mapping[str, str]) -> None:
    """Put names under ``field`` for the ids under ``shown``; either may lead into another by a dot."""
    if "." in shown:
        outer, _, inner = shown.partition(".")
        if isinstance(fields.get(outer), Mapping):
            fields[outer] = {**fields[outer]}
            named(fields[outer], inner, field.partition(".")[2], names)
        return
    if shown not in fields:
        return
    value = fields.pop(shown)
    many = isinstance(value, list)
    fields[field] = [names.get(one, one) for one in value] if many else names.get(value, value)


def variable(kind: str, name: str, field: str) -> str:
    """The environment variable from which an export has a secret come."""
    return re.sub(r"[^A-Z0-9]+", "_", f"{kind.removesuffix('s')}_{name}_{field}".upper())
