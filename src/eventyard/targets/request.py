"""The target type ``request``: a request of any method to any API, made of an event by templates.

It is what eventhos calls an action. Here are its settings. What they make of an event is ``recipe.py``'s; how an
attempt goes, from the access token to the answer, ``requester.py``'s.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from eventyard.matching.mapping import MAX_CHARS
from eventyard.model.catalog import Target
from eventyard.model.errors import Invalid
from eventyard.model.outcome import Outcome, Result
from eventyard.ports import Delivery, Egress, Setting
from eventyard.targets.client import Client
from eventyard.targets.destinations import destination
from eventyard.targets.functions.pool import Functions, NotRun
from eventyard.targets.headers import TOKEN, VALUE
from eventyard.targets.mappings.pool import Mappings
from eventyard.targets.oauth2 import Tokens
from eventyard.targets.recipe import Recipe, read_recipe
from eventyard.targets.requester import Requester
from eventyard.targets.resolver import GuardedResolver, Lookup, look_up

RECIPES_KEPT = 4_096
"""So many targets' settings are kept compiled."""

_TEXTS = {
    "type": "object",
    "maxProperties": 200,
    "additionalProperties": {"type": ["string", "number", "boolean"], "maxLength": 65_536},
}


class RequestTarget:
    """Makes requests. ``lookup`` resolves names; tests give their own, and their own ``functions``."""

    kind = "request"
    summary = "Makes an HTTP request of each event, by templates: any method, URL, headers and body."
    pull = False
    settings: Sequence[Setting] = (
        Setting(
            name="url",
            title="URL",
            help=(
                "Where to send: an http or https URL. Behind its host it may hold templates, whose values are "
                "percent-encoded; or one template is the whole URL."
            ),
            schema={"type": "string", "minLength": 1, "maxLength": 8192, "pattern": r"^[^\x00-\x20\x7f]*$"},
            required=True,
            example="https://billing.example/orders/${.body.id}",
        ),
        Setting(
            name="method",
            title="Method",
            help="Any HTTP method but CONNECT. GET and HEAD have a body only if one is made here.",
            schema={
                "type": "string",
                "pattern": TOKEN,
                "maxLength": 32,
                "not": {"pattern": "^[Cc][Oo][Nn]{2}[Ee][Cc][Tt]$"},
            },
            default="POST",
            example="PUT",
        ),
        Setting(
            name="headers",
            title="Headers",
            help="Headers, at most 200, as an object of name and value; values may hold templates.",
            schema={**_TEXTS, "propertyNames": {"pattern": TOKEN, "maxLength": 255}},
            example={"X-Customer": "${.body.customer.id}"},
        ),
        Setting(
            name="query",
            title="Query",
            help="Parameters that are added to the URL, as an object of name and value; values may hold templates.",
            schema={**_TEXTS, "propertyNames": {"maxLength": 255}},
            example={"source": "shop"},
        ),
        Setting(
            name="body",
            title="Body",
            help=(
                "Any JSON, whose strings may hold templates; one that is a template and nothing else keeps the type "
                "of its value. The content type, application/json unless the headers name another, decides how it is "
                "written: an object as a form, a string as it is. Without body, mapping and function the event's body "
                "goes on as it came."
            ),
            schema={},
            example={"order": "${.body.id}", "lines": ["${.body.lines[0].sku}"]},
        ),
        Setting(
            name="mapping",
            title="Mapping",
            help="A JSONata expression over headers, query, body, url and oauthResponse that makes the body.",
            schema={"type": "string", "minLength": 1, "maxLength": MAX_CHARS},
        ),
        Setting(
            name="function",
            title="Function",
            help="The body of a JavaScript function that makes the body, as eventhos has them.",
            schema={"type": "string", "minLength": 1, "maxLength": 65_536},
        ),
        Setting(
            name="missing",
            title="Missing values",
            help=(
                "What becomes of a template whose value is not there. drop: the member, element, header or parameter "
                "is left out, and in a text it is empty. null: it is null. error: nothing is sent, and the attempt "
                "is refused."
            ),
            schema={"enum": ["drop", "null", "error"]},
            default="drop",
            example="error",
        ),
        Setting(
            name="oauth2",
            title="OAuth 2.0",
            help=(
                "Where to get access tokens by client credentials, as an object of url, client_id and perhaps scope. "
                "Templates find the answer as oauthResponse; unless a header shows it, the token goes into "
                "Authorization."
            ),
            schema={
                "type": "object",
                "required": ["url", "client_id"],
                "additionalProperties": False,
                "properties": {
                    "url": {"type": "string", "minLength": 8, "maxLength": 2048},
                    "client_id": {"type": "string", "minLength": 1, "maxLength": 2048},
                    "scope": {"type": "string", "maxLength": 2048},
                },
            },
            example={"url": "https://login.example/oauth2/token", "client_id": "hub"},
        ),
        Setting(
            name="client_secret",
            title="Client secret",
            help="The secret that goes with oauth2's client_id.",
            schema={"type": "string", "minLength": 1, "maxLength": 4096},
            secret=True,
            sent_to=("oauth2/url", "url"),  # there, what it is exchanged for
        ),
        Setting(
            name="authorization",
            title="Authorization",
            help="The value of the Authorization header, for receivers that ask for one and know no OAuth 2.0.",
            schema={"type": "string", "minLength": 1, "maxLength": 4096, "pattern": VALUE},
            secret=True,
            sent_to=("url",),
        ),
        Setting(
            name="reply_to",
            title="Reply to",
            help="The name of a source of the same project: what the receiver answers becomes an event of it.",
            schema={"type": "string", "minLength": 1, "maxLength": 255},
            example="bill-written",
        ),
    )

    def __init__(
        self, egress: Egress | None = None, lookup: Lookup = look_up, functions: Functions | None = None
    ) -> None:
        self._allow_private = egress is not None and egress.allow_private
        self._lookup = lookup
        self._functions = functions or Functions(egress.functions if egress else None)
        self._mappings = Mappings()
        self._recipes: dict[str, tuple[Target, Recipe]] = {}
        self._requester: Requester | None = None

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the pool of connections. Processes for mappings and functions start when they are needed."""
        client = Client(GuardedResolver(self._lookup, allow_private=self._allow_private))
        stack.callback(client.close)
        tokens = Tokens(client, asyncio.get_running_loop().time, allow_private=self._allow_private)
        stack.callback(tokens.close)
        await self._mappings.start(stack)
        await self._functions.start(stack)
        self._requester = Requester(client, tokens, self._mappings, self._functions, allow_private=self._allow_private)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse templates and mappings that are wrong, and URLs and headers that no request could have."""
        recipe = read_recipe(settings)
        self._check_url(recipe.url.sample, "url")
        self._check_url((settings.get("oauth2") or {}).get("url"), "oauth2/url")
        if recipe.function is not None and not self._functions.available:
            raise Invalid(
                "invalid_settings",
                f"function: this hub runs none: {self._functions.why_not}",
                pointer="/settings/function",
                hint="write a mapping in its place",
            )

    async def examine(self, settings: Mapping[str, Any]) -> None:
        """Refuse a function that cannot be compiled, which a process of its own has to say."""
        if (function := settings.get("function")) is None:
            return
        try:
            problem = await self._functions.check(function)
        except NotRun:  # which is not the function's fault; should it last, every attempt will say so
            return
        if problem is not None:
            raise Invalid("invalid_settings", f"function: {problem}", pointer="/settings/function")

    async def send(self, delivery: Delivery) -> Outcome:
        """One request, or two if the token of the first was refused. Every failure becomes an outcome."""
        if self._requester is None:
            raise RuntimeError("the request target was not started")
        try:
            recipe = self._recipe(delivery.target)
        except Invalid as error:
            return Outcome(Result.REFUSED, error=f"not sent: {error.message}")
        return await self._requester.make(recipe, delivery)

    def _recipe(self, target: Target) -> Recipe:
        kept, recipe = self._recipes.get(target.id, (None, None))
        if recipe is None or kept is not target:
            if len(self._recipes) >= RECIPES_KEPT:
                self._recipes.clear()
            recipe = read_recipe(target.settings)
            self._recipes[target.id] = target, recipe
        return recipe

    def _check_url(self, url: str | None, setting: str) -> None:
        try:
            if url is not None:
                destination(url, self._allow_private)
        except ValueError as error:
            name = setting.replace("/", ".")
            raise Invalid("invalid_settings", f"{name}: {error}", pointer=f"/settings/{setting}") from None
