"""``/v1/target-types`` and ``/v1/schemes``: what is installed, and the settings each declares, to draw forms from."""

from typing import Any

from fastapi import APIRouter, Response
from msgspec import Struct

from eventyard import ports
from eventyard.api.v1.answers import reply, shows
from eventyard.api.v1.call import Asked

router = APIRouter(prefix="/v1", tags=["Plug-ins"])


class Setting(Struct):
    """One declared setting. ``schema`` is the JSON Schema of its value."""

    name: str
    title: str
    help: str
    schema: dict[str, Any]
    required: bool
    secret: bool
    default: Any
    example: Any


class TargetType(Struct):
    """A way to deliver. The deliveries of a ``pull`` type wait for a worker to claim them."""

    type: str
    summary: str
    pull: bool
    settings: list[Setting]


class Scheme(Struct):
    """A way for senders to prove themselves. One that ``signs`` covers the body."""

    scheme: str
    summary: str
    needs_secret: bool
    signs: bool
    settings: list[Setting]


def shown(setting: ports.Setting) -> Setting:
    """A setting as answers have it."""
    return Setting(
        name=setting.name,
        title=setting.title,
        help=setting.help,
        schema=dict(setting.schema),
        required=setting.required,
        secret=setting.secret,
        default=setting.default,
        example=setting.example,
    )


@router.get(
    "/target-types", operation_id="list_target_types", summary="List target types",
    **shows(list[TargetType], "In the order of their names."),
)  # fmt: skip
async def list_target_types(call: Asked) -> Response:
    """The target types that are installed, with the settings each takes."""
    call.reads()
    types = sorted(call.hub.targets.types.items())
    return reply([TargetType(name, kind.summary, kind.pull, [shown(s) for s in kind.settings]) for name, kind in types])


@router.get(
    "/schemes", operation_id="list_schemes", summary="List verification schemes",
    **shows(list[Scheme], "In the order of their names."),
)  # fmt: skip
async def list_schemes(call: Asked) -> Response:
    """The verification schemes that are installed, with the settings each takes."""
    call.reads()
    return reply(
        [
            Scheme(name, verifier.summary, verifier.needs_secret, verifier.signs, [shown(s) for s in verifier.settings])
            for name, verifier in sorted(call.hub.sources.verifiers.items())
        ]
    )
