import pytest

from eventyard.model.access import EVERYTHING, MANAGED, Principal, Scope, holds, lent, permissions_of, scopes_of
from eventyard.model.errors import Forbidden


def who(*scopes: Scope, permissions: tuple[str, ...] = ()) -> Principal:
    return Principal("ada", "org", frozenset(scopes), permissions=frozenset(permissions))


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


@pytest.mark.parametrize("held", ["event:select", "event:*", EVERYTHING])
def test_a_permission_is_held_by_itself_by_all_of_its_resource_or_by_everything(held: str) -> None:
    assert holds(frozenset({held}), "event:select")


@pytest.mark.parametrize("held", ["event:update", "system:select", "*:select", "*", "event", "OAUTH2_user:*", ""])
def test_it_is_not_held_by_another(held: str) -> None:
    assert not holds(frozenset({held}), "event:select")


def test_all_of_a_resource_is_not_held_by_parts_of_it() -> None:
    assert not holds(frozenset({"event:select", "event:create", "event:update", "event:delete"}), "event:*")


def test_everything_is_admin() -> None:
    assert scopes_of(frozenset({EVERYTHING})) == {Scope.ADMIN}
    assert permissions_of(frozenset({Scope.ADMIN})) >= {EVERYTHING}
    who(Scope.ADMIN).need_permission("whatever:word")


def test_admin_is_not_put_together_from_parts() -> None:
    parts = permissions_of(frozenset(Scope) - {Scope.ADMIN}) | {"admin", "admin:*", "*:*"}
    assert scopes_of(parts) == frozenset(Scope) - {Scope.ADMIN}


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_and_what_it_amounts_to_are_the_same(scope: Scope) -> None:
    assert scope in scopes_of(permissions_of(frozenset({scope})))


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
def test_a_scope_is_a_permission_under_its_own_name(scope: Scope) -> None:
    assert scopes_of(frozenset({scope.value})) == {scope}


def test_the_catalog_is_written_by_who_may_write_all_of_it_and_by_nobody_else() -> None:
    all_of_it = frozenset(f"{resource}:{word}" for resource in MANAGED for word in ("create", "update", "delete"))
    assert Scope.CATALOG_WRITE in scopes_of(all_of_it)
    assert Scope.CATALOG_WRITE in scopes_of(frozenset(f"{resource}:*" for resource in MANAGED))
    for one in all_of_it:
        assert Scope.CATALOG_WRITE not in scopes_of(all_of_it - {one}), one


def test_who_manages_events_has_no_say_over_who_comes_in() -> None:
    assert Scope.KEYS_MANAGE not in scopes_of(frozenset(f"{resource}:*" for resource in MANAGED))
    assert not holds(permissions_of(frozenset({Scope.CATALOG_WRITE})), "OAUTH2_user:update")


def test_what_is_lent_is_what_the_permission_is_about_and_for_the_catalog_only() -> None:
    assert lent("event:select") == {Scope.CATALOG_READ, Scope.EVENTS_READ}
    assert lent("system:select") == {Scope.CATALOG_READ}
    assert lent("contract:delete") == {Scope.CATALOG_READ, Scope.CATALOG_WRITE}
    assert lent("event:retry-aborted") == {Scope.EVENTS_READ, Scope.EVENTS_MANAGE}
    for other in ("OAUTH2_user:update", "OAUTH2_global:*", "event:*", "invoices:select", "nothing"):
        assert lent(other) == frozenset(), other


def test_a_permission_comes_through_a_role_or_through_scopes() -> None:
    who(permissions=("event:create",)).need_permission("event:create")
    who(Scope.CATALOG_WRITE).need_permission("event:create")
    with pytest.raises(Forbidden, match="'event:create', which 'ada' does not hold"):
        who(Scope.CATALOG_READ, permissions=("event:select",)).need_permission("event:create")


def test_nobody_gives_what_they_do_not_hold() -> None:
    giver = who(permissions=("event:*", "system:select"))
    giver.need_all(["event:delete", "system:select"])
    for more in ("system:*", EVERYTHING, "system:create"):
        with pytest.raises(Forbidden):
            giver.need_all(["event:delete", more])


def test_a_caller_of_one_project_has_no_say_over_who_comes_in() -> None:
    for scope in (Scope.ADMIN, Scope.KEYS_MANAGE):
        bound = Principal("bob", "org", frozenset({scope}), "project-1")
        assert not bound.may("OAUTH2_client:create")
        assert not bound.may(EVERYTHING)
    assert Principal("bob", "org", frozenset({Scope.ADMIN}), "project-1").may("event:create")
