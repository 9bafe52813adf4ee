import pytest

from eventyard.dialects.eventhos.auth.rows import (
    application_row,
    client_row,
    resource_row,
    resource_rows,
    role_name,
    role_row,
    user_row,
)
from eventyard.model.identity import Permission, Realm, Resource


@pytest.fixture
def numbers(yard):
    """The numbers of a resource and of what may be said of it."""

    def of(name):
        catalog = yard.hub.catalog
        resource = next(one for one in catalog.all(Resource) if one.name == name)
        said = {one.name: one.number for one in catalog.all(Permission) if one.resource_id == resource.id}
        return resource.number, said

    return of


async def test_a_role_allows_by_resource_whatever_was_given_first(yard, role, numbers):
    made = await role("contract:*", "event:update", "event:select")
    event, words = numbers("event")
    contract, more = numbers("contract")
    assert role_name(made) == {"id": made.number, "identifier": "reader"}
    assert role_row(yard.hub.catalog, made) == {
        "id": made.number,
        "identifier": "reader",
        "resources": [
            {
                "id": event,
                "applicationResourceName": "event",
                "allowed": [
                    {"allowed": "select", "id": words["select"]},
                    {"allowed": "update", "id": words["update"]},
                ],
            },
            {"id": contract, "applicationResourceName": "contract", "allowed": [{"allowed": "*", "id": more["*"]}]},
        ],
    }


async def test_a_user_is_one_subject_with_what_they_hold(yard, identity, user, role, numbers):
    reader = await role("event:select")
    ada = await user("ada", reader, description="counts")
    event, _ = numbers("event")
    held = [{"id": event, "applicationResourceName": "event", "allowed": ["select"]}]
    assert user_row(yard.hub.catalog, identity.rights, ada) == {
        "id": ada.number,
        "description": "counts",
        "subjectId": ada.number,
        "name": "ada",
        "username": "ada",
        "roles": [{"id": reader.number, "identifier": "reader", "resources": held}],
    }


async def test_a_client_tells_whether_it_is_revoked_and_has_a_token_and_no_secret(yard, identity, who):
    made, _ = await identity.clients.create(who, name="shop", title="Shop")
    row = client_row(yard.hub.catalog, identity.rights, made)
    assert row == {
        "id": made.number,
        "description": "",
        "subjectId": made.number,
        "name": "Shop",
        "identifier": "shop",
        "roles": [],
        "client_id": made.client_id,
        "hasLongLiveToken": False,
        "revoked": False,
    }
    await identity.clients.make_token(who, made.id)
    made = await identity.clients.revoke(who, made.id)
    row = client_row(yard.hub.catalog, identity.rights, made)
    assert (row["hasLongLiveToken"], row["revoked"]) == (True, True)


def test_permissions_of_a_resource_that_is_gone_are_left_out(yard):
    catalog = yard.hub.catalog
    resource = next(iter(catalog.all(Resource)))
    known = Permission("p", resource.organization_id, resource.id, "*", 0, 7)
    lost = Permission("q", resource.organization_id, "nowhere", "*", 0, 8)
    row = {"id": resource.number, "applicationResourceName": "event", "allowed": [{"allowed": "*", "id": 7}]}
    assert resource_rows(catalog, [lost, known]) == [row]
    assert resource_row(resource, [known]) == row


def test_an_application_has_an_id_and_a_name(yard):
    (realm,) = yard.hub.catalog.all(Realm)
    assert application_row(realm) == {"id": realm.number, "identifier": "OAUTH2_main_application"}
