"""Who calls a management route of eventhos, and whether they may: a token after ``BEARER``, or in the URL.

The codes are those of the original. What a permission on the catalog takes in scopes is lent to a caller whose role has
it, for the one call that asked for it; what a key may do, its scopes say.
"""

from collections.abc import Callable, Mapping

import msgspec
from fastapi import Request
from msgspec import Struct

from eventyard.dialects.eventhos.envelopes import EventhosError
from eventyard.model.access import Principal, holds, lent
from eventyard.model.catalog import User
from eventyard.model.errors import Unauthenticated
from eventyard.model.identity import Client
from eventyard.pipeline.hub import Hub

IN_QUERY = "access_token"

_REFUSALS = {
    "token_expired": (401, 400002, "jwt expired"),
    "token_revoked": (403, 403003, "Subject not authorized; the client is revoked"),
    "token_superseded": (403, 403004, "Subject not authorized; the client has another long-lived token"),
}


class Caller(Struct, frozen=True):
    """Who calls: whom the hub's verbs are told, and the user or client behind it; neither for an API key."""

    principal: Principal
    user: User | None = None
    client: Client | None = None


class Access:
    """Lets callers in.

    ``bearer`` proves who shows a token or an API key, and ``source_of`` tells from the headers of a request and the
    address at the other end where it comes from: both as ``Security`` does. ``issuer_of`` tells who gives the tokens
    that a request asks for, as ``/oauth2/token`` does.
    """

    def __init__(
        self,
        hub: Hub,
        bearer: Callable[[str], Principal],
        source_of: Callable[[Mapping[str, str], str], str] = lambda _, peer: peer,
        issuer_of: Callable[[Request], str] = lambda _: "eventyard",
    ) -> None:
        self._catalog = hub.catalog
        self._bearer = bearer
        self._source_of = source_of
        self._issuer_of = issuer_of

    def source(self, request: Request) -> str:
        """The address that a request comes from, by which wrong passwords are counted."""
        return self._source_of(request.headers, "" if request.client is None else request.client.host)

    def issuer(self, request: Request) -> str:
        """Who gives the tokens that a request asks for."""
        return self._issuer_of(request)

    def caller(self, request: Request, permission: str | None) -> Caller:
        """The caller of a route that asks for that permission; ``None``: for a proven caller, whoever it is.

        Raises :class:`EventhosError`: 403002 without a token, 400001 for a bad one, 400002 for one that has expired,
        403003 and 403004 for one of a client that is revoked or has another, 401002 without the permission.
        """
        text = token_of(request)
        if text is None:
            raise EventhosError(403, 403002, "Subject not authorized; no jwt token was send")
        try:
            principal = self._bearer(text)
        except Unauthenticated as error:
            raise EventhosError(*_REFUSALS.get(error.code, (401, 400001, error.message))) from None
        if permission is not None:
            if not principal.may(permission):
                raise EventhosError(401, 401002, f"Subject not authorized; {permission} is not allowed")
            if holds(principal.permissions, permission):
                principal = msgspec.structs.replace(principal, scopes=principal.scopes | lent(permission))
        user = None if principal.user_id is None else self._catalog.seek(User, principal.user_id)
        client = None if principal.client_id is None else self._catalog.seek(Client, principal.client_id)
        return Caller(principal, user, client)


def token_of(request: Request) -> str | None:
    """The token of a request, if it has one: that of the header, or else of the URL."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text.strip():
        return text.strip()
    return request.query_params.get(IN_QUERY) or None
