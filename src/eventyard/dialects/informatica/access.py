"""Who calls: HTTP Basic, as the originals want it, or a token or API key after ``Bearer``, on both profiles.

With Basic it is a user's name and password, a client's id and secret, or an API key with any name. A request without
``Authorization`` may have the token or API key where the platform's clients put their session id.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterator, Mapping
from urllib.parse import unquote

from fastapi import Request

from eventyard.model.access import Principal
from eventyard.model.errors import Unauthenticated
from eventyard.pipeline.hub import Hub

SESSION_HEADERS = ("icSessionId", "INFA-SESSION-ID", "IDS-SESSION-ID")
"""What the log-ins of the originals' platform call one and the same session."""


class Access:
    """Lets callers in. ``authenticate`` and ``source_of`` are those of ``Security``: they take headers and a peer."""

    def __init__(
        self,
        hub: Hub,
        authenticate: Callable[[Mapping[str, str], str], Awaitable[Principal]],
        source_of: Callable[[Mapping[str, str], str], str] = lambda _, peer: peer,
    ) -> None:
        self._identity = hub.identity
        self._authenticate = authenticate
        self._source_of = source_of

    async def caller(self, request: Request) -> Principal:
        """The proven caller. Raises ``Unauthenticated``, and ``TooMany`` for who is locked out or beyond a limit."""
        peer = "" if request.client is None else request.client.host
        for client_id, secret in _pairs_in(request.headers):
            if self._identity.clients.known_as(client_id) is not None:
                return self._client(client_id, secret, self._source_of(request.headers, peer))
        return await self._authenticate(_with_session(request.headers), peer)

    def _client(self, client_id: str, secret: str, source: str) -> Principal:
        client = self._identity.logins.client(client_id, secret, source)
        if client.revoked_at is not None:
            raise Unauthenticated("token_revoked", "the client is revoked")
        return self._identity.rights.principal(client)


def _with_session(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, with the session id as a bearer token if there is one, and nothing else to go by."""
    sessions = {headers[name].strip() for name in SESSION_HEADERS if headers.get(name, "").strip()}
    if not sessions or "authorization" in headers:
        return headers
    if len(sessions) > 1:
        raise Unauthenticated("unauthenticated", "the session headers are not the same", hint="send one of them")
    return {**headers, "authorization": f"Bearer {sessions.pop()}"}


def _pairs_in(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What Basic credentials (RFC 7617) may be the client id and the secret of.

    A client id has colons in it, which who follows RFC 6749 (section 2.3.1) escapes, and nobody else does.
    """
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return
    try:
        words = base64.b64decode(credentials.strip(), validate=True).decode().split(":", 3)
    except (binascii.Error, ValueError):
        return
    for end in range(1, len(words)):
        yield unquote(":".join(words[:end])), unquote(":".join(words[end:]))
