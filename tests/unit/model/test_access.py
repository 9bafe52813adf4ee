import pytest

from eventyard.model.access import Principal, Scope
from eventyard.model.errors import Forbidden


def test_a_key_may_do_what_its_scopes_say() -> None:
    reader = Principal("reader", "org", frozenset({Scope.EVENTS_READ}))
    reader.need(Scope.EVENTS_READ)
    with pytest.raises(Forbidden, match="'events:manage', which 'reader' does not hold"):
        reader.need(Scope.EVENTS_MANAGE)


def test_admin_includes_every_scope() -> None:
    admin = Principal("admin", "org", frozenset({Scope.ADMIN}))
    for scope in Scope:
        admin.need(scope)


def test_no_other_scope_includes_admin() -> None:
    everything_else = Principal("busy", "org", frozenset(Scope) - {Scope.ADMIN})
    with pytest.raises(Forbidden):
        everything_else.need(Scope.ADMIN)
