"""What an HTTP answer means for a delivery, whichever target type asked.

Whether and when to try again is the retry policy's to say. How an answer is read is ``answers.py``'s; that no secret
stays in an outcome, ``stars.py``'s.
"""

from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from eventyard.model.ids import Millis
from eventyard.model.outcome import Outcome, Result

HEADERS_KEPT, HEADER_KEPT = 32, 1024
"""How many of an answer's headers are kept, and how many characters of each."""

LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

_RESULTS = {410: Result.GONE} | dict.fromkeys((429, 502, 503, 504), Result.THROTTLED)
"""What an answer other than 2xx comes to, where it is more than a failure."""


def classify(status: int, headers: Sequence[tuple[bytes, bytes]], now: Millis, body: bytes = b"") -> Outcome:
    """What an answer means (Standard Webhooks 1.0.0, "Considerations for producers")."""
    kept = {
        name.decode("latin-1").lower(): clean(value.decode(errors="surrogateescape"))
        for name, value in headers[:HEADERS_KEPT]
    }
    kept.pop("set-cookie", None)
    if 200 <= status < 300:
        return Outcome(Result.DELIVERED, status, response_headers=kept, response_body=body)
    result = _RESULTS.get(status, Result.FAILED)
    error = f"the receiver answered {status} {phrase(status)}".rstrip()
    if 300 <= status < 400:
        where = f" to {kept['location']}" if "location" in kept else ""
        error += f", a redirect{where}; redirects are not followed: change the target's url"
    return Outcome(result, status, error, retry_after(kept.get("retry-after"), now), kept, body)


def retry_after(value: str | None, now: Millis) -> int | None:
    """What a ``Retry-After`` asks for (RFC 9110, 10.2.3: seconds or a date): a wait in milliseconds, at most a day."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        wait = int(value[:10]) * 1000
    else:
        try:
            moment = parsedate_to_datetime(value)
            wait = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000) - now
        except (ValueError, OverflowError):
            return None
    return max(0, min(wait, LONGEST_RETRY_AFTER_MS))


def phrase(status: int) -> str:
    """The words that go with a status code; none for one that is not registered."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def clean(text: str) -> str:
    """Text from outside, bounded, in which what cannot be printed became question marks."""
    text = text[:HEADER_KEPT]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
