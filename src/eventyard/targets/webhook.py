"""The target type ``webhook``: an HTTP request per delivery, signed as Standard Webhooks 1.0.0 asks.

One pooled client for all targets. It goes only to addresses ``addresses.py`` lets through, follows no redirect, asks no
proxy of the environment, keeps no cookie, and reads no more of an answer than is kept. What an answer means for the
delivery is decided here (:func:`classify`); whether and when to try again is the retry policy's.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import aiohttp
from msgspec import structs
from yarl import URL

from eventyard import __version__
from eventyard.model.errors import Invalid
from eventyard.model.ids import Millis
from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery, Egress, Setting
from eventyard.targets.addresses import is_disguised, why_forbidden
from eventyard.targets.resolver import ForbiddenAddress, GuardedResolver, Lookup, look_up
from eventyard.wire.cloudevents import encode_binary, encode_structured
from eventyard.wire.signatures import sign_webhook

BODY_KEPT = 16 * 1024
"""Bytes of an answer's body that are kept; the rest is not even read."""

HEADERS_KEPT, HEADER_KEPT = 32, 1024
"""How many of an answer's headers are kept, and how many characters of each."""

CONNECT_S = 10.0
"""Longest wait for one connection."""

KEEP_ALIVE_S = 4.0
"""How long an idle connection is kept: less than the 5 s after which widespread servers close it, so that a request
does not cross their closing."""

DNS_CACHE_S = 30

LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

CLOUDEVENTS_BINARY, CLOUDEVENTS_STRUCTURED, PLAIN = "cloudevents-binary", "cloudevents-structured", "plain"

_TOKEN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"  # RFC 9110, 5.6.2
_VALUE = r"^[\t -~]*$"  # RFC 9110, 5.5, visible ASCII: no CR, no LF

_OURS = ("webhook-", "ce-", "eventyard-", "proxy-")
_NOT_CUSTOM = frozenset({
    "authorization", "connection", "content-length", "content-type", "host", "keep-alive", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that are ours to set, that say where the message ends, or that concern one connection (RFC 9110, 7.6.1)."""

_RESULTS = {410: Result.GONE} | dict.fromkeys((429, 502, 503, 504), Result.THROTTLED)
"""What an answer other than 2xx comes to, where it is more than a failure."""


class WebhookTarget:
    """Sends deliveries by HTTP. ``lookup`` resolves names; tests give their own."""

    kind = "webhook"
    summary = "Posts each event to a URL, signed as Standard Webhooks asks."
    pull = False
    settings: Sequence[Setting] = (
        Setting(
            name="url",
            title="URL",
            help="Where to send: an http or https URL without user, password or fragment.",
            schema={"type": "string", "minLength": 8, "maxLength": 2048, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$"},
            required=True,
            example="https://shop.example/hooks/orders",
        ),
        Setting(
            name="method",
            title="Method",
            help="The HTTP method: POST, PUT or PATCH.",
            schema={"enum": ["POST", "PUT", "PATCH"]},
            default="POST",
            example="POST",
        ),
        Setting(
            name="format",
            title="Format",
            help=(
                "cloudevents-binary: the data as it came, with the event's attributes in ce- headers. "
                "cloudevents-structured: one JSON document with attributes and data. plain: the data as it came, alone."
            ),
            schema={"enum": [CLOUDEVENTS_BINARY, CLOUDEVENTS_STRUCTURED, PLAIN]},
            default=CLOUDEVENTS_BINARY,
            example=CLOUDEVENTS_BINARY,
        ),
        Setting(
            name="headers",
            title="Headers",
            help="Further headers, at most 32, as an object of name and value.",
            schema={
                "type": "object",
                "maxProperties": 32,
                "propertyNames": {"pattern": _TOKEN, "maxLength": 128},
                "additionalProperties": {"type": "string", "maxLength": 4096, "pattern": _VALUE},
            },
            example={"X-Team": "fulfilment"},
        ),
        Setting(
            name="secret",
            title="Signing secret",
            help="The Standard Webhooks secret: whsec_ and 24 to 64 random bytes in base64.",
            schema={"type": "string", "pattern": "^whsec_[A-Za-z0-9+/]{32,88}={0,2}$"},
            secret=True,
            generated=True,
        ),
        Setting(
            name="authorization",
            title="Authorization",
            help="The value of the Authorization header, for receivers that ask for one.",
            schema={"type": "string", "minLength": 1, "maxLength": 4096, "pattern": _VALUE},
            secret=True,
        ),
    )

    def __init__(self, egress: Egress | None = None, lookup: Lookup = look_up) -> None:
        self._allow_private = egress is not None and egress.allow_private
        self._lookup = lookup
        self._session: aiohttp.ClientSession | None = None

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the pool of connections."""
        connector = aiohttp.TCPConnector(
            limit=0,  # each target's own concurrency is the bound
            resolver=GuardedResolver(self._lookup, allow_private=self._allow_private),
            ttl_dns_cache=DNS_CACHE_S,
            keepalive_timeout=KEEP_ALIVE_S,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
        )
        self._session = await stack.enter_async_context(session)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse a URL that no request could be made of, addresses that are not allowed, and headers that are ours."""
        if "url" in settings:
            try:
                _destination(settings["url"], self._allow_private)
            except ValueError as error:
                raise Invalid("invalid_settings", f"url: {error}", pointer="/settings/url") from None
        for name in settings.get("headers") or {}:
            if name.lower() in _NOT_CUSTOM or name.lower().startswith(_OURS):
                hint = "the secret setting authorization sets it" if name.lower() == "authorization" else None
                raise Invalid(
                    "invalid_settings",
                    f"headers: {name} cannot be set here",
                    pointer=f"/settings/headers/{name.replace('~', '~0').replace('/', '~1')}",
                    hint=hint,
                )

    async def send(self, delivery: Delivery) -> Outcome:
        """One request. Every remote failure becomes an outcome."""
        if self._session is None:
            raise RuntimeError("the webhook target was not started")
        settings = delivery.target.settings
        try:
            url = _destination(settings["url"], self._allow_private)
        except ValueError as error:
            return Outcome(Result.REFUSED, error=f"not sent: {error}")
        headers, body = render(delivery)
        answered: Outcome | None = None
        try:
            async with (
                asyncio.timeout(delivery.target.timeout_ms / 1000),
                self._session.request(
                    settings.get("method", "POST"), url, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                answered = _without_secrets(classify(response.status, response.headers, delivery.now), delivery)
                kept = await _read(response.content)
                if not response.content.at_eof():
                    response.close()
                return _without_secrets(_with_body(answered, kept), delivery)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return answered or _failure(error, delivery.target.timeout_ms)


def message_id(delivery: Delivery) -> str:
    """The ``webhook-id``: the same for every attempt of a delivery, another for any other delivery, of any hub.

    A reprocessed delivery is a new one: whoever asked for it wants the receiver to act again.
    """
    event = delivery.event
    origin = blake2b(f"{event.source}\0{event.id}".encode(errors="surrogatepass"), digest_size=8).hexdigest()
    return f"msg_{origin}_{delivery.entry_id}"


def render(delivery: Delivery) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a delivery's request, signed with each of the target's live secrets."""
    settings, event = delivery.target.settings, delivery.event
    style = settings.get("format", CLOUDEVENTS_BINARY)
    if style == CLOUDEVENTS_BINARY:
        headers, body = encode_binary(event)
    elif style == CLOUDEVENTS_STRUCTURED:
        headers, body = encode_structured(event)
    else:
        headers, body = {"content-type": event.content_type}, event.data
    identity, timestamp = message_id(delivery), str(delivery.now // 1000)
    headers["user-agent"] = f"Eventyard/{__version__}"
    headers["webhook-id"] = identity
    headers["webhook-timestamp"] = timestamp
    headers["eventyard-attempt"] = str(delivery.attempt)
    if secrets := delivery.secrets.get("secret"):
        headers["webhook-signature"] = " ".join(sign_webhook(secret, identity, timestamp, body) for secret in secrets)
    if authorization := delivery.secrets.get("authorization"):
        headers["authorization"] = authorization[0]
    if custom := settings.get("headers"):
        headers = {**{name.lower(): value for name, value in custom.items()}, **headers}
    return headers, body


def classify(status: int, headers: Mapping[str, str], now: Millis) -> Outcome:
    """What an answer means (Standard Webhooks 1.0.0, "Considerations for producers"), without its body."""
    kept = {
        name.lower(): _clean(value)
        for name, value in list(headers.items())[:HEADERS_KEPT]
        if name.lower() != "set-cookie"
    }
    if 200 <= status < 300:
        return Outcome(Result.DELIVERED, status, response_headers=kept)
    result = _RESULTS.get(status, Result.FAILED)
    error = f"the receiver answered {status} {_phrase(status)}".rstrip()
    if 300 <= status < 400:
        where = f" to {kept['location']}" if "location" in kept else ""
        error += f", a redirect{where}; redirects are not followed: change the target's url"
    return Outcome(result, status, error, retry_after(kept.get("retry-after"), now), kept)


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


@lru_cache(maxsize=4096)
def _destination(text: str, allow_private: bool) -> URL:
    """The URL to ask. Raises ``ValueError`` when it is none, or when its host is an address that is not allowed."""
    url = URL(text)
    host, port = url.host, url.port
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
            raise ValueError(f"{host} is {what}, which targets may not have here")
    return url


async def _read(content: aiohttp.StreamReader) -> bytes:
    """The first bytes of an answer's body, as many as are kept."""
    kept = await content.read(BODY_KEPT)
    while kept and len(kept) < BODY_KEPT and not content.at_eof():
        more = await content.read(BODY_KEPT - len(kept))
        if not more:
            break
        kept += more
    return kept


def _without_secrets(outcome: Outcome, delivery: Delivery) -> Outcome:
    """An answer with stars for the target's secrets: many a receiver under test sends back what it was sent."""
    body, headers, error = outcome.response_body, outcome.response_headers, outcome.error
    for secret in (secret for secrets in delivery.secrets.values() for secret in secrets):
        if told := secret.rpartition(" ")[2]:  # of "Bearer …" a receiver may tell the token alone
            body = body and body.replace(told.encode(), b"***")
            headers = {name: value.replace(told, "***") for name, value in headers.items()}
            error = error and error.replace(told, "***")
    return structs.replace(outcome, response_body=body, response_headers=headers, error=error)


def _with_body(outcome: Outcome, body: bytes) -> Outcome:
    return structs.replace(outcome, response_body=body) if body else outcome


def _failure(error: Exception, timeout_ms: int) -> Outcome:
    """The outcome of a request that got no answer."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, ForbiddenAddress):
        result, text = Result.REFUSED, f"not sent: {cause}, which targets may not have here"
    elif isinstance(error, aiohttp.ConnectionTimeoutError):
        result, text = Result.TIMED_OUT, f"no connection within {CONNECT_S:g} s"
    elif isinstance(error, TimeoutError):
        result, text = Result.TIMED_OUT, f"no answer within {timeout_ms} ms"
    elif isinstance(error, aiohttp.ClientConnectorDNSError):
        result, text = Result.UNREACHABLE, f"the name {error.host} does not resolve: {cause}"
    elif isinstance(error, aiohttp.ServerDisconnectedError):
        result, text = Result.UNREACHABLE, "the receiver closed the connection without an answer"
    elif isinstance(error, aiohttp.InvalidURL) or not isinstance(error, aiohttp.ClientError | OSError):
        result, text = Result.REFUSED, f"not sent: {error}"
    else:
        result, text = Result.UNREACHABLE, str(error) or type(error).__name__
    return Outcome(result, error=_clean(text))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _clean(text: str) -> str:
    """Text from outside, bounded, in which bytes that are no UTF-8 became question marks."""
    return text[:HEADER_KEPT] if text.isascii() else text[:HEADER_KEPT].encode(errors="replace").decode()
