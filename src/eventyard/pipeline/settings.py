"""Settings of plug-ins: what a target type or verifier declares, held against what an operator gives.

The same declarations draw the form, fill ``GET /v1/target-types`` and ``/v1/schemes``, and write the docs page.
"""

from collections.abc import Mapping, Sequence
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


@lru_cache(maxsize=512)
def _compiled(schema: bytes) -> Schema:
    return compile_schema(msgspec.json.decode(schema))
