"""An action as eventhos keeps it, made into a target of the type ``request``.

What it is to be set to is said by the dialect, as it is for an action that comes by its route: what is written in the
database is put into the form of that route's body.
"""

from typing import Any

from pydantic import ValidationError

from eventyard.cli.moving.boxes import object_of
from eventyard.dialects.eventhos.action_settings import OAUTH2, HttpConfiguration, Method, Url, settings_of
from eventyard.dialects.eventhos.envelopes import EventhosError
from eventyard.model.errors import HubError
from eventyard.pipeline.settings import check_settings
from eventyard.ports import TargetType


class Refused(Exception):
    """The action cannot be a target; the message says why."""


class _Kept(HttpConfiguration):
    """What the database has of it."""

    url: Url
    method: Method = "post"


def settings_from(
    http: Any, security_type: str, security: Any, reply_to: str | None, kind: TargetType
) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings and secrets, from the decrypted configurations of an action. Raises :class:`Refused`."""
    http, security = object_of(http), object_of(security)
    given: dict[str, Any] = {
        "url": http.get("url"),
        "method": http.get("method") or "post",
        "headers": _pairs(http.get("headers")),
        "queryUrlParams": _pairs(http.get("params")),
        "rawBody": http.get("data"),
        "rawFunctionBody": http.get("rawFunctionBody"),
        "reply_to": reply_to,
    }
    if security_type == OAUTH2:
        data = object_of(security.get("data"))
        given["securityType"] = 1
        given["securityUrl"] = security.get("url")
        given["clientId"], given["clientSecret"] = data.get("client_id"), data.get("client_secret")
    try:
        settings = settings_of(_Kept.model_validate(given))
        wanted = {name: value for name, value in settings.items() if value is not None}
        plain, secrets = check_settings(kind.settings, wanted)
        kind.check(plain)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Refused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (EventhosError, HubError) as error:
        raise Refused(error.message) from None
    return plain, {name: secret for name, secret in secrets.items() if secret}


def _pairs(value: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": inner} for key, inner in object_of(value).items()]
