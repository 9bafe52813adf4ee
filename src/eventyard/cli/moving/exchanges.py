"""Requests and answers as eventhos keeps them in JSON, made into those of the journal.

Credentials go no further: what a producer showed is left out, and what was shown to a target, or told by it, becomes
stars.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from eventyard.cli.moving.boxes import object_of
from eventyard.dialects.eventhos.send import CREDENTIALS, KEY
from eventyard.model.event import Received
from eventyard.model.ids import Millis
from eventyard.model.outcome import Outcome, Result, Sent
from eventyard.targets.answers import BODY_KEPT
from eventyard.targets.outcomes import HEADERS_KEPT, classify, clean
from eventyard.wire import rfc3339
from eventyard.wire.masking import Masker

SECRETS = (
    "authorization", "proxy-authorization", "cookie", "set-cookie", "access-key", "*api-key", "*secret", "*token",
    "*password",
)  # fmt: skip
"""Names whose values are not kept of what was sent to a target, and of what it answered."""

TIMED_OUT = ("ECONNABORTED", "ETIMEDOUT", "ESOCKETTIMEDOUT")

_masker = Masker(SECRETS)


def received_of(request: Any) -> tuple[Received, bytes]:
    """The request that an event came by, without what proved its sender; and its body, as JSON."""
    request = object_of(request)
    headers = {n.lower(): v for n, v in _texts(request.get("headers")).items() if n.lower() not in CREDENTIALS}
    query = {name: value for name, value in _texts(request.get("query")).items() if name != KEY}
    parts = urlsplit(_plain(str(request.get("url") or "")))
    left = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != KEY]
    url = urlunsplit(parts._replace(query=urlencode(left)))
    method = _plain(str(request.get("method") or "POST"))
    return Received(method, url, query, headers), _json(request.get("body", {}))


def outcome_of(request: Any, response: Any, *, processed: bool) -> Outcome:
    """What an attempt came to. ``processed`` is what eventhos made of it."""
    sent = _sent(object_of(request)) if request else None
    response = object_of(response)
    status, body = response.get("status"), _masked(response.get("body"))
    if isinstance(status, int) and 100 <= status <= 599:
        headers = _masker.headers(_texts(response.get("headers")))
        raw = [(name.encode(), value.encode()) for name, value in list(headers.items())[:HEADERS_KEPT]]
        told = classify(status, raw, 0, body)
        failed = told.result if told.error else Result.FAILED
        error = None if processed else told.error or f"the receiver answered {status}"
        return Outcome(
            Result.DELIVERED if processed else failed, status, error, None, told.response_headers, body, sent=sent
        )
    if processed:
        return Outcome(Result.DELIVERED, response_body=body, sent=sent)
    error = clean(_masker.text(_plain(str(response.get("statusText") or status or "it failed"))))
    return Outcome(Result.TIMED_OUT if status in TIMED_OUT else Result.UNREACHABLE, error=error, sent=sent)


def times_of(response: Any, received_at: Millis) -> tuple[Millis, Millis]:
    """When an attempt began and ended; not before the event was received, whose moment is known to the second only."""
    response = object_of(response)
    start = max(received_at, _moment(response.get("startTime"), received_at))
    return start, max(start, _moment(response.get("endTime"), start))


def _sent(request: Mapping[str, Any]) -> Sent:
    url, params = _plain(str(request.get("url") or "")), _texts(request.get("params"))
    if params:
        url += ("&" if "?" in url else "?") + urlencode(params)
    method = clean(_plain(str(request.get("method") or "post")).upper())
    headers = _masker.headers(_texts(request.get("headers")))
    return Sent(method, _masker.text(url), headers, _masked(request.get("body")))


def _masked(body: Any) -> bytes:
    text = _json(body) if body is not None and not isinstance(body, str) else (body or "").encode(errors="replace")
    return _masker.text(text[:BODY_KEPT].decode(errors="replace")).encode()[:BODY_KEPT]


def _texts(value: Any) -> dict[str, str]:
    return {_plain(name): _plain(_text(inner)) for name, inner in object_of(value).items()}


def _text(value: Any) -> str:
    """A text as it is, a list of them with commas, anything else as JSON."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def _plain(text: str) -> str:
    """Text that is Unicode."""
    return text.encode(errors="replace").decode()


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _moment(text: Any, otherwise: Millis) -> Millis:
    try:
        return rfc3339.parse(text) if isinstance(text, str) else otherwise
    except ValueError:
        return otherwise
