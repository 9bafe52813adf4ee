"""The tables of a topic, by its JSON Schema: the properties of the data that are arrays of objects.

A topic need have no schema, and a schema need describe no tables; then there are none to tell of. What of a schema is
elsewhere in it (``$ref``) is looked up there. How tables come and go is in ``publish.py`` and ``consume.py``.
"""

from collections.abc import Mapping
from typing import Any

from eventyard.model.catalog import TopicSchema

HOPS = 8
"""How many references in a row are followed."""


def tables_in(schema: TopicSchema | None) -> list[dict[str, Any]]:
    """The tables with their columns, in the order of the schema."""
    if schema is None:
        return []
    root = schema.schema
    tables = []
    for name, one in _properties(_at(root, root)).items():
        table = _at(one, root)
        rows = _at(table.get("items"), root)
        if _is(table, "array") and _is(rows, "object"):
            columns = [_column(column, _at(kind, root)) for column, kind in _properties(rows).items()]
            tables.append({"tableName": name, "columns": columns})
    return tables


def _column(name: str, schema: Mapping[str, Any]) -> dict[str, str]:
    kind = schema.get("type", "")
    return {"columnName": name, "columnType": " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind)}


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _is(schema: Mapping[str, Any], kind: str) -> bool:
    return schema.get("type") == kind or (kind == "object" and "type" not in schema and bool(_properties(schema)))


def _at(schema: Any, root: Any) -> Mapping[str, Any]:
    """A schema, or the one that it refers to within the root; an empty one for what is neither."""
    for _ in range(HOPS):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        schema = root if reference == "#" else _found(root, reference)
    return {}


def _found(root: Any, reference: str) -> Any:
    if not reference.startswith("#/"):
        return None
    found = root
    for step in reference[2:].split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found
