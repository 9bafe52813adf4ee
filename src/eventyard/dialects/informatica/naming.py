"""Publications and subscriptions by the names that requests call them by, in any project the caller may see.

An id goes before a name, as everywhere else, and case does not matter where nothing has the very name.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from eventyard.dialects.informatica.bodies import needed
from eventyard.model.catalog import Source, Subscription
from eventyard.model.errors import Invalid, NotFound
from eventyard.pipeline.view import View

Called = TypeVar("Called", Source, Subscription)

SHOWN = 10
"""How many of those that go by one name a refusal lists."""


def named(view: View, kind: type[Called], body: Mapping[str, Any], field: str) -> Called:
    """The one that a field of the body names, within the caller's sight, who proved to hold what the call takes.

    Raises ``NotFound``, and ``Invalid`` where several go by the name.
    """
    name = needed(body, field)
    seen = [one for project in view.projects() for one in view.list(kind, project)]
    for meant in (
        [one for one in seen if one.id == name],
        [one for one in seen if one.name == name],
        [one for one in seen if one.name.casefold() == name.casefold()],
    ):
        if len(meant) > 1:
            ids = ", ".join(one.id for one in meant[:SHOWN]) + (", …" if len(meant) > SHOWN else "")
            rename = f'PATCH /v1/{kind.__name__.lower()}s/{{id}} {{"name": …}}'
            hint = f"give the id of one in place of the name, or rename one: {rename}; their ids: {ids}"
            raise Invalid("invalid_body", f"several go by the name {name!r:.80}", pointer=f"/{field}", hint=hint)
        if meant:
            return meant[0]
    raise NotFound("not_found", f"there is no {kind.__name__.lower()} {name!r:.80}", pointer=f"/{field}")
