import pytest
from starlette.requests import Request

from eventyard.dialects.eventhos.access import Access
from eventyard.dialects.eventhos.auth.call import Call, RoleRef, rearranged
from eventyard.dialects.eventhos.envelopes import EventhosError
from eventyard.model.catalog import User
from eventyard.model.identity import Client, Realm, Resource, Role


@pytest.fixture
def call(yard):
    """The call of whoever has this key."""

    class App:
        class state:
            hub = yard.hub
            access = Access(yard.hub, yard.security.bearer, yard.security.source_of)

    def make(key=yard.key, permission=None):
        headers = [(b"authorization", f"BEARER {key}".encode())]
        scope = {"type": "http", "headers": headers, "query_string": b"", "client": ("192.0.2.1", 1), "app": App}
        return Call(Request(scope), permission)

    return make


def refused(error):
    return error.value.status, error.value.code


def test_a_call_knows_who_makes_it_and_from_where(call):
    assert (call().who.name, call().source) == ("bootstrap", "192.0.2.1")


async def test_a_permission_that_is_not_held_ends_it(call, token, user):
    text = await token(await user())
    assert call(text).caller.user.name == "ada"
    with pytest.raises(EventhosError) as error:
        call(text, "OAUTH2_user:select")
    assert refused(error) == (401, 401002)


async def test_records_are_found_by_number_and_kind(call, role):
    made = await role()
    assert call().find(Role, made.number) == made
    assert call().find(User, made.number) is None


@pytest.mark.parametrize(("kind", "code"), [(User, 404002), (Client, 404003), (Role, 404004), (Resource, 404005)])
def test_what_is_not_there_has_the_code_of_its_kind(call, kind, code):
    with pytest.raises(EventhosError) as error:
        call().need(kind, 9999)
    assert refused(error) == (404, code)


async def test_another_organizations_are_not_there(call, yard, role):
    made, [realm] = await role(), yard.hub.catalog.all(Realm)
    stranger = call(await yard.stranger_key())
    assert stranger.find(Role, made.number) is None
    assert stranger.find(Realm, realm.number) is None


async def test_roles_are_named_by_number_and_a_wrong_one_by_its_place(call, role):
    made = await role()
    assert call().roles([RoleRef(id=made.number)]) == [made.id]
    with pytest.raises(EventhosError) as error:
        call().roles([RoleRef(id=made.number), RoleRef(id=9999)])
    assert (refused(error), error.value.faults[0].field) == ((400, 400001), "roles.1.id")


async def test_roles_are_rearranged_by_number_and_one_that_was_seen_may_be_gone(call, role):
    first, second = await role(name="first"), await role(name="second")
    gone = RoleRef(id=9999)
    wanted, seen = [RoleRef(id=second.number)], [RoleRef(id=first.number), gone]
    assert call().rearranged_roles([first.id, "given meanwhile"], wanted, seen) == ["given meanwhile", second.id]
    assert call().rearranged_roles([first.id, "given meanwhile"], wanted, None) == [second.id]
    with pytest.raises(EventhosError):
        call().rearranged_roles([], [gone], None)


@pytest.mark.parametrize(
    ("held", "wanted", "seen", "then"),
    [
        ("ab", "bc", "ab", "bc"),
        ("ab", "", "ab", ""),
        ("abx", "bc", "ab", "bxc"),
        ("b", "abc", "ab", "bc"),
        ("ab", "abab", "", "ab"),
        ("ab", "cb", None, "cb"),
        ("ab", "ab", "ab", "ab"),
    ],
)
def test_only_what_somebody_changed_is_changed(held, wanted, seen, then):
    assert rearranged(held, wanted, seen) == list(then)
