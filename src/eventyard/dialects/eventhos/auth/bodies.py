"""What bodies about subjects and roles have in common, beside what all bodies have."""

from collections.abc import Awaitable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints

from eventyard.dialects.eventhos.answers import EventhosError, Fault
from eventyard.dialects.eventhos.auth.call import RoleRef
from eventyard.dialects.eventhos.bodies import Body, Name, said_of
from eventyard.model.errors import Conflict, HubError

MOST_ROLES = 100
MOST_PERMISSIONS = 1000

T = TypeVar("T")


def _lowered(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Handle = Annotated[
    str,
    BeforeValidator(_lowered),
    StringConstraints(min_length=1, max_length=75, pattern=r"^[^:\x00-\x1f\x7f]*$"),
    Field(description="Its capitals become small letters; without a colon.", examples=["shop"]),
]
"""What users, clients and roles are known by."""

Roles = Annotated[list[RoleRef], Field(max_length=MOST_ROLES, description="Nobody gives more than they hold.")]


class NameChange(Body):
    """What to change of a user or a client; what they are known by stays."""

    name: Name


class RolesChange(Body):
    """What somebody's roles are to be, and what they were when whoever asks for that saw them."""

    roles: Roles
    originalRolesList: Roles | None = None


async def saved(change: Awaitable[T], field: str, code: int) -> T:
    """What a change comes to; a name that is taken, or none, is told by that field, and in the first case that code."""
    try:
        return await change
    except Conflict as error:
        if error.code != "duplicate":
            raise
        message = f"The {field} is in use already"
        raise EventhosError(409, code, message, faults=[Fault(field, error.message)]) from None
    except HubError as error:
        raise said_of(error, {"/name": field}) or error from None
