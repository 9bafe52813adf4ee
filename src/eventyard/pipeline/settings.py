"""Settings of plug-ins: what a target type or verifier declares, held against what an operator gives.

The same declarations draw the form, fill ``GET /v1/target-types`` and ``/v1/schemes``, and write the docs page.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from eventyard.matching.schema import Schema, compile_schema
from eventyard.model.errors import Invalid
from eventyard.ports import Setting


def check_settings(
    declared: Sequence[Setting], given: Mapping[str, Any], *, partial: bool = False
) -> tuple[dict[str, Any], dict[str, str | None]]:
    """Split ``given`` into plain settings and secrets in clear (``None`` clears one), with defaults filled in.

    With ``partial`` only what is given is looked at, and no default is filled in. Raises ``Invalid``
    (``invalid_settings``) with a pointer below ``/settings``.
    """
    by_name = {setting.name: setting for setting in declared}
    for name in given:
        if name not in by_name:
            raise Invalid(
                "invalid_settings",
                f"there is no setting {name!r}",
                pointer=f"/settings/{name}",
                hint=f"settings here: {', '.join(by_name) or 'none'}",
            )
    plain: dict[str, Any] = {}
    secrets: dict[str, str | None] = {}
    for name, setting in by_name.items():
        value = given.get(name)
        if name not in given or (value is None and not setting.required):
            if setting.required and not partial:
                raise Invalid("invalid_settings", f"the setting {name!r} is required", pointer=f"/settings/{name}")
            if setting.secret and name in given:
                secrets[name] = None
            elif setting.default is not None and not partial and not setting.secret:
                plain[name] = setting.default
            continue
        try:
            _compiled(msgspec.json.encode(setting.schema)).check(value)
        except Invalid as error:
            shown = "the secret" if setting.secret else f"{value!r:.80}"
            raise Invalid(
                "invalid_settings",
                f"{name}: {shown} does not fit: {setting.help}",
                pointer=f"/settings/{name}{'' if setting.secret else error.pointer or ''}",
            ) from None
        if setting.secret:
            secrets[name] = value
        else:
            plain[name] = value
    return plain, secrets


def check_kept(
    declared: Sequence[Setting], before: Mapping[str, Any], after: Mapping[str, Any], kept: Collection[str]
) -> None:
    """Refuse changes by which secrets that are ``kept`` would be shown to somebody else: they have to be given anew.

    Or who may not see them could have them sent to themselves. Raises ``Invalid`` (``invalid_settings``).
    """
    for setting in declared:
        for place in setting.sent_to if setting.name in kept else ():
            old, new = _origin_at(before, place), _origin_at(after, place)
            if new is not None and new != old:
                raise Invalid(
                    "invalid_settings",
                    f"{setting.name}: with another {place.replace('/', '.')} it has to be given anew",
                    pointer=f"/settings/{setting.name}",
                    hint="secrets are not told to another scheme, host or port than they were given for",
                )


def _origin_at(settings: Mapping[str, Any], place: str) -> str | None:
    """The scheme, host and port of a URL, as they are written; ``None`` without one."""
    url: Any = settings
    for name in place.split("/"):
        url = url.get(name) if isinstance(url, Mapping) else None
    if not isinstance(url, str):
        return None
    scheme, _, rest = url.lower().partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{authority.removesuffix(_PORTS.get(scheme, ''))}"


_PORTS = {"http": ":80", "https": ":443"}


@lru_cache(maxsize=512)
def _compiled(schema: bytes) -> Schema:
    return compile_schema(msgspec.json.decode(schema))
