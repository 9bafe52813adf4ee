import pytest
from pydantic import TypeAdapter

from eventyard.config.values import Address, Key, Network, PublicUrl, StoreUrl, Zone, host_and_port


def test_an_address_is_a_host_and_a_port() -> None:
    assert TypeAdapter(Address).validate_python("0.0.0.0:80") == "0.0.0.0:80"
    assert host_and_port("localhost:0") == ("localhost", 0)
    assert host_and_port("[::1]:65535") == ("::1", 65_535)


@pytest.mark.parametrize(
    "address", ["", "foo", "8080", ":8080", "127.0.0.1:", "127.0.0.1:http", "[::1]:65536", "host:\u00b2", "amqp://h:1"]
)
def test_what_is_no_address_is_told_how_to_write_one(address: str) -> None:
    with pytest.raises(ValueError, match="write HOST:PORT, for example 127"):
        TypeAdapter(Address).validate_python(address)


@pytest.mark.parametrize("url", ["https://hub.example", "http://10.0.0.1:8080/yard/"])
def test_a_public_url_has_a_host_and_may_have_a_path(url: str) -> None:
    assert TypeAdapter(PublicUrl).validate_python(url) == url


@pytest.mark.parametrize(
    "url", ["", "notaurl", "hub.example", "ftp://hub", "http://", "http://hub?a=b", "http://hub/#a"]
)
def test_a_public_url_that_nothing_can_be_put_behind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="write http:// or https:// and a host"):
        TypeAdapter(PublicUrl).validate_python(url)


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"])
def test_a_network_may_be_a_single_address(text: str) -> None:
    assert TypeAdapter(Network).validate_python(text) == text


@pytest.mark.parametrize("text", ["", "nonsense", "10.0.0.1:80", "10.0.0.1/8", "10.0.0.0/33", "localhost"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no address and no network"):
        TypeAdapter(Network).validate_python(text)


def test_a_key_is_of_visible_ascii() -> None:
    assert TypeAdapter(Key).validate_python("my-first-key~!").get_secret_value() == "my-first-key~!"


@pytest.mark.parametrize("text", ["", "sp ace", "\u00fc", "line\n", "\x7f"])
def test_a_key_that_no_header_can_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a key goes into a header"):
        TypeAdapter(Key).validate_python(text)


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
