"""Access tokens for outgoing requests: OAuth 2.0 client credentials (RFC 6749, 4.4), asked for once for many of them.

A token is kept until shortly before it ends; whoever wants one while it is being fetched waits for the same answer, and
one that could not be had is not asked for again for a moment. What is done with it is ``request.py``'s. The form is
eventhos': the credentials in the body, and ``response_type`` beside them, which other servers ignore.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from math import isnan
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from eventyard.model.ids import Millis
from eventyard.model.outcome import Outcome, Result
from eventyard.targets.answers import Answer
from eventyard.targets.client import Client, NoAnswer
from eventyard.targets.destinations import destination
from eventyard.targets.headers import USER_AGENT
from eventyard.targets.outcomes import classify, clean
from eventyard.targets.stars import stars_for

LIFETIME_S = 300.0
"""How long a token is used whose answer does not say when it ends."""

MARGIN_S = 30.0
"""How long before its end a token is given up, so that it does not end on the way; half its lifetime at most."""

ANSWER_BYTES = 64 * 1024
"""How long an answer with a token may be."""

FETCH_MS = 20_000
"""Longest wait for the answer of a token endpoint, whoever waits."""

FAILED_S = 5.0
"""How long a failure is remembered, and those who want a token are told of it at once. ``Retry-After`` may make it
longer, up to a minute."""

UNPROVEN_S = 10.0
"""How long a token that no receiver has taken yet is kept, even if one refuses it: a new one would fare no better."""

KEPT = 1_024
"""From so many tokens on, those that have ended are forgotten when another comes."""


class Grant(Struct, frozen=True):
    """What a token is asked for with."""

    url: str
    client_id: str
    client_secret: str
    scope: str = ""


class Token(Struct):
    """An answer with a token, as templates see it. ``proven`` says that a receiver has taken it."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    text: str
    """The access token itself; empty if the answer has none by that name."""
    since: float
    until: float
    proven: bool = False

    def secrets(self) -> Iterator[str]:
        """What in the answer nobody may see: everything named like a token."""
        yield self.text
        yield from _tokens(self.body)


class NoToken(Exception):
    """There is no token. ``outcome`` is what that makes of the attempt."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.error)
        self.outcome = outcome


class Tokens:
    """The tokens of all targets. ``clock`` counts seconds from anywhere."""

    def __init__(self, client: Client, clock: Callable[[], float], *, allow_private: bool) -> None:
        self._client = client
        self._clock = clock
        self._allow_private = allow_private
        self._kept: dict[Grant, Token] = {}
        self._failed: dict[Grant, tuple[float, Outcome]] = {}
        self._fetching: dict[Grant, asyncio.Task[Token | Outcome]] = {}

    def close(self) -> None:
        """Wait for no answer any more."""
        for fetching in self._fetching.values():
            fetching.cancel()

    async def get(self, grant: Grant, now: Millis) -> Token:
        """A token that has not ended. Raises :class:`NoToken`."""
        moment = self._clock()
        token = self._kept.get(grant)
        if token is not None and moment < token.until:
            return token
        until, failure = self._failed.get(grant, (0.0, None))
        if failure is not None and moment < until:
            raise NoToken(failure)
        fetching = self._fetching.get(grant)
        if fetching is None:
            fetching = asyncio.create_task(self._fetch(grant, now))
            self._fetching[grant] = fetching
            fetching.add_done_callback(lambda _: self._fetching.pop(grant, None))
        # Who waits may leave; the others, and the next to come, still want the answer.
        result = await asyncio.shield(fetching)
        if isinstance(result, Outcome):
            raise NoToken(result)
        return result

    def refused(self, grant: Grant, token: Token) -> bool:
        """A receiver has answered 401 to a token: whether there is, or may be, a better one to try."""
        if self._kept.get(grant) is token:
            if not token.proven and self._clock() < token.since + UNPROVEN_S:
                return False
            del self._kept[grant]
        return True

    async def _fetch(self, grant: Grant, now: Millis) -> Token | Outcome:
        result = await self._ask(grant, now)
        moment = self._clock()
        if isinstance(result, Outcome):
            wait = min(60.0, max(FAILED_S, (result.retry_after_ms or 0) / 1000))
            self._failed[grant] = moment + wait, result
        else:
            self._failed.pop(grant, None)
            self._kept[grant] = result
        if len(self._kept) + len(self._failed) > KEPT:
            self._kept = {kept: token for kept, token in self._kept.items() if moment < token.until}
            self._failed = {kept: failure for kept, failure in self._failed.items() if moment < failure[0]}
        return result

    async def _ask(self, grant: Grant, now: Millis) -> Token | Outcome:
        form = {
            "grant_type": "client_credentials",
            "client_id": grant.client_id,
            "client_secret": grant.client_secret,
            "response_type": "token",
        }
        body = urlencode(form | ({"scope": grant.scope} if grant.scope else {})).encode()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
            "user-agent": USER_AGENT,
        }
        try:
            to = destination(grant.url, self._allow_private)
            answer = await self._client.ask("POST", to, headers, body, FETCH_MS, most=ANSWER_BYTES)
        except NoAnswer as error:
            return _failure(error.result, str(error), grant)
        except ValueError as error:
            return _failure(Result.REFUSED, f"not asked for: {error}", grant)
        return self._read(answer, grant, now)

    def _read(self, answer: Answer, grant: Grant, now: Millis) -> Token | Outcome:
        outcome = classify(answer.status, answer.headers, now)
        try:
            body = msgspec.json.decode(bytes(answer.body))
        except (ValueError, RecursionError):
            body = None
        if outcome.result is not Result.DELIVERED:
            result = Result.THROTTLED if outcome.result is Result.THROTTLED else Result.FAILED
            text = f"the token endpoint answered {answer.status}{_reason(body)}"
            return _failure(result, text, grant, outcome.retry_after_ms)
        if not isinstance(body, dict) or not answer.whole:
            return _failure(Result.FAILED, "the token endpoint answered with something else than a JSON object", grant)
        token, life, since = body.get("access_token"), _lifetime(body.get("expires_in")), self._clock()
        until = since + life - min(MARGIN_S, life / 2)
        return Token(outcome.response_headers, body, token if isinstance(token, str) else "", since, until)


def _failure(result: Result, text: str, grant: Grant, retry_after_ms: int | None = None) -> Outcome:
    # No colon behind the word: mails would take what follows for a token, and show stars for it.
    text = clean(stars_for(grant.client_secret).text(f"no access token; {text}"))
    return Outcome(result, error=text, retry_after_ms=retry_after_ms)


def _reason(body: Any) -> str:
    """What an error says about itself (RFC 6749, 5.2)."""
    told = body if isinstance(body, dict) else {}
    words = [told[name] for name in ("error", "error_description") if isinstance(told.get(name), str)]
    return f" ({': '.join(words)})" if words else ""


def _lifetime(expires_in: Any) -> float:
    """Seconds, which some servers send as a string."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return LIFETIME_S
    return LIFETIME_S if isnan(seconds) else max(0.0, min(seconds, 86_400.0))


def _tokens(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for below, part in value.items():
            yield from _tokens(part, below)
    elif isinstance(value, list):
        for part in value:
            yield from _tokens(part, name)
    elif isinstance(value, str) and "token" in name.lower() and name.lower() != "token_type":
        yield value
