import pytest

from eventyard.dialects.informatica.tables import tables_in
from eventyard.model.catalog import TopicSchema


def tables(schema):
    return tables_in(TopicSchema("topic-orders", 1, schema, 0))


def test_the_tables_are_the_properties_that_are_arrays_of_objects():
    schema = {
        "type": "object",
        "properties": {
            "orders": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"id": {"type": "string"}, "paid": {"type": ["boolean", "null"]}},
                },
            },
            "lines": {"type": "array", "items": {"properties": {"sku": {"enum": ["a", "b"]}}}},
            "sent": {"type": "string"},
            "codes": {"type": "array", "items": {"type": "integer"}},
            "open": {"type": "array"},
        },
    }
    assert tables(schema) == [
        {
            "tableName": "orders",
            "columns": [
                {"columnName": "id", "columnType": "string"},
                {"columnName": "paid", "columnType": "boolean | null"},
            ],
        },
        {"tableName": "lines", "columns": [{"columnName": "sku", "columnType": ""}]},
    ]


def test_references_within_the_schema_are_followed():
    schema = {
        "properties": {"orders": {"$ref": "#/$defs/table"}},
        "$defs": {
            "table": {"type": "array", "items": {"$ref": "#/$defs/a~1row"}},
            "a/row": {"type": "object", "properties": {"id": {"$ref": "#/$defs/id"}}},
            "id": {"type": "integer"},
        },
    }
    assert tables(schema) == [{"tableName": "orders", "columns": [{"columnName": "id", "columnType": "integer"}]}]


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"properties": {"orders": {"$ref": "#/properties/orders"}}},
        {"properties": {"orders": {"$ref": "#/$defs/nowhere"}}},
        {"properties": {"orders": {"$ref": "elsewhere.json"}}},
        {"properties": {"orders": {"type": "array", "items": False}}},
        {"properties": []},
    ],
)
def test_a_schema_need_not_describe_any(schema):
    assert tables(schema) == []


def test_a_topic_without_a_schema_has_none():
    assert tables_in(None) == []
