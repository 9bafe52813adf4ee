import hashlib

import pytest

from eventyard.cli.moving import rows
from eventyard.cli.moving.boxes import Boxes
from eventyard.cli.moving.draft import Draft, id_of
from eventyard.cli.moving.identities import Identities
from eventyard.model.catalog import User
from eventyard.model.identity import Client, Permission, Resource, Role, SigningKey
from eventyard.testing import builders as b
from tests.unit.cli.moving.others import BCRYPT, THEN, VAULT, again, client, draft, original, told, user

SECRET = "000102030405060708090a0b0c0d0e0f|.|f91c18fc3e12"
"""``s3cr3t`` under the key ``k3y``."""
BOXES = Boxes("k3y")

REALM = rows.Realm(1, "EVENTHOS_API", THEN)
EVENT, STOCK = rows.Resource(1, "event", 1, THEN), rows.Resource(2, "stock", 1, THEN)
SELECT, COUNT = rows.Permission(1, "select", 1, THEN), rows.Permission(2, "count", 2, THEN)
READER = rows.Role(1, "reader", THEN)
HELD = (rows.RolePermission(1, 1), rows.RolePermission(1, 2))
WORDS = {
    "realms": [REALM], "resources": [EVENT, STOCK], "permissions": [SELECT, COUNT], "roles": [READER],
    "role_permissions": HELD,
}  # fmt: skip


def of(plan: Draft, kind: type) -> list[object]:
    return [record for record in plan.saved if isinstance(record, kind)]


def test_a_role_moves_with_its_permissions_in_words_that_may_be_here() -> None:
    resource = Resource("r", "organization-default", "m", "event", 1)
    plan = draft(resource)
    Identities(plan, original(**WORDS)).roles()
    assert told(plan) == [("make", "role", "reader", "")]
    [stock] = of(plan, Resource)
    made = {(one.resource_id, one.name): one.id for one in plan.all(Permission)}
    assert made.keys() == {("r", "select"), (stock.id, "count")}  # type: ignore[attr-defined]
    [role] = plan.all(Role)
    assert set(role.permission_ids) == set(made.values())


def test_a_role_of_the_hub_is_used_only_where_it_permits_the_same() -> None:
    resource = Resource("r", "organization-default", "m", "event", 1)
    permissions = [Permission(word, "organization-default", "r", word, 1) for word in ("select", "delete")]
    held = {**WORDS, "role_permissions": HELD[:1]}
    people = {"users": [user()], "subject_roles": [rows.SubjectRole(1, 1)]}
    for ids, verb, given in ((("select",), "keep", ("mine",)), (("select", "delete"), "leave", ())):
        plan = draft(resource, *permissions, Role("mine", "organization-default", "reader", 1, ids))
        identities = Identities(plan, original(**held, **people))
        identities.roles()
        identities.users()
        assert plan.steps[0].verb == verb
        assert [one.role_ids for one in plan.all(User)] == [given]


def test_a_user_moves_with_the_password_the_names_and_the_roles() -> None:
    plan = draft()
    people = {
        "users": [user()], "subjects": [rows.Subject(1, "Ana", "Reads")], "subject_roles": [rows.SubjectRole(1, 1)],
    }  # fmt: skip
    identities = Identities(plan, original(**WORDS, **people))
    identities.roles()
    identities.users()
    [role], [made] = plan.all(Role), plan.all(User)
    assert made == User(
        id_of("user", "user-1"), "organization-default", "user-1", BCRYPT, (), THEN, "Ana", "Reads", (role.id,)
    )


def test_a_user_who_came_in_since_keeps_the_hash_of_the_hub() -> None:
    here = b.user("user-1", id=id_of("user", "user-1"), password_hash="$argon2id$new")
    plan = draft(here)
    Identities(plan, original(users=[user()])).users()
    assert told(plan) == [("keep", "user", "user-1", "")]
    assert plan.saved == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (user(username="admin"), "the hub has a user of its own of that name, who keeps the password"),
        (user(password="plain"), "its password is not hashed with bcrypt"),
        (user(deleted=True), "deleted in eventhos"),
    ],
)
def test_a_user_who_cannot_move_is_told_of(row: rows.User, why: str) -> None:
    plan = draft(b.user("admin"))
    Identities(plan, original(users=[row])).users()
    assert told(plan) == [("leave", "user", row.username, why)]


def test_a_client_keeps_its_id_its_secret_and_its_system() -> None:
    plan = draft()
    row = client(secret=SECRET, revoked=True)
    Identities(plan, original(clients=[row], subjects=[rows.Subject(1, "Shop", "Sells")])).clients(
        BOXES, None, {1: "app"}
    )
    [made] = plan.all(Client)
    assert (made.client_id, made.name, made.title, made.description) == ("id1::usil.app", "client-1", "Shop", "Sells")
    assert made.secret_digest == hashlib.sha256(b"s3cr3t").hexdigest()
    assert (made.application_id, made.revoked_at, made.imported_at, made.token_digest) == ("app", THEN, None, None)
    assert plan.all(SigningKey) == []


def test_a_long_lived_token_goes_on_being_good_where_its_secret_is_known() -> None:
    row = client(secret=SECRET, access_token="$2b$10$hash")
    without = draft()
    Identities(without, original(clients=[row])).clients(BOXES, None, {})
    assert [made.imported_at for made in without.all(Client)] == [None]
    assert [note.text for note in without.notes] == [
        "its long-lived token does not count here: give --jwt-secret, or make it another one"
    ]
    plan = again(without)
    Identities(plan, original(clients=[row])).clients(BOXES, "jwt", {})
    assert told(plan) == [
        ("change", "client", "client-1", "imported_at"), ("make", "signing key", "of the long-lived tokens", ""),
    ]  # fmt: skip
    [key], [made] = plan.all(SigningKey), plan.all(Client)
    assert (key.algorithm, VAULT.open(key.private, key.id), made.imported_at) == ("HS256", "jwt", b.NOW + 5)
    third = again(plan)
    Identities(third, original(clients=[row])).clients(BOXES, "jwt", {})
    assert [verb for verb, *_ in told(third)] == ["keep", "keep"]
    assert third.notes == []


def test_a_token_that_was_made_here_since_stays_the_only_one() -> None:
    row = client(secret=SECRET, access_token="$2b$10$hash")
    plan = draft()
    Identities(plan, original(clients=[row])).clients(BOXES, "jwt", {})
    [made] = plan.all(Client)
    renewed = Client(
        made.id, made.organization_id, made.name, made.client_id, made.secret_digest, THEN, b.NOW, token_digest="new"
    )
    second = draft(renewed)
    Identities(second, original(clients=[row])).clients(BOXES, "jwt", {})
    assert [one.imported_at for one in second.all(Client)] == [None]


@pytest.mark.parametrize(
    ("row", "boxes", "why"),
    [
        (client(secret=SECRET), None, "it is encrypted: needs --crypto-key"),
        (client(secret=SECRET, deleted=True), BOXES, "deleted in eventhos"),
        (client(secret="rubbish"), BOXES, "its secret: it cannot be decrypted with this key: no initialisation vector"),
        (client(secret=SECRET, identifier="taken"), BOXES, "the hub has a client of its own of that name"),
    ],
)
def test_a_client_that_cannot_move_is_told_of(row: rows.Client, boxes: Boxes | None, why: str) -> None:
    plan = draft(Client("c", "organization-default", "taken", "id", "digest", 1, 1))
    Identities(plan, original(clients=[row])).clients(boxes, None, {})
    assert told(plan) == [("leave", "client", row.identifier, why)]


def test_a_system_that_has_a_client_here_keeps_it() -> None:
    plan = draft(Client("c", "organization-default", "ours", "id", "digest", 1, 1, application_id="app"))
    Identities(plan, original(clients=[client(secret=SECRET)])).clients(BOXES, None, {1: "app"})
    assert {one.name: one.application_id for one in plan.all(Client)} == {"ours": "app", "client-1": None}
    assert [note.text for note in plan.notes] == ["its system has the client 'ours' here, which stays"]
