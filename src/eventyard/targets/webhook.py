"""The target type ``webhook``: an HTTP request per delivery, signed as Standard Webhooks 1.0.0 asks.

One pooled client for all targets. It goes only to addresses ``addresses.py`` lets through, follows no redirect, asks no
proxy of the environment, keeps no cookie, and reads no more of an answer than is kept. What an answer means for the
delivery is decided in ``outcomes.py``; whether and when to try again is the retry policy's.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import chain
from typing import Any

from eventyard.model.errors import Invalid
from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery, Egress, Setting
from eventyard.targets.client import Client, NoAnswer
from eventyard.targets.destinations import destination
from eventyard.targets.headers import CONNECTION, TOKEN, USER_AGENT, VALUE, message_id, not_here
from eventyard.targets.outcomes import classify, clean
from eventyard.targets.resolver import GuardedResolver, Lookup, look_up
from eventyard.targets.stars import stars_for
from eventyard.wire.cloudevents import encode_binary, encode_structured
from eventyard.wire.signatures import WEBHOOK_SECRET_PREFIX, sign_webhook

CLOUDEVENTS_BINARY, CLOUDEVENTS_STRUCTURED, PLAIN = "cloudevents-binary", "cloudevents-structured", "plain"

_DIGIT = "[A-Za-z0-9+/]"
_SECRET = f"^{WEBHOOK_SECRET_PREFIX}(?:{_DIGIT}{{4}}){{8,21}}(?:{_DIGIT}{{2}}(?:==)?|{_DIGIT}{{3}}=?)?$"
"""What the receivers' libraries can decode, padded or not."""

_OURS = ("webhook-", "ce-", "eventyard-", "proxy-")
_NOT_CUSTOM = CONNECTION | {"authorization", "content-type"}
"""Headers that are ours to set, or that no target has a say in."""


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
                "propertyNames": {"pattern": TOKEN, "maxLength": 128},
                "additionalProperties": {"type": "string", "maxLength": 4096, "pattern": VALUE},
            },
            example={"X-Team": "fulfilment"},
        ),
        Setting(
            name="secret",
            title="Signing secret",
            help="The Standard Webhooks secret: whsec_ and 24 to 64 random bytes in base64.",
            schema={"type": "string", "pattern": _SECRET},
            secret=True,
            generated=True,
        ),
        Setting(
            name="authorization",
            title="Authorization",
            help="The value of the Authorization header, for receivers that ask for one.",
            schema={"type": "string", "minLength": 1, "maxLength": 4096, "pattern": VALUE},
            secret=True,
            sent_to=("url",),
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
                raise not_here(name, hint)

    async def examine(self, settings: Mapping[str, Any]) -> None:
        """Nothing about a request of known form needs to be tried."""

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
            return Outcome(error.result, error=clean(str(error)))
        except ValueError as error:
            return Outcome(Result.REFUSED, error=clean(f"not sent: {error}"))
        outcome = classify(answer.status, answer.headers, delivery.now, bytes(answer.body))
        return stars_for(*chain.from_iterable(delivery.secrets.values())).outcome(outcome)


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
    headers["user-agent"] = USER_AGENT
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
