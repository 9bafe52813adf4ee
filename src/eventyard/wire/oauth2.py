"""The request for a token of OAuth 2.0 as it comes in (RFC 6749, 4.4 and 2.3.1), and why it is refused (5.2).

Knows no client and no token: who asks, and whether they may, is for ``api/oauth2.py`` to find out.
"""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from msgspec import Struct

FORM = "application/x-www-form-urlencoded"
CLIENT_CREDENTIALS = "client_credentials"
MOST_PARAMETERS = 32


class OAuthError(Exception):
    """A refusal by one of the codes of RFC 6749, section 5.2."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description

    @property
    def status(self) -> int:
        """401 for who did not prove to be a client, or else 400."""
        return 401 if self.code == "invalid_client" else 400


class TokenRequest(Struct, frozen=True):
    """What a client says of itself, and the scope it wants; ``None``: whatever it may have."""

    client_id: str
    client_secret: str
    scope: frozenset[str] | None = None


def read(content_type: str, authorization: str | None, body: bytes) -> TokenRequest:
    """The request in a form and, for a client that proves itself there, in the header. Raises :class:`OAuthError`."""
    form = _form(content_type, body)
    grant = form.get("grant_type")
    if grant is None:
        raise OAuthError("invalid_request", "grant_type is missing")
    if grant != CLIENT_CREDENTIALS:
        raise OAuthError("unsupported_grant_type", f"the only grant_type there is here is {CLIENT_CREDENTIALS}")
    client_id, secret = _client(form, authorization)
    scope = form.get("scope")
    return TokenRequest(client_id, secret, None if scope is None else frozenset(scope.split(" ")) - {""})


def _form(content_type: str, body: bytes) -> Mapping[str, str]:
    """The parameters; one without a value counts as left out (RFC 6749, 3.2)."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise OAuthError("invalid_request", f"the body is not {FORM}")
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=MOST_PARAMETERS, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        raise OAuthError("invalid_request", "the form cannot be read") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request", "a parameter is there more than once")
    return form


def _client(form: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            raise OAuthError("invalid_client", "the client does not prove itself")
        return form["client_id"], form["client_secret"]
    if "client_secret" in form:
        raise OAuthError("invalid_request", "the client proves itself in two ways")
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise OAuthError("invalid_client", "a client proves itself by Basic, or in the form")
    client_id, secret = _basic(credentials)
    if form.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "the form names another client")
    return client_id, secret


def _basic(credentials: str) -> tuple[str, str]:
    """The id and the secret, each form-encoded before they were put together.

    A client that leaves out the encoding has colons in its id and none in its secret.
    """
    try:
        pair = base64.b64decode(credentials.strip(), validate=True).decode()
        client_id, colon, secret = pair.rpartition(":")
        if colon:
            return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        pass
    raise OAuthError("invalid_client", "the Basic credentials are not base64 of id:secret")
