"""Actions as eventhos writes them, and the settings of a target of the type ``request``: one into the other and back.

Nothing is lost on the way: what settings cannot hold, a header given twice say, is refused by the name of its field.
Secrets go in and never come out; in their place stands :data:`MASK`, and who sends that back keeps the secret there is.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from eventyard.dialects.eventhos.bodies import Body, fault, unset
from eventyard.model.catalog import Target

MASK = "****Hidden0****"
"""Stands for a client secret. It is what eventhos' own Web UI takes for one that is well chosen, and sends back."""

HERE = "http://localhost"
"""Where a URL leads that is a path alone."""

MISSING = "drop"
"""What becomes of a template whose value is not there, if nothing else is said."""

OAUTH2, CUSTOM = "oauth2_client", "custom"


def _text(value: Any) -> Any:
    """A header or parameter as a text; the original takes numbers too, and then cannot send them."""
    return str(value).lower() if isinstance(value, bool) else value


def _is_oauth2(value: Any) -> bool:
    return value in (1, "1") and value is not True


class Pair(Body):
    """A header or a parameter of the URL, with templates in its value."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    value: Annotated[str, BeforeValidator(_text), StringConstraints(max_length=65_536)]


class BodyPair(Body):
    """A field of the body, whose value may be any JSON."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    value: Any


Url = Annotated[
    str,
    StringConstraints(min_length=2, max_length=8192, pattern=r"^[^\x00-\x1f\x7f]*$"),
    Field(
        description="With templates. A path alone is one of localhost, as in the original.",
        examples=["https://billing.example/orders/${.body.id}"],
    ),
]
Method = Annotated[
    str,
    StringConstraints(min_length=1, max_length=32, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"),
    Field(examples=["post"]),
]
Function = Annotated[str | None, StringConstraints(max_length=65_536)]
Security = Annotated[
    bool,
    BeforeValidator(_is_oauth2, json_schema_input_type=int),
    Field(description="1: OAuth 2.0 client credentials; anything else: none."),
]
Text = Annotated[str | None, StringConstraints(max_length=2048)]
Missing = Annotated[
    str | None,
    StringConstraints(pattern="^(drop|null|error)$"),
    Field(description="Extended: what becomes of a template whose value is not there."),
]


class HttpConfiguration(Body):
    """What of an action is the same for a new one and a change, and what its target is set to."""

    headers: list[Pair] | None = unset(max_length=200)
    queryUrlParams: list[Pair] | None = unset(max_length=200)
    rawBody: Any = unset(description="Any JSON, with templates in it; {} or null: the event's body goes on as it is.")
    rawFunctionBody: Function = unset(description="JavaScript that makes the body, in place of rawBody.")
    mapping: Function = unset(description="Extended: an expression that makes the body, in place of rawBody.")
    missing: Missing = unset()
    reply_to: Annotated[str | None, StringConstraints(max_length=100)] = unset(
        description="Identifier of the event that a response becomes."
    )
    securityType: Security = unset()
    securityUrl: Text = unset(description="Of the token endpoint.")
    clientId: Annotated[str | None, StringConstraints(max_length=2048)] = unset()
    clientSecret: Text = unset(description=f"{MASK}, and nothing at all, keep the one there is.")


def settings_of(body: HttpConfiguration, before: Target | None = None) -> dict[str, Any]:
    """What a body changes of the settings of a target, all of them for a new one; ``None`` clears one.

    Raises :class:`EventhosError` for what they cannot hold.
    """
    given = body.given()
    settings: dict[str, Any] = {}
    if given.get("url") is not None:
        settings["url"] = HERE + given["url"] if given["url"].startswith("/") else given["url"]
    if given.get("method") is not None:
        settings["method"] = given["method"].upper()
    for field, setting in (("headers", "headers"), ("queryUrlParams", "query")):
        if field in given:
            settings[setting] = _pairs(given[field] or [], field, fold=field == "headers") or None
    settings.update(_body_of(given))
    for name in ("missing", "reply_to"):
        if name in given:
            settings[name] = given[name] or None
    if "securityType" in given:
        settings.update(_security_of(given, before))
    return settings


def _body_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Body, function and mapping, of which there is one or none; the function goes before the others."""
    function, mapping = given.get("rawFunctionBody"), given.get("mapping")
    whole, pairs = given.get("rawBody"), given.get("body")
    if function:
        return {"function": function, "body": None, "mapping": None}
    if mapping:
        return {"mapping": mapping, "function": None, "body": None}
    body = whole if whole or not pairs else _pairs(pairs, "body")
    if body not in (None, {}, [], ""):
        return {"body": body, "function": None, "mapping": None}
    cleared: dict[str, Any] = {}
    if given.keys() & {"rawBody", "rawFunctionBody", "body"}:
        cleared = {"body": None, "function": None}
    return cleared | ({"mapping": None} if "mapping" in given else {})


def _security_of(given: Mapping[str, Any], before: Target | None) -> dict[str, Any]:
    if not given["securityType"]:
        return {"oauth2": None, "client_secret": None}
    for field in ("securityUrl", "clientId"):
        if not given.get(field):
            raise fault(field, "it is required with securityType 1")
    kept = {} if before is None else before.settings.get("oauth2") or {}
    settings: dict[str, Any] = {"oauth2": {**kept, "url": given["securityUrl"], "client_id": given["clientId"]}}
    secret = given.get("clientSecret") or ""
    if secret != MASK and secret.strip("*"):
        settings["client_secret"] = secret
    elif before is None or "client_secret" not in before.secrets:
        raise fault("clientSecret", "it is required with securityType 1")
    return settings


def _pairs(pairs: Sequence[Pair | BodyPair], field: str, *, fold: bool = False) -> dict[str, Any]:
    """Pairs as an object, in their order. With ``fold`` names differ in more than case, as those of headers do."""
    made: dict[str, Any] = {}
    seen = set()
    for place, pair in enumerate(pairs):
        name = pair.key.lower() if fold else pair.key
        if name in seen:
            raise fault(f"{field}.{place}.key", f"{pair.key!r} is given twice")
        seen.add(name)
        made[pair.key] = pair.value
    return made


def http_configuration_of(action: Target) -> dict[str, Any]:
    """What eventhos calls the HTTP configuration of an action."""
    settings = action.settings
    shown = {
        "url": settings.get("url", ""),
        "method": settings.get("method", "POST").lower(),
        "headers": settings.get("headers") or {},
        "data": settings.get("body") or {},
        "params": settings.get("query") or {},
        "rawFunctionBody": settings.get("function"),
    }
    extended = {"mapping": settings.get("mapping"), "missing": settings.get("missing")}
    return {**shown, **{name: value for name, value in extended.items() if value not in (None, MISSING)}}


def security_of(action: Target) -> dict[str, Any]:
    """By what the target of an action knows the hub."""
    oauth2 = action.settings.get("oauth2")
    if not oauth2:
        return {"type": CUSTOM, "httpConfiguration": {}}
    return {
        "type": OAUTH2,
        "httpConfiguration": {
            "url": oauth2.get("url", ""),
            "method": "post",
            "data": {
                "client_id": oauth2.get("client_id", ""),
                "client_secret": MASK,
                "grant_type": "client_credentials",
                "response_type": "token",
            },
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
    }
