"""Cross-origin requests: eventhos' own Web UI is served from elsewhere, so every answer lets every page read it.

No cookie is ever looked at: a page proves itself by a token that it holds, so nothing is given away by this.
"""

from collections.abc import Mapping

ORIGIN = (b"access-control-allow-origin", b"*")
"""Goes with every answer of the dialect, its hot path's included."""

METHODS = b"GET,HEAD,PUT,PATCH,POST,DELETE"


def preflight(headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The headers of the answer, 204 without a body, to OPTIONS with these headers (names in lower case).

    Whatever headers a page asks for it may send.
    """
    answer = [
        ORIGIN,
        (b"access-control-allow-methods", METHODS),
        (b"vary", b"Access-Control-Request-Headers"),
        (b"content-length", b"0"),
    ]
    asked = headers.get(b"access-control-request-headers")
    return answer if asked is None else [*answer, (b"access-control-allow-headers", asked)]
