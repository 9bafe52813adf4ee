"""One admitted call about who may come in: the hub's identity, the proven caller, and records by their numbers.

Routes take a :class:`Call` by the annotation of the permission that they ask for:

    call: Annotated[Call, asks("OAUTH2_user:select")]
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from eventyard.dialects.eventhos.access import Access, Caller
from eventyard.dialects.eventhos.answers import EventhosError
from eventyard.dialects.eventhos.bodies import Number, fault
from eventyard.model.access import Principal
from eventyard.model.catalog import User
from eventyard.model.identity import Client, Permission, Realm, Resource, Role
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.identity.identity import Identity

Kept = TypeVar("Kept", User, Client, Role, Resource, Realm, Permission)
T = TypeVar("T")

MISSING: dict[type[Any], tuple[int, str]] = {
    User: (404002, "User"),
    Client: (404003, "Client"),
    Role: (404004, "Role"),
    Resource: (404005, "Resource"),
}
"""The code of what is not there, and its name."""


class RoleRef(BaseModel):
    """A role, by its id. What else is said of it is left alone."""

    id: Number


class Call:
    """A call by a caller who holds a permission, if one is asked for."""

    def __init__(self, request: Request, permission: str | None) -> None:
        self.hub: Hub = request.app.state.hub
        self.identity: Identity = self.hub.identity
        self._access: Access = request.app.state.access
        self._request = request
        self.caller: Caller = self._access.caller(request, permission)
        self.who: Principal = self.caller.principal

    @property
    def source(self) -> str:
        """The address that the call comes from."""
        return self._access.source(self._request)

    def find(self, kind: type[Kept], number: int) -> Kept | None:
        """The caller's organization's record with that id."""
        found = self.hub.catalog.numbered(kind, number)
        return None if found is None or found.organization_id != self.who.organization_id else found

    def need(self, kind: type[Kept], number: int) -> Kept:
        """The record with that id. Raises :class:`EventhosError` 404, with the code of its kind."""
        found = self.find(kind, number)
        if found is None:
            code, word = MISSING[kind]
            raise EventhosError(404, code, f"{word} does not exist")
        return found

    def roles(self, refs: Sequence[RoleRef]) -> list[str]:
        """The ids of the records of these roles. Raises :class:`EventhosError` for one that is not there."""
        found = []
        for at, ref in enumerate(refs):
            role = self.find(Role, ref.id)
            if role is None:
                raise fault(f"roles.{at}.id", f"The role with id {ref.id} does not exist")
            found.append(role.id)
        return found

    def rearranged_roles(
        self, held: Sequence[str], wanted: Sequence[RoleRef], seen: Sequence[RoleRef] | None
    ) -> list[str]:
        """What is held, as :func:`rearranged`, where roles are told by their numbers; one that was seen may be gone."""
        known = None if seen is None else [role.id for ref in seen if (role := self.find(Role, ref.id)) is not None]
        return rearranged(held, self.roles(wanted), known)


def asks(permission: str | None) -> Any:
    """The dependency by which a route asks for a permission, as ``resource:word``; ``None``: for a proven caller."""

    def call(request: Request) -> Call:
        return Call(request, permission)

    named: Callable[[Request], Call] = call
    return Depends(named)


def rearranged(held: Sequence[T], wanted: Collection[T], seen: Collection[T] | None) -> list[T]:
    """What is held once somebody who saw ``seen`` wants it to be ``wanted``.

    As in the original only what they changed is changed: what somebody else gave or took meanwhile stays given or
    taken. Without ``seen`` it is what they want and nothing else.
    """
    if seen is None:
        return list(wanted)
    kept = [one for one in held if one in wanted or one not in seen]
    return [*kept, *(one for one in wanted if one not in seen and one not in kept)]
