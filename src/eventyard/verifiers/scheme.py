"""What the verification schemes share: reading a header, needing a secret, judging a timestamp, peeking at the body.

It knows no scheme. Secrets are always those that live now, the newest first; two while one is being rotated. Bytes and
signatures are the business of ``wire/signatures.py``; what is done with a :class:`~eventyard.ports.Verified` is decided
in ``pipeline/accept.py``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.json import Decoder

from eventyard.model.errors import Unauthenticated, Unavailable
from eventyard.ports import Request, Setting
from eventyard.wire.signatures import any_match, sign_body

TOLERANCE = Setting(
    name="tolerance_seconds",
    title="Tolerance",
    help="How far the signed timestamp may be from our clock, in seconds, either way.",
    schema={"type": "integer", "minimum": 1, "maximum": 3600},
    default=300,
    example=300,
)

_Shape = TypeVar("_Shape", bound=Struct)


class AnySecret:
    """A scheme that can use any text as its secret."""

    def check(self, secret: str) -> None:
        """Never raises."""


def header_setting(default: str, help: str) -> Setting:
    """The setting that names the header to look at; schemes differ in the default."""
    return Setting(
        name="header",
        title="Header",
        help=help,
        schema={"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$"},
        default=default,
        example=default,
    )


def header_name(settings: Mapping[str, Any], default: str) -> str:
    """The name of the header to look at, as the source's settings or the scheme say it."""
    name: str = settings.get("header") or default
    return name


def need_header(request: Request, name: str) -> str:
    """The value of a header. Raises ``Unauthenticated`` (``signature_missing``) if it is absent or empty."""
    value = request.headers.get(name.lower())
    if not value:
        raise Unauthenticated("signature_missing", f"the request has no header {name}", pointer=name)
    return value


def need_secrets(scheme: str, secrets: Sequence[str]) -> None:
    """Raise ``Unavailable`` (``signature_misconfigured``) if there is no live secret, or an empty one."""
    if not secrets or not all(secrets):
        raise Unavailable(
            "signature_misconfigured",
            f"the source verifies by {scheme} and has no usable secret",
            hint="give the source a secret, or another scheme",
        )


def need_fresh(timestamp: str, now: int, settings: Mapping[str, Any]) -> None:
    """Raise ``Unauthenticated`` (``signature_expired``) if unix seconds, as decimal text, are too far from ``now``."""
    tolerance: int = settings.get("tolerance_seconds") or TOLERANCE.default
    ahead_ms = int(timestamp) * 1000 - now
    if abs(ahead_ms) > tolerance * 1000:
        where = "ahead of" if ahead_ms > 0 else "behind"
        raise Unauthenticated(
            "signature_expired",
            f"the signed timestamp is {abs(ahead_ms) // 1000} s {where} our clock; the source allows {tolerance} s",
            hint="check the sender's clock; a message sent again must be signed again",
        )


def refused(header: str, why: str) -> Unauthenticated:
    """The error for a signature or credential that is there and does not prove anything."""
    return Unauthenticated("signature_invalid", f"{header}: {why}", pointer=header)


def verify_body_signature(request: Request, header: str, secrets: Sequence[str]) -> str:
    """Check a ``sha256=<hex>`` header over the raw body; returns the signature by which a replay is known.

    That is the one made with the oldest live secret, whichever secret matched: so the same body has the same signature
    before and after a rotation.
    """
    given = need_header(request, header)
    if len(given) != 71 or not given.startswith("sha256="):
        raise refused(header, "it must be sha256= and 64 lower-case hex digits")
    expected = [sign_body(secret, request.body) for secret in secrets]
    if not any_match((given,), expected):
        raise refused(header, "the signature does not match the body and the source's secret")
    return expected[-1]


def peek(body: bytes, decoder: Decoder[_Shape], nothing: _Shape) -> _Shape:
    """The few members of a JSON body that a scheme reads, or ``nothing`` if the body does not have that shape."""
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError):
        return nothing


def word(value: str | None) -> str | None:
    """A sender's id or type, if it can be used as one: printable, not empty, at most 255 characters."""
    return value if value and len(value) <= 255 and value.isprintable() else None
