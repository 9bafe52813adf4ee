import pytest

from eventyard.testing import builders
from eventyard.wire.tables import merged, rows_in, tables_of


@pytest.mark.parametrize(
    ("data", "tables"),
    [
        (b'{"orders": [{"id": 1}, {"id": 2}], "lines": []}', {"orders": [{"id": 1}, {"id": 2}], "lines": []}),
        (b'{"order": 1}', {"shop": [{"order": 1}]}),
        (b'{"orders": [{"id": 1}], "sent": "today"}', {"shop": [{"orders": [{"id": 1}], "sent": "today"}]}),
        (b'{"codes": [1, 2]}', {"shop": [{"codes": [1, 2]}]}),
        (b"{}", {"shop": [{}]}),
        (b'[{"id": 1}, {"id": 2}]', {"shop": [{"id": 1}, {"id": 2}]}),
        (b"[]", {"shop": []}),
        (b"7", {"shop": [7]}),
        (b"{", {"shop": [{"data_base64": "ew=="}]}),
    ],
)
def test_data_is_tables_or_becomes_one(data, tables):
    assert tables_of(builders.event(data), "shop") == tables


def test_what_is_not_json_is_a_row_of_base64():
    event = builders.event(b"\xff\x00", content_type="application/octet-stream")
    assert tables_of(event, "shop") == {"shop": [{"data_base64": "/wA="}]}


def test_tables_of_several_events_are_put_one_after_another():
    first, second = {"orders": [{"id": 1}]}, {"orders": [{"id": 2}], "lines": [{"sku": "a"}]}
    both = merged([first, second])
    assert both == {"orders": [{"id": 1}, {"id": 2}], "lines": [{"sku": "a"}]}
    assert (rows_in(both), rows_in({}), first) == (3, 0, {"orders": [{"id": 1}]})
