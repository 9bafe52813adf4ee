"""What is wrong with the head of a request, or with what follows its body, before anybody asks what it is about.

Two servers that read one head differently can be told two requests in one. So what is open to be read so is refused.
"""

from eventyard.api.http import Headers
from eventyard.model.errors import Invalid, TooLarge

_OF_CONNECTIONS = frozenset({b"connection", b"proxy-connection"})


def check_head(
    method: bytes, url: bytes, version: str, headers: Headers, *, hosts: int, coded: bool, limit: int
) -> None:
    """Raise ``TooLarge`` (``headers_too_large``) beyond ``limit`` bytes, ``Invalid`` (``invalid_http``,
    ``unsupported_http``) for what is not done here.

    ``hosts`` says how often it names its host (RFC 9112, section 3.2), ``coded`` that its body is in a transfer coding
    other than chunked.
    """
    if len(url) + sum(len(name) + len(value) + len(": \r\n") for name, value in headers) > limit:
        raise endless(limit)
    if method == b"CONNECT":
        raise Invalid("unsupported_http", "this is no proxy: CONNECT is not for it")
    if hosts > 1 or (not hosts and version != "1.0"):
        raise Invalid("invalid_http", f"a request names its host once, not {hosts} times", pointer="Host")
    if coded:
        raise Invalid(
            "unsupported_http", "bodies come as they are, or in chunks", pointer="Transfer-Encoding",
            hint="say gzip in Content-Encoding",
        )  # fmt: skip


def check_trailer(name: bytes) -> None:
    """Raise ``Invalid`` (``invalid_http``) for what is to be said before a body, as the parser would do it."""
    if name in _OF_CONNECTIONS:
        raise Invalid(
            "invalid_http", "what becomes of a connection is said before a body", pointer=name.decode().title()
        )


def endless(limit: int) -> TooLarge:
    """What is said of a head without end."""
    return TooLarge("headers_too_large", f"the head of the request is beyond {limit} bytes")
