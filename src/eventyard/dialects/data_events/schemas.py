"""A topic's JSON Schema 2020-12, as AsyncAPI's tools read schemas: draft-07, with references within the document.

Meaning is kept where draft-07 has a word for it; keywords that only 2020-12 has stay, as tools pass over what they do
not know. What is no keyword is left out, and so is data with a member ``$ref``, and a property of that name: tools take
it for a reference, and fail. The schema that counts is the topic's own, at ``/v1/topics/{topic_id}/schemas``.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]

_VALUES = frozenset({
    "$comment", "const", "contentEncoding", "contentMediaType", "default", "dependentRequired", "deprecated",
    "description", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "maxContains", "maxItems",
    "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength", "minProperties", "minimum",
    "multipleOf", "pattern", "readOnly", "required", "title", "type", "uniqueItems", "writeOnly",
})  # fmt: skip
_ONE = frozenset({
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"dependentSchemas", "patternProperties", "properties"})
_REFERENCES = ("$ref", "$dynamicRef")


def components(schema: Json, name: str, parts: str) -> dict[str, Json]:
    """The schema as ``name``, and beside it each part that is referred to, as ``parts`` and a word without dots.

    All of them belong under ``#/components/schemas``. The schema is one that ``matching/schema.py`` compiled: every
    reference leads somewhere within it.
    """
    return _Translation(schema, name, parts).components


class _Translation:
    def __init__(self, schema: Json, name: str, parts: str) -> None:
        self._root = schema
        self._parts = parts
        self._names = {id(schema): name}
        self.components: dict[str, Json] = {name: {}}
        self.components[name] = self._schema(schema)

    def _schema(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        made: Json = {}
        for keyword, value in schema.items():
            if keyword in _VALUES:
                if not refers(value):
                    made[keyword] = value
            elif keyword in _ONE:
                made[keyword] = self._schema(value)
            elif keyword in _LISTS:
                made[keyword] = [self._schema(part) for part in value]
            elif keyword in _MAPS:
                made[keyword] = {name: self._schema(part) for name, part in value.items() if name != "$ref"}
        if "prefixItems" in made:
            _as_tuple(made)
        targets = [self._reference(schema[keyword]) for keyword in _REFERENCES if keyword in schema]
        if len(targets) == 1 and not made:
            return targets[0]
        if targets:
            made["allOf"] = [*made.get("allOf", []), *targets]
        return made

    def _reference(self, reference: str) -> Json:
        fragment = unquote(reference.partition("#")[2])
        target = _descend(self._root, fragment) if fragment[:1] in ("", "/") else _anchored(self._root, fragment)
        name = self._names.get(id(target))
        if name is None:
            name = self._names[id(target)] = self._free(fragment.rpartition("/")[2])
            self.components[name] = {}
            made = self._schema(target)
            self.components[name] = made if isinstance(made, dict) else {"allOf": [made]}
        return {"$ref": f"#/components/schemas/{name}"}

    def _free(self, wish: str) -> str:
        base = f"{self._parts}{re.sub(r'[^A-Za-z0-9_-]', '-', wish) or 'part'}"
        name, count = base, 1
        while name in self.components:
            count += 1
            name = f"{base}-{count}"
        return name


def _as_tuple(made: Json) -> None:
    """2020-12's ``prefixItems`` and ``items`` are draft-07's ``items`` and ``additionalItems``."""
    if "items" in made:
        made["additionalItems"] = made["items"]
    made["items"] = made.pop("prefixItems")


def _descend(schema: Any, fragment: str) -> Any:
    for token in fragment.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        schema = schema[name] if isinstance(schema, Mapping) else schema[int(name)]
    return schema


def _anchored(schema: Any, anchor: str) -> Any:
    rest = [schema]
    while True:
        part = rest.pop()
        if isinstance(part, dict):
            if anchor in (part.get("$anchor"), part.get("$dynamicAnchor")):
                return part
            rest += part.values()
        elif isinstance(part, list):
            rest += part


def refers(value: Any) -> bool:
    """Whether a value holds what a tool would take for a reference, though here it is data."""
    if isinstance(value, dict):
        return "$ref" in value or any(refers(part) for part in value.values())
    return isinstance(value, list) and any(refers(part) for part in value)
