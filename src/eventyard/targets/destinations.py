"""Where a webhook goes, by its URL: read once, and refused when no request could or should be made of it.

Pure: of a host that is an address ``addresses.py`` is asked here, of a name's addresses in ``resolver.py``.
"""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from yarl import URL

from eventyard.targets.addresses import is_disguised, why_forbidden


class Origin(NamedTuple):
    """Whom to connect to; requests to the same one share its connections. ``host`` is a name or a bare address."""

    host: str
    port: int
    secure: bool


class Destination(NamedTuple):
    """An origin, and what a request says to it: the ``Host`` header, and the path with its query, in ASCII."""

    origin: Origin
    authority: str
    path: str


@lru_cache(maxsize=4096)
def destination(text: str, allow_private: bool) -> Destination:
    """The destination in a URL.

    Raises ``ValueError`` when there is none in it, or when its host is an address that is not allowed.
    """
    url = URL(text)
    host, port = unquote(url.raw_host or ""), url.port
    if url.scheme not in ("http", "https") or not host:
        raise ValueError("it must be an http or https URL with a host")
    if url.user is not None or url.password is not None:
        raise ValueError("a user and password do not belong in it; the secret setting authorization is their place")
    if url.fragment:
        raise ValueError("a fragment is never sent; leave it out")
    if not port:
        raise ValueError("its port is 0")
    if is_disguised(host):
        raise ValueError(f"{host} is a number, not a host; write an IPv4 address as four plain decimal numbers")
    if not allow_private and (":" in host or host.replace(".", "").isdigit()):
        what = why_forbidden(host)
        if what is not None:
            raise ValueError(f"{host} is {what}, which targets may have only where targets.allow_private is set")
    return Destination(Origin(host, port, url.scheme == "https"), url.host_port_subcomponent or host, url.raw_path_qs)
