"""``/auth/token`` and ``/auth/login``: who proves themselves with a secret or a password is given a token for a while.

As in the original a client and a user that are not there are told from wrong secrets, except at the login; what it
takes to find out is bounded by the lock-out, which answers with 401003 and the time to wait.
"""

from typing import Annotated, Any, NotRequired, TypedDict

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field, WithJsonSchema

from eventyard.dialects.eventhos.access import Access
from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.bodies import Body
from eventyard.dialects.eventhos.envelopes import Fault
from eventyard.dialects.eventhos.options import Options
from eventyard.dialects.eventhos.shapes import shows
from eventyard.model.catalog import User
from eventyard.model.errors import Forbidden, TooMany, Unauthenticated
from eventyard.model.identity import Client
from eventyard.pipeline.hub import Hub

router = APIRouter(prefix="/auth", tags=["Auth"], route_class=EventhosRoute)

CLIENT_CREDENTIALS, PASSWORD = "client_credentials", "password"

_NOT_STORED = {"cache-control": "no-store"}


class GivenToken(TypedDict):
    """A token, and whose it is: a client's, whose ``client_id`` is its number here, or a user's."""

    jwt_token: str
    name: str
    description: str
    roles: list[str]
    client_id: NotRequired[int]
    identifier: NotRequired[str]
    user_id: NotRequired[int]
    username: NotRequired[str]


class LoggedIn(TypedDict):
    """A user's token, as the login gives it."""

    jwt_token: str
    username: str
    name: str
    userId: int
    roles: list[str]


Text = Annotated[Any, WithJsonSchema({"type": "string"})]
"""A text; anything else has a code of its own."""


class TokenRequest(Body):
    """Who asks for a token. A user names a client too, whose id and secret may be empty."""

    model_config = ConfigDict(json_schema_extra={"required": ["grant_type", "client_id", "client_secret"]})

    grant_type: Text = Field(default=None, examples=[CLIENT_CREDENTIALS])
    client_id: Text = Field(default=None, examples=["SOHDj50ELnWMcSTxTRoB::eventyard"])
    client_secret: Text = None
    username: Text = Field(default=None, description="For the grant `password`.")
    password: Text = Field(default=None, description="For the grant `password`.")


class Login(Body):
    """Who logs in."""

    model_config = ConfigDict(json_schema_extra={"required": ["username", "password"]})

    username: Text = Field(default=None, examples=["admin"])
    password: Text = None


class Desk:
    """Where somebody proves themselves: the hub, and where the request comes from."""

    def __init__(self, request: Request) -> None:
        self.hub: Hub = request.app.state.hub
        access: Access = request.app.state.access
        options: Options = request.app.state.options
        self._source = access.source(request)
        self._issuer = access.issuer(request)
        self._lifetime_ms = options.token_minutes * 60_000

    async def client(self, client_id: str, secret: str) -> GivenToken:
        """A token for a client. Raises :class:`EventhosError`."""
        identity = self.hub.identity
        try:
            client = identity.logins.client(client_id, secret, self._source)
        except TooMany as error:
            raise locked(error) from None
        except Unauthenticated:
            status = 404 if identity.clients.known_as(client_id) is None else 401
            raise EventhosError(status, 401100, "Incorrect client credentials") from None
        try:
            text = await self._token(client)
        except Forbidden:
            message = "Client is not able to generate tokens, use your long live token"
            raise EventhosError(403, 403100, message) from None
        return {
            "jwt_token": text,
            "name": client.title or client.name,
            "description": client.description,
            "client_id": client.number,
            "identifier": client.name,
            "roles": self._roles(client),
        }

    async def user(self, given: str, password: str) -> tuple[User, str, list[str]] | None:
        """A user, a token for them, and the names of their roles; ``None`` if it is not their password.

        Raises :class:`EventhosError` for who is locked out.
        """
        try:
            user = await self.hub.identity.logins.user(self.name_of(given), password, self._source)
        except TooMany as error:
            raise locked(error) from None
        except Unauthenticated:
            return None
        return user, await self._token(user), self._roles(user)

    def name_of(self, given: str) -> str:
        """A user's name by what somebody wrote: names are of small letters, unless they were made elsewhere."""
        return given if self.hub.identity.users.named(given) is not None else given.lower()

    async def _token(self, subject: Client | User) -> str:
        issue = self.hub.identity.tokens.issue
        return (await issue(subject, issuer=self._issuer, lifetime_ms=self._lifetime_ms)).text

    def _roles(self, subject: Client | User) -> list[str]:
        return [role.name for role in self.hub.identity.rights.roles(subject)]


@router.post(
    "/token", operation_id="eventhos_make_token", summary="Ask for a token",
    **shows("A token.", GivenToken, status=201, message="Token generated for client …"),
)  # fmt: skip
async def make_token(request: Request, body: TokenRequest) -> Response:
    """A token for a client, by `client_credentials`, or for a user, by `password`.

    401100 is for wrong credentials of a client, with 404 where there is none; 401200 and 404200 for those of a user;
    403100 for a client that has a long-lived token; 401003 for who failed too often, with Retry-After.
    """
    grant_type = _text("grant_type", body.grant_type)
    client_id, secret = _text("client_id", body.client_id), _text("client_secret", body.client_secret)
    desk = Desk(request)
    if grant_type == CLIENT_CREDENTIALS:
        content: Any = await desk.client(client_id, secret)
        return ok(200000, content, 201, f"Token generated for client {client_id}", _NOT_STORED)
    if grant_type != PASSWORD:
        raise EventhosError(400, 400002, "Unsupported grand type", faults=[Fault("grant_type", "is not supported")])
    given = _text("username", body.username)
    found = await desk.user(given, _text("password", body.password))
    if found is None:
        if desk.hub.identity.users.named(desk.name_of(given)) is None:
            raise EventhosError(404, 404200, "User not found")
        raise EventhosError(401, 401200, "Incorrect user password")
    user, text, roles = found
    shown: GivenToken = {
        "jwt_token": text,
        "name": user.title or user.name,
        "description": user.description,
        "user_id": user.number,
        "username": user.name,
        "roles": roles,
    }
    return ok(200000, shown, 201, f"Token generated for user {user.name}", _NOT_STORED)


@router.post(
    "/login", operation_id="eventhos_login", summary="Log in",
    **shows("A token.", LoggedIn, status=201, message="User admin logged in"),
)  # fmt: skip
async def login(request: Request, body: Login) -> Response:
    """A token for a user. 401001 for a wrong name or password, 401003 for who failed too often, with Retry-After."""
    given, password = _text("username", body.username), _text("password", body.password)
    found = await Desk(request).user(given, password)
    if found is None:
        raise EventhosError(401, 401001, "Incorrect username or password")
    user, text, roles = found
    shown: LoggedIn = {
        "jwt_token": text,
        "username": user.name,
        "name": user.title or user.name,
        "userId": user.number,
        "roles": roles,
    }
    return ok(200000, shown, 201, f"User {user.name} logged in", _NOT_STORED)


def locked(error: TooMany) -> EventhosError:
    """The refusal of who failed too often, from where they are."""
    message = f"Locked: {error.message}; try again in {error.retry_after} s"
    return EventhosError(401, 401003, message, retry_after=error.retry_after)


def _text(field: str, value: Any) -> str:
    """A field that has to be there. Raises :class:`EventhosError` 400001 without it, 400003 if it is no text."""
    if value is None:
        raise EventhosError(400, 400001, f"Invalid body; {field} is required", faults=[Fault(field, "is required")])
    if not isinstance(value, str):
        raise EventhosError(400, 400003, f"Invalid body; {field} is not an string", faults=[Fault(field, "is no text")])
    return value
