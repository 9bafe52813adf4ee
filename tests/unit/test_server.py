"""Where a server may listen. How it runs and ends is told in tests/e2e/test_serve.py."""

import socket

import pytest

from eventyard.config import ConfigError
from eventyard.server import listen


def test_port_0_takes_a_free_one():
    with listen("127.0.0.1:0") as first, listen("127.0.0.1:0") as second:
        assert first.getsockname()[1] != second.getsockname()[1]
        assert not first.getblocking()


def test_an_ipv6_address_stands_in_brackets():
    with listen("[::1]:0") as listener:
        assert listener.family == socket.AF_INET6


def test_a_name_is_looked_up():
    with listen("localhost:0") as listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize(
    "address",
    ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "[::1]:65536", "amqp://127.0.0.1:0"],
)
def test_an_address_that_is_none_is_told_how_to_write_one(address):
    with pytest.raises(ConfigError, match="write HOST:PORT, for example 127"):
        listen(address)


def test_an_address_that_is_taken_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as refused:
            listen(f"127.0.0.1:{port}")
    assert str(refused.value) == (
        f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another with --listen"
    )


def test_the_option_to_choose_another_address_by_is_that_of_the_door():
    with pytest.raises(ConfigError, match="choose another with --amqp"):
        listen("192.0.2.1:0", "--amqp")


def test_an_address_of_another_machine_is_one_sentence():
    with pytest.raises(ConfigError, match="Cannot assign requested address; choose another with --listen"):
        listen("192.0.2.1:0")


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_a_host_that_has_no_address_is_one_sentence(host):
    with pytest.raises(
        ConfigError, match=f"cannot listen on {host}:80: that names no host; choose another with --listen"
    ):
        listen(f"{host}:80")
