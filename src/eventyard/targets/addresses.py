"""Which addresses a target may have: the guard against making the hub call what only the hub can reach (SSRF).

Refused, unless the operator allows private targets: everything IANA does not list as globally reachable unicast
(special-purpose registries of RFC 6890), the metadata services of clouds, and IPv6 forms that hide an IPv4 address of
that kind. Pure: names are resolved in ``resolver.py``, which asks here about every single answer.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "an address of this very network"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a private address of a carrier"),
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)

_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::1/128", "a loopback address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("ff00::/8", "a multicast address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "an address for documentation"),
    )
)

_UNICAST = IPv6Network("2000::/3")
_EMBEDS_V4 = (IPv6Network("::/96"), IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-compatible, IPv4-mapped (RFC 4291) and NAT64 (RFC 6052) addresses: judged by the IPv4 address in them."""

_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_DOTTED_QUAD = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")


@lru_cache(maxsize=4096)
def why_forbidden(address: str) -> str | None:
    """What a numeric address is that a target must not have; ``None`` when it is globally reachable unicast.

    A text that is no address at all is forbidden too.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return "not an address"
    return _v4(ip) if isinstance(ip, IPv4Address) else _v6(ip)


def is_disguised(host: str) -> bool:
    """Whether a host is an IPv4 address in other than its plain form, as ``2130706433``, ``0x7f.1`` or ``0177.0.0.1``.

    By the rule of the URL standard, a host whose last label is a number is an address.
    """
    last = host.rstrip(".").rpartition(".")[2]
    return _NUMBER.fullmatch(last) is not None and _DOTTED_QUAD.fullmatch(host) is None


def _v4(ip: IPv4Address) -> str | None:
    return next((what for network, what in _V4 if ip in network), None)


def _v6(ip: IPv6Address) -> str | None:
    for network, what in _V6:
        if ip in network:
            return what
    if any(ip in network for network in _EMBEDS_V4):
        return _v4(IPv4Address(int(ip) & 0xFFFF_FFFF))
    return None if ip in _UNICAST else "a reserved address"
