"""A hub as its clients see it: requests with a key, answers as JSON, pages followed, refusals as failures.

Built on ``http.client`` alone, because a command should answer before a bigger library is imported. One connection,
one thread.
"""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import quote, urlencode

from eventyard.cli.failure import Failure
from eventyard.wire.web_url import web_url

JSON = "application/json"

HINTS: Mapping[str, str] = {
    "unauthenticated": "give an API key that is good, with --key or EVENTYARD_KEY",
    "no_project": "name it with --project or EVENTYARD_PROJECT; see: eventyard projects list",
}
"""What to do on a command line, where the hub's own hint speaks of requests."""


class Answer(NamedTuple):
    """An answer as it came. ``headers`` have lower-case names; ``body`` is decoded if it is JSON, else bytes."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Refused(Failure):
    """The hub said no. ``problem`` is its RFC 9457 document (``detail``, ``code``, ``pointer``, ``hint``, …)."""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.problem: Mapping[str, Any] = answer.body if isinstance(answer.body, dict) else {}
        pointer = self.problem.get("pointer")
        super().__init__(
            str(self.problem.get("detail") or f"the hub answered {answer.status}")
            + (f" (at {pointer})" if pointer else ""),
            hint=HINTS.get(self.problem.get("code", ""), self.problem.get("hint")),
            code=self.problem.get("code"),
        )


class Client:
    """Calls to the hub at ``url``. ``timeout`` is in seconds, for each read.

    Raises :class:`Failure` for a URL or a key that cannot be one.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout: float = 60) -> None:
        parts = web_url(url if "//" in url else f"http://{url}")
        if parts is None:
            raise Failure(
                f"{url!r} is not the URL of a hub",
                hint="write --url or EVENTYARD_URL as http://127.0.0.1:8080",
            )
        if key is not None and not (key.isascii() and key.isprintable()):
            raise Failure(
                "the API key has a line break or another character that no key has",
                hint="give it as it was shown, with --key or EVENTYARD_KEY",
            )
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        self._base = parts.path.rstrip("/")
        self._authorization = {"authorization": f"Bearer {key}"} if key else {}
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname or "", parts.port, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        keyless: bool = False,
    ) -> Answer:
        """One exchange, whatever the status; ``keyless`` as a stranger. Raises :class:`Failure` where no hub is."""
        target = self._base + path
        asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        if asked:
            target += ("&" if "?" in target else "?") + urlencode(asked)
        kept = self._connection.sock is not None
        try:
            return self._exchange(method, target, body, {**({} if keyless else self._authorization), **(headers or {})})
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self._connection.close()
            if not kept or method != "GET":
                raise self._absent(error) from None
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._absent(error) from None
        return self.request(method, path, query=query, body=body, headers=headers, keyless=keyless)

    def call(self, method: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None) -> Any:
        """JSON in, JSON out. Raises :class:`Refused` for any status that is not a success."""
        return self.asked(method, path, body, query=query).body

    def asked(self, method: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None) -> Answer:
        """As :meth:`call`, with the whole answer."""
        raw = None if body is None else json.dumps(body).encode()
        answer = self.request(method, path, query=query, body=raw, headers={"content-type": JSON} if raw else {})
        if answer.status >= 400:
            raise Refused(answer)
        return answer

    def pages(self, path: str, query: Mapping[str, Any], limit: int) -> Iterator[dict[str, Any]]:
        """Up to ``limit`` records of a list, following its pages."""
        answer = self.asked("GET", path, query={**query, "limit": min(limit, 500)})
        while True:
            yield from answer.body[:limit]
            limit -= len(answer.body)
            following = _next(answer.headers.get("link", ""))
            if limit <= 0 or following is None:
                return
            answer = self.asked("GET", following.removeprefix(self.url).removeprefix(self._base))

    def lines(self, path: str, *, query: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[bytes]:
        """The lines of an answer that lasts, each as it comes.

        Raises :class:`Refused`, and :class:`Failure` where no hub is or the answer breaks off.
        """
        asked = {name: _text(value) for name, value in query.items() if value is not None}
        target = self._base + path + (f"?{urlencode(asked)}" if asked else "")
        self._connection.close()
        try:
            self._connection.request("GET", target, headers={**self._authorization, **headers})
            response = self._connection.getresponse()
            if response.status >= 400:
                raise Refused(_read(response))
            while line := response.readline():
                yield line
        except (OSError, http.client.HTTPException) as error:
            raise self._absent(error) from None
        finally:
            self._connection.close()

    def _exchange(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self._connection.request(method, target, body, dict(headers))
        return _read(self._connection.getresponse())

    def _absent(self, error: Exception) -> Failure:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Failure(
            f"there is no hub at {self.url}: {reason}",
            hint="start one with: eventyard serve; or name another with --url or EVENTYARD_URL",
        )


def segment(text: str | int) -> str:
    """Text as one segment of a path."""
    return quote(str(text), safe="")


def _read(response: http.client.HTTPResponse) -> Answer:
    raw = response.read()
    media = response.headers.get_content_type()
    content = json.loads(raw) if raw and (media == JSON or media.endswith("+json")) else raw or None
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _next(link: str) -> str | None:
    """The target of ``rel="next"`` in a Link header (RFC 8288)."""
    for item in link.split(","):
        target, _, parameters = item.partition(";")
        if 'rel="next"' in parameters:
            return target.strip().strip("<>")
    return None
