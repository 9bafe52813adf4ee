from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.targets.addresses import is_disguised, why_forbidden


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("0.0.0.0", "an address of this very network"),
        ("10.1.2.3", "a private address"),
        ("100.100.100.200", "a private address of a carrier"),
        ("127.0.0.1", "a loopback address"),
        ("168.63.129.16", "a cloud's metadata service"),
        ("169.254.169.254", "a link-local address"),
        ("172.31.255.255", "a private address"),
        ("192.0.0.192", "a reserved address"),
        ("192.0.2.1", "an address for documentation"),
        ("192.168.0.1", "a private address"),
        ("198.19.0.1", "an address for benchmarks"),
        ("224.0.0.1", "a multicast address"),
        ("255.255.255.255", "a reserved address"),
        ("::", "an address of this very network"),
        ("::1", "a loopback address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("::ffff:a9fe:a9fe", "a link-local address"),
        ("::10.0.0.1", "a private address"),
        ("64:ff9b::7f00:1", "a loopback address"),
        ("64:ff9b:1::808:808", "a reserved address"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "a reserved address"),
        ("2001:db8::1", "an address for documentation"),
        ("2002:7f00:1::", "a 6to4 address"),
        ("fc00::1", "a private address"),
        ("fd00:ec2::254", "a private address"),
        ("fe80::1%eth0", "a link-local address"),
        ("fec0::1", "a reserved address"),
        ("ff02::1", "a multicast address"),
        ("shop.example", "not an address"),
    ],
)
def test_an_address_only_the_hub_could_reach_is_forbidden(address: str, what: str) -> None:
    assert why_forbidden(address) == what


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_the_whole_internet_reaches_is_allowed(address: str) -> None:
    assert why_forbidden(address) is None


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_nothing_is_allowed_that_python_knows_to_be_special(ip: IPv4Address) -> None:
    special = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved
    if special or ip.is_unspecified:
        assert why_forbidden(str(ip)) is not None


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_address_is_judged_alike_in_every_ipv6_dress(ip: IPv4Address) -> None:
    for dress in (0xFFFF << 32, 0x64FF9B << 96):
        assert (why_forbidden(str(IPv6Address(dress | int(ip)))) is None) == (why_forbidden(str(ip)) is None)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_outside_global_unicast_only_embedded_addresses_can_be_allowed(ip: IPv6Address) -> None:
    if why_forbidden(str(ip)) is None:
        assert int(ip) >> 125 == 1 or int(ip) >> 32 in (0, 0xFFFF, 0x64FF9B << 64)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "1.2.3.256", "127.0.0.1."]
)
def test_numbers_that_are_addresses_in_disguise_are_seen(host: str) -> None:
    assert is_disguised(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "8.8.8.8", "shop.example", "1.example", "3com.com", "::1", "0x.example"])
def test_names_and_plain_addresses_are_no_disguise(host: str) -> None:
    assert not is_disguised(host)
