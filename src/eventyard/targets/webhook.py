"""The target type ``webhook``: an HTTP request per delivery, signed as Standard Webhooks 1.0.0 asks.

One pooled client for all targets. It goes only to addresses ``addresses.py`` lets through, follows no redirect, asks no
proxy of the environment, keeps no cookie, and reads no more of an answer than is kept. What an answer means for the
delivery is decided here (:func:`classify`); whether and when to try again is the retry policy's.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from msgspec import structs

from eventyard import __version__
from eventyard.model.errors import Invalid
from eventyard.model.ids import Millis
from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery, Egress, Setting
from eventyard.targets.client import Client, NoAnswer
from eventyard.targets.destinations import destination
from eventyard.targets.resolver import GuardedResolver, Lookup, look_up
from eventyard.wire.cloudevents import encode_binary, encode_structured
from eventyard.wire.signatures import sign_webhook

HEADERS_KEPT, HEADER_KEPT = 32, 1024
"""How many of an answer's headers are kept, and how many characters of each."""

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
        self._client: Client | None = None

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the pool of connections."""
        self._client = Client(GuardedResolver(self._lookup, allow_private=self._allow_private))
        stack.callback(self._client.close)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse a URL that no request could be made of, addresses that are not allowed, and headers that are ours."""
        if "url" in settings:
            try:
                destination(settings["url"], self._allow_private)
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
        if self._client is None:
            raise RuntimeError("the webhook target was not started")
        target = delivery.target
        try:
            to = destination(target.settings["url"], self._allow_private)
            headers, body = render(delivery)
            method = target.settings.get("method", "POST")
            answer = await self._client.ask(method, to, headers, body, target.timeout_ms)
        except NoAnswer as error:
            return Outcome(error.result, error=_clean(str(error)))
        except ValueError as error:
            return Outcome(Result.REFUSED, error=_clean(f"not sent: {error}"))
        outcome = classify(answer.status, answer.headers, delivery.now, bytes(answer.body))
        return _without_secrets(outcome, delivery)


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


def classify(status: int, headers: Sequence[tuple[bytes, bytes]], now: Millis, body: bytes = b"") -> Outcome:
    """What an answer means (Standard Webhooks 1.0.0, "Considerations for producers")."""
    kept = {
        name.decode("latin-1").lower(): _clean(value.decode(errors="surrogateescape"))
        for name, value in headers[:HEADERS_KEPT]
    }
    kept.pop("set-cookie", None)
    if 200 <= status < 300:
        return Outcome(Result.DELIVERED, status, response_headers=kept, response_body=body)
    result = _RESULTS.get(status, Result.FAILED)
    error = f"the receiver answered {status} {_phrase(status)}".rstrip()
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


def _without_secrets(outcome: Outcome, delivery: Delivery) -> Outcome:
    """An answer with stars for the target's secrets: many a receiver under test sends back what it was sent."""
    for secret in (secret for secrets in delivery.secrets.values() for secret in secrets):
        if told := secret.rpartition(" ")[2]:  # of "Bearer …" a receiver may tell the token alone
            headers = outcome.response_headers
            outcome = structs.replace(
                outcome,
                response_body=outcome.response_body.replace(told.encode(), b"***"),
                response_headers={name: value.replace(told, "***") for name, value in headers.items()},
                error=outcome.error and outcome.error.replace(told, "***"),
            )
    return outcome


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _clean(text: str) -> str:
    """Text from outside, bounded, in which what cannot be printed became question marks."""
    text = text[:HEADER_KEPT]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
