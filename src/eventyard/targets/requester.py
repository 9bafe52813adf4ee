"""How an attempt of a ``request`` target goes: a token, a body, the request, and once more if the token was refused.

Whatever takes time has the time of the attempt and no more. What cannot be made is not sent, and is an outcome like any
other. What was sent is kept with the outcome, with stars for secrets. What is made is decided in ``recipe.py``.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import structs

from eventyard.matching.mapping import MappingError
from eventyard.matching.templates import Missing, Scene, Unrenderable, on_one_line
from eventyard.model.event import is_json_type
from eventyard.model.outcome import Outcome, Result, Sent
from eventyard.ports import Delivery
from eventyard.targets.answers import BODY_KEPT
from eventyard.targets.client import Client, NoAnswer
from eventyard.targets.destinations import Destination, destination
from eventyard.targets.functions.pool import FunctionError, Functions, NotRun
from eventyard.targets.headers import USER_AGENT, message_id
from eventyard.targets.mappings.pool import Mappings, NotEvaluated
from eventyard.targets.oauth2 import Grant, NoToken, Token, Tokens
from eventyard.targets.outcomes import classify, clean
from eventyard.targets.recipe import Recipe, written
from eventyard.targets.stars import STARS, stars_for
from eventyard.wire.masking import Masker
from eventyard.wire.rfc3339 import format_millis

JSON = "application/json"

REPLY_READ = 1024 * 1024
"""Bytes that an answer has less of, if it is to become an event."""

_HIDDEN = Masker(
    ["*authorization", "cookie", "*token", "*secret", "*password", "*apikey", "*accesskey", "*credentials"]
)
"""Whose values are not kept wherever they come from: settings are no place for secrets, and some keep them there."""


class Requester:
    """Makes requests, with the connections, tokens and processes of its target type."""

    def __init__(
        self, client: Client, tokens: Tokens, mappings: Mappings, functions: Functions, *, allow_private: bool
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._mappings = mappings
        self._functions = functions
        self._allow_private = allow_private
        self._loop = asyncio.get_running_loop()

    async def make(self, recipe: Recipe, delivery: Delivery) -> Outcome:
        """Try once, within the target's time. Every failure becomes an outcome."""
        deadline = self._loop.time() + delivery.target.timeout_ms / 1000
        attempt = _Attempt(recipe, delivery, deadline)
        try:
            outcome = await self._make(attempt)
        except NoToken as error:
            outcome = error.outcome
        except NotRun as error:
            outcome = Outcome(Result.FAILED, error=clean(f"not sent: function: {error}"))
        except FunctionError as error:
            outcome = Outcome(Result.REFUSED, error=clean(f"not sent: function: {error}"))
        except NotEvaluated as error:
            outcome = Outcome(Result.FAILED, error=clean(f"not sent: mapping: {error}"))
        except MappingError as error:
            outcome = Outcome(Result.REFUSED, error=clean(f"not sent: mapping: {error}"))
        except (Unrenderable, ValueError) as error:
            outcome = Outcome(Result.REFUSED, error=clean(f"not sent: {error}"))
        except TimeoutError:
            outcome = Outcome(Result.TIMED_OUT, error=f"nothing to send within {delivery.target.timeout_ms} ms")
        return stars_for(*attempt.secrets).outcome(outcome)

    async def _make(self, attempt: "_Attempt") -> Outcome:
        if not attempt.delivery.target.settings.get("oauth2"):
            return await self._once(attempt, None)
        grant = attempt.grant()
        token = await self._token(attempt, grant)
        outcome = await self._once(attempt, token)
        if outcome.status_code == 401 and self._tokens.refused(grant, token):
            token = await self._token(attempt, grant)
            outcome = await self._once(attempt, token)
        token.proven |= outcome.status_code not in (None, 401)
        return outcome

    async def _token(self, attempt: "_Attempt", grant: Grant) -> Token:
        async with asyncio.timeout_at(attempt.deadline):
            token = await self._tokens.get(grant, attempt.delivery.now)
        attempt.secrets += token.secrets()
        return token

    async def _once(self, attempt: "_Attempt", token: Token | None) -> Outcome:
        recipe, delivery = attempt.recipe, attempt.delivery
        document = attempt.document
        if token is not None:
            document = {**document, "oauthResponse": {"headers": token.headers, "body": token.body}}
        scene = recipe.scene(document, delivery.event)
        to, own = destination(recipe.url_of(scene), self._allow_private), recipe.headers_of(scene)
        body, content_type = await self._body(attempt, document, scene)
        if "content-type" in own and is_json_type(content_type):
            body = written(body, own["content-type"])
        headers = {"user-agent": USER_AGENT} | ({"content-type": content_type} if body else {})
        if authorization := delivery.secrets.get("authorization"):
            headers["authorization"] = authorization[0]
        elif token is not None and token.text and not recipe.places_token:
            headers["authorization"] = f"Bearer {on_one_line(token.text)}"
        headers |= own
        headers["eventyard-delivery"] = message_id(delivery)
        headers["eventyard-attempt"] = str(delivery.attempt)
        headers["eventhosstartdate"] = format_millis(delivery.now)
        left_ms = max(1, int((attempt.deadline - self._loop.time()) * 1000))
        wanted_whole = bool(delivery.target.settings.get("reply_to"))
        most = REPLY_READ if wanted_whole else BODY_KEPT
        try:
            answer = await self._client.ask(recipe.method, to, headers, body, left_ms, most=most)
        except NoAnswer as error:
            outcome = Outcome(error.result, error=clean(str(error)))
        else:
            outcome = classify(answer.status, answer.headers, delivery.now, bytes(answer.body[:BODY_KEPT]))
            if wanted_whole and answer.whole:
                outcome = structs.replace(outcome, reply=bytes(answer.body))
            if outcome.result is Result.GONE:  # what it asked for is gone, and not the receiver
                outcome = structs.replace(outcome, result=Result.FAILED)
        return structs.replace(outcome, sent=attempt.sent(to, headers, body))

    async def _body(self, attempt: "_Attempt", document: Mapping[str, Any], scene: Scene) -> tuple[bytes, str]:
        """The body, and the content type that it has by itself."""
        recipe, delivery = attempt.recipe, attempt.delivery
        if recipe.body is not None:
            return recipe.body.json(scene) or b"", JSON
        if recipe.mapping is not None:
            async with asyncio.timeout_at(attempt.deadline):
                made = await self._mappings.evaluate(recipe.mapping, scene.json(document), delivery.now)
            if made is None and recipe.missing is Missing.ERROR:
                raise MappingError("it makes nothing of this event")
            return (b"null" if recipe.missing is Missing.NULL else b"") if made is None else made, JSON
        if recipe.function is not None:
            method = delivery.event.request.method if delivery.event.request else "POST"
            received = {"method": method, **attempt.document}
            context = {"httpRequest": received, "oauthResponse": document.get("oauthResponse")}
            async with asyncio.timeout_at(attempt.deadline):
                return msgspec.json.encode(await self._functions.call(recipe.function, context)), JSON
        return recipe.forwarded(delivery.event), delivery.event.content_type


class _Attempt:
    """What one attempt is about, and what must not be told of it."""

    def __init__(self, recipe: Recipe, delivery: Delivery, deadline: float) -> None:
        self.recipe = recipe
        self.delivery = delivery
        self.deadline = deadline
        self.document = recipe.document(delivery.event)
        self.secrets = [secret for secrets in delivery.secrets.values() for secret in secrets]

    def grant(self) -> Grant:
        """What to ask for a token with. Raises :class:`NoToken` without the secret that belongs to it."""
        oauth2 = self.delivery.target.settings["oauth2"]
        if not (secrets := self.delivery.secrets.get("client_secret")):
            raise NoToken(Outcome(Result.REFUSED, error="not sent: oauth2 needs the setting client_secret"))
        return Grant(oauth2["url"], oauth2["client_id"], secrets[0], oauth2.get("scope", ""))

    def sent(self, to: Destination, headers: Mapping[str, str], body: bytes) -> Sent:
        """What is kept of a request."""
        url = f"{'https' if to.origin.secure else 'http'}://{to.authority}{to.path}"
        shown = {name: STARS if _HIDDEN.hides(name) else value for name, value in headers.items()}
        # Before it is cut, or a secret could be cut in two and be told in part.
        kept = stars_for(*self.secrets).data(body)[:BODY_KEPT]
        return Sent(self.recipe.method, _HIDDEN.text(url) if "?" in url else url, shown, kept)
