"""What single settings have to look like, whichever table they stand in: each a type whose values were looked at.

A secret is refused without being shown. The tables are in ``sections.py``.
"""

from ipaddress import ip_network
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr

from eventyard.wire.web_url import web_url

SQLITE = "sqlite:///"

Positive = Annotated[int, Field(gt=0)]


def host_and_port(address: str) -> tuple[str, int]:
    """The parts of ``HOST:PORT``, an IPv6 address without its brackets. Raises ``ValueError``."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or "/" in host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError("write HOST:PORT, for example 127.0.0.1:8080")
    return host, int(port)


def _address(text: str) -> str:
    host_and_port(text)
    return text


Address = Annotated[str, AfterValidator(_address)]


def _public_url(text: str) -> str:
    parts = web_url(text)
    if parts is None or parts.query or parts.fragment:
        raise ValueError("write http:// or https:// and a host, with no query, for example https://hub.example")
    return text


PublicUrl = Annotated[str, AfterValidator(_public_url)]


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is no address and no network; write 10.0.0.1 or 10.0.0.0/8") from None
    return text


Network = Annotated[str, AfterValidator(_network)]


def _key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a key goes into a header: write visible ASCII characters, and no blanks")
    return secret


Key = Annotated[SecretStr, AfterValidator(_key)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("that is no time zone; write one such as Europe/Lisbon") from None
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


def _sqlite(url: str) -> str:
    if not url.removeprefix(SQLITE) or not url.startswith(SQLITE):
        raise ValueError(f"that is not a store this version has; write {SQLITE}PATH, or leave it unset")
    return url


StoreUrl = Annotated[str, AfterValidator(_sqlite)]
