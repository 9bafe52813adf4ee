"""OAuth 2.0 for programs: a token for a client's id and secret (RFC 6749, 4.4), and how to verify one.

``POST /oauth2/token``, the published keys (RFC 7517) and the description of all that (RFC 8414). Clients, their roles
and their long-lived tokens are set up at ``/v1/clients``.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from eventyard.api.http import peer_of
from eventyard.api.security import Security
from eventyard.api.v1.answers import body_of, reply
from eventyard.api.v1.call import address
from eventyard.model.access import Scope
from eventyard.model.errors import Forbidden, TooMany, Unauthenticated
from eventyard.model.identity import Client
from eventyard.pipeline.identity.identity import Identity
from eventyard.wire.oauth2 import CLIENT_CREDENTIALS, FORM, OAuthError, read

TAG = "OAuth 2.0"
TOKEN = "/oauth2/token"
KEYS = "/.well-known/jwks.json"
METADATA = "/.well-known/oauth-authorization-server"

METHODS = ("client_secret_basic", "client_secret_post")
_NOT_STORED = {"cache-control": "no-store", "pragma": "no-cache"}
_KEPT_A_WHILE = {"cache-control": "public, max-age=300"}


class Token(Struct):
    """A token, to be shown as ``Authorization: Bearer``."""

    access_token: str
    token_type: str
    expires_in: Annotated[int, Meta(description="In seconds.")]
    scope: Annotated[str, Meta(description="The scopes it has, with spaces.")]


class Refusal(Struct):
    """Why there is none (RFC 6749, 5.2)."""

    error: str
    error_description: str


class KeySet(Struct):
    """The keys that tokens can be verified with."""

    keys: list[dict[str, Any]]


class Metadata(Struct):
    """What this authorization server is, and can do."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: tuple[str, ...]
    response_types_supported: tuple[str, ...]
    token_endpoint_auth_methods_supported: tuple[str, ...]
    scopes_supported: tuple[str, ...]


_TOKEN: dict[str, Any] = {
    "openapi_extra": {
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type"],
                        "properties": {
                            "grant_type": {"const": CLIENT_CREDENTIALS},
                            "client_id": {"type": "string", "description": "Unless it is in the header."},
                            "client_secret": {"type": "string", "description": "Unless it is in the header."},
                            "scope": {"type": "string", "description": "With spaces; left out: all it may have."},
                        },
                    }
                }
            },
        },
    },
    "responses": {
        200: body_of(Token, "The token."),
        400: body_of(Refusal, "The request is wrong, or wants what the client may not have."),
        401: body_of(Refusal, "The client did not prove itself, or is revoked."),
        429: body_of(Refusal, "Too many wrong secrets came from there; Retry-After says when to come back."),
    },
}


def _open(shape: Any, description: str) -> dict[str, Any]:
    """Arguments of a route that everybody may read."""
    return {"openapi_extra": {"security": []}, "responses": {200: body_of(shape, description)}}


def oauth2_router(identity: Identity, security: Security) -> APIRouter:
    """The routes. They want no key: a client proves itself with what it asks for, and the rest is for everybody."""
    router = APIRouter(tags=[TAG])

    @router.post(TOKEN, operation_id="make_token", summary="Ask for a token", **_TOKEN)
    async def make_token(request: Request) -> Response:
        """A token for a client that proves itself with its id and secret, by Basic or in the form."""
        try:
            return await _token(request, identity, security)
        except OAuthError as error:
            return _refusal(error.status, error.code, error.description)
        except TooMany as error:
            wait = {"retry-after": str(error.retry_after)}
            return _refusal(429, "temporarily_unavailable", error.message, wait)

    @router.get(
        KEYS,
        operation_id="list_signing_keys",
        summary="List the keys of tokens",
        **_open(KeySet, "A JSON Web Key Set."),
    )
    async def list_signing_keys() -> Response:
        """What anybody verifies the hub's tokens with."""
        return reply(KeySet(identity.signing.published()), headers=_KEPT_A_WHILE)

    @router.get(
        METADATA,
        operation_id="show_authorization_server",
        summary="Show what OAuth 2.0 can do here",
        **_open(Metadata, "RFC 8414."),
    )
    async def show_authorization_server(request: Request) -> Response:
        """Where tokens and keys are, and what can be asked for."""
        metadata = Metadata(
            issuer=issuer_of(request),
            token_endpoint=address(request, TOKEN),
            jwks_uri=address(request, KEYS),
            grant_types_supported=(CLIENT_CREDENTIALS,),
            response_types_supported=(),
            token_endpoint_auth_methods_supported=METHODS,
            scopes_supported=tuple(scope.value for scope in Scope),
        )
        return reply(metadata, headers=_KEPT_A_WHILE)

    return router


def issuer_of(request: Request) -> str:
    """Who gives the tokens: the hub, as its clients reach it."""
    return address(request, "") or "eventyard"


async def _token(request: Request, identity: Identity, security: Security) -> Response:
    """Raises :class:`OAuthError`, and ``TooMany`` for who is locked out."""
    headers = request.headers
    asked = read(headers.get("content-type", ""), headers.get("authorization"), await request.body())
    try:
        source = security.source_of(headers, peer_of(request.scope))
        client = identity.logins.client(asked.client_id, asked.client_secret, source)
        scopes = _scopes(identity, client, asked.scope)
        issued = await identity.tokens.issue(client, issuer=issuer_of(request), scopes=scopes)
    except Unauthenticated as error:
        raise OAuthError("invalid_client", error.message) from None
    except Forbidden as error:
        raise OAuthError("unauthorized_client", error.message) from None
    token = Token(issued.text, "Bearer", issued.expires_in, " ".join(sorted(issued.scopes)))
    return reply(token, headers=_NOT_STORED)


def _scopes(identity: Identity, client: Client, wanted: frozenset[str] | None) -> frozenset[Scope] | None:
    """The scopes wanted, all of which the client has. Raises :class:`OAuthError`."""
    if wanted is None:
        return None
    held = identity.rights.principal(client).scopes
    for word in sorted(wanted):
        if word not in (set(Scope) if Scope.ADMIN in held else held):
            raise OAuthError("invalid_scope", "the client does not have each of these scopes")
    return frozenset(Scope(word) for word in wanted)


def _refusal(status: int, code: str, description: str, headers: Mapping[str, str] | None = None) -> Response:
    proof = {"www-authenticate": 'Basic realm="eventyard"'} if status == 401 else {}
    return reply(Refusal(code, description), status, {**_NOT_STORED, **proof, **(headers or {})})
