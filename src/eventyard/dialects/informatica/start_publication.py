"""``POST publication/start``: an event that tells whoever subscribes to a publication that it is to run.

What publishes is not run by the hub, so a start is one event of the publication, whose data is what the call has to say
to the run; as a rule a job subscribes, whose worker loads the data.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Response

from eventyard.dialects.informatica.answers import SUCCESS
from eventyard.dialects.informatica.bodies import flag, text, wrong
from eventyard.dialects.informatica.call import Calling
from eventyard.dialects.informatica.profiles import DIH, Profile
from eventyard.dialects.informatica.sending import commit, committed, publication
from eventyard.dialects.informatica.shapes import FLAG, NUMBER, TEXT, Schema, answered, given
from eventyard.dialects.informatica.start import FAILED, StartRoute

_WORD: Schema = {"anyOf": [FLAG, TEXT]}
_PARAMETER = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "value": {}}}
_OF_DIH: Mapping[str, Schema] = {
    "parameters": {"type": "array", "items": _PARAMETER},
    "paramFileContent": TEXT,
    "runPreprocess": _WORD,
}
_EXAMPLE = {"parameters": [{"name": "$$Region", "value": "EMEA"}], "runPreprocess": "false"}


def start_publication_router(profile: Profile) -> APIRouter:
    """The call that starts a publication."""
    router = APIRouter(tags=["Runs"], route_class=StartRoute)
    fields, example = (_OF_DIH, _EXAMPLE) if profile is DIH else ({}, {})

    @router.post(
        "/publication/start",
        operation_id=f"{profile.name.lower()}_start_publication",
        summary="Start a publication",
        openapi_extra=given(
            {"publicationName": TEXT, "runDisabled": _WORD, **fields},
            ("publicationName",),
            {"publicationName": "orders", "runDisabled": "false", **example},
        ),
        responses={
            200: answered(
                "Its event is committed.", {"responseCode": {"const": SUCCESS}, "eventId": NUMBER, "message": TEXT}
            ),
            409: answered("It was not started, for that reason.", {"responseCode": {"const": FAILED}, "message": TEXT}),
        },
    )
    async def start(call: Calling) -> Response:
        """Publishes one event with what was given as its data; of a disabled one only where `runDisabled` says so."""
        raw = await call.raw()
        body = call.object(raw)
        force = flag(body, "runDisabled", False)
        data = run_data(body) if profile is DIH else {}
        source = publication(call, body)
        accepted = await commit(call, source, raw, msgspec.json.encode(data), force=force)
        return committed(accepted, {"message": f"publication {source.name!r} was started as event {accepted.entry_id}"})

    return router


def run_data(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a call has to say to the run: its parameters by their names, and what else is given. Raises ``Invalid``."""
    data = _parameters(body.get("parameters"))
    content = text(body, "paramFileContent")
    preprocess = flag(body, "runPreprocess", False) if body.get("runPreprocess") is not None else None
    for name, value in (("paramFileContent", content), ("runPreprocess", preprocess)):
        if value is not None:
            if name in data:
                raise wrong("parameters", f"without a {name} of its own, which is given beside it")
            data[name] = value
    return data


def _parameters(given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, list):
        raise wrong("parameters", "an array")
    data: dict[str, Any] = {}
    for place, one in enumerate(given):
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or not name:
            raise wrong(f"parameters/{place}", "an object with a name")
        if name in data:
            raise wrong(f"parameters/{place}/name", "the name of another parameter than those before it")
        data[name] = one.get("value")
    return data
