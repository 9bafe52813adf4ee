import pytest
from msgspec.structs import replace

from eventyard.matching.schema import compile_schema
from eventyard.model.errors import Invalid
from eventyard.pipeline.arrivals import Arrival
from eventyard.testing import builders

SCHEMA = compile_schema({"type": ["object", "null"], "properties": {"order": {"maximum": 100}}})


@pytest.fixture
def door(world):
    return world.doors.of("source-shop")


@pytest.fixture
def checked(door):
    """What the schema sees of data."""

    def check(data, content_type="application/json", **fields):
        event = builders.event(data, content_type=content_type)
        return Arrival(replace(door, schemas=(SCHEMA,)), event, **fields).checked()

    return check


@pytest.fixture
def seen(door):
    """What filters see of data."""

    def see(data, content_type="application/json", *, looked_at=True, **fields):
        return Arrival(door, builders.event(data, content_type=content_type), **fields).seen(looked_at=looked_at)

    return see


def refused(call, *args, **fields):
    with pytest.raises(Invalid) as refusal:
        call(*args, **fields)
    return refusal.value.code, refusal.value.pointer


def test_what_every_schema_takes_is_a_value(checked):
    assert checked(b'{"order": 7}') == {"order": 7}
    assert checked(b"", well_formed=True) is None


@pytest.mark.parametrize(("data_at", "pointer"), [("", "/order"), ("/payload", "/payload/order")])
def test_what_one_does_not_take_is_pointed_at_in_what_was_sent(checked, data_at, pointer):
    assert refused(checked, b'{"order": 101}', data_at=data_at) == ("schema_mismatch", pointer)


@pytest.mark.parametrize(("data_at", "pointer"), [("", "Content-Type"), ("/data", "/datacontenttype")])
def test_what_is_not_json_fits_no_schema_be_it_empty(checked, data_at, pointer):
    for data in (b"a,b", b""):
        assert refused(checked, data, "text/csv", data_at=data_at) == ("schema_mismatch", pointer)
    assert checked(b"", "text/csv", well_formed=True) is None


@pytest.mark.parametrize("data", [b"", b"{", b'{"order": 1e999}', b'{"order": %s}' % (b"9" * 5000), b'"\xff"'])
def test_what_cannot_be_read_fits_none(checked, data):
    assert refused(checked, data) == ("invalid_json", None)


def test_filters_see_a_value_where_there_is_one_and_they_look(seen):
    assert seen(b'{"order": 7}') == {"order": 7}
    assert seen(b'{"order": 7}', looked_at=False) is None
    assert seen(b'{"order": 1e999}') == {"order": float("inf")}
    assert seen(b"a,b", "text/csv") is None
    assert seen(b"", well_formed=True) is None


@pytest.mark.parametrize("looked_at", [True, False])
@pytest.mark.parametrize("data", [b"", b"{", b'"\xff"', b"NaN"])
def test_what_claims_to_be_json_is_json_whether_or_not_they_look(seen, data, looked_at):
    assert refused(seen, data, looked_at=looked_at) == ("invalid_json", None)


def test_what_need_not_be_believed_is_read_only_where_they_look(seen):
    assert seen(b"{", looked_at=False, well_formed=True) is None
    assert refused(seen, b"{", well_formed=True) == ("invalid_json", None)
