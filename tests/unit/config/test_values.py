import pytest
from pydantic import TypeAdapter

from eventyard.config.values import StoreUrl, Zone


@pytest.mark.parametrize("name", ["UTC", "America/Lima"])
def test_a_time_zone_is_one_of_iana(name: str) -> None:
    assert TypeAdapter(Zone).validate_python(name) == name


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_any_other_name_is_no_time_zone(name: str) -> None:
    with pytest.raises(ValueError, match="that is no time zone"):
        TypeAdapter(Zone).validate_python(name)


def test_a_store_is_a_file_of_sqlite() -> None:
    assert TypeAdapter(StoreUrl).validate_python("sqlite:////var/lib/hub.db") == "sqlite:////var/lib/hub.db"


@pytest.mark.parametrize(
    "url", ["mongodb://x", "postgresql://db/hub", "sqlite://", "sqlite:///", "/var/lib/hub.db", ""]
)
def test_a_store_that_this_version_has_not_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="that is not a store this version has; write sqlite:///PATH"):
        TypeAdapter(StoreUrl).validate_python(url)
