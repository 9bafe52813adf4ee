"""Tokens are verified whole, and count as long as whoever they were given to does."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventyard.model.access import EVERYTHING, Scope
from eventyard.model.errors import Forbidden, Unauthenticated
from eventyard.pipeline.identity.signing import LONGEST_MS
from eventyard.testing import builders
from eventyard.wire import jwt
from eventyard.wire.jwt import Key, new_key, shared_key, sign

ISSUER = "https://hub.example"
THEIRS = "the secret of another system"


@pytest.fixture
def tokens(identity):
    return identity.tokens


@pytest.fixture
async def client(world, identity, role):
    made, _ = await identity.clients.create(world.admin, name="ci", role_ids=[await role("reader", "event:select")])
    return made


@pytest.fixture
def refused(tokens):
    """The code under which a token is refused."""

    def code(text):
        with pytest.raises(Unauthenticated) as error:
            tokens.verify(text)
        return error.value.code

    return code


async def issued(tokens, subject, **how):
    return (await tokens.issue(subject, issuer=ISSUER, **how)).text


async def test_a_clients_token_proves_it_with_its_roles_and_permissions(world, tokens, client):
    made = await tokens.issue(client, issuer=ISSUER)
    assert (made.expires_in, made.scopes) == (3600, {Scope.EVENTS_READ})
    proven = tokens.verify(made.text)
    assert (proven.client, proven.user, proven.long_lived) == (client, None, False)
    assert (proven.roles, proven.permissions) == (("reader",), {"event:select"})
    assert (proven.principal.client_id, proven.principal.scopes) == (client.id, {Scope.EVENTS_READ})
    assert proven.principal.until == world.clock.now // 1000 * 1000 + 3_600_000
    assert tokens.client_token(made.text) == client


async def test_it_says_in_words_of_oauth_and_of_eventhos_whose_it_is(world, identity, tokens, client, user):
    ada = await user()

    async def claims(subject):
        text = await issued(tokens, subject)
        return jwt.verify(text, identity.signing.known(jwt.key_id_of(text)), world.clock.now)

    said = await claims(client)
    assert said.pop("jti") != (await claims(client))["jti"]
    now = world.clock.now // 1000
    assert said == {
        "iss": ISSUER, "sub": client.client_id, "client_id": client.client_id, "iat": now, "exp": now + 3600,
        "data": {"id": client.client_id, "subjectType": "client", "identifier": "ci"},
    }  # fmt: skip
    said = await claims(ada)
    assert (said["sub"], said["data"]) == (ada.id, {"id": ada.number, "subjectType": "user", "username": "ada"})


async def test_a_users_token_proves_the_user_and_no_client(tokens, user):
    ada = await user(scopes=["admin"])
    text = await issued(tokens, ada, lifetime_ms=24 * 3_600_000)
    proven = tokens.verify(text)
    assert (proven.user, proven.client, proven.roles) == (ada, None, ("admin",))
    assert proven.permissions == {EVERYTHING}
    with pytest.raises(Unauthenticated, match="a user's"):
        tokens.client_token(text)


async def test_no_token_counts_longer_than_a_day(tokens, client):
    assert (await tokens.issue(client, issuer=ISSUER, lifetime_ms=10 * LONGEST_MS)).expires_in == 24 * 3600


async def test_a_token_ends_on_time_also_when_it_was_looked_at_before(world, tokens, client, refused):
    text = await issued(tokens, client)
    world.clock.now += 3_600_000 - world.clock.now % 1000 - 1
    tokens.verify(text)
    world.clock.now += 1
    assert refused(text) == "token_expired"
    tokens._proven.clear()
    assert refused(text) == "token_expired"


async def test_scopes_that_were_asked_for_narrow_it(world, identity, tokens, user):
    ada = await user(scopes=["admin"])
    made = await tokens.issue(ada, issuer=ISSUER, scopes=frozenset({Scope.EVENTS_READ}))
    assert made.scopes == {Scope.EVENTS_READ}
    proven = tokens.verify(made.text)
    assert (proven.principal.scopes, proven.permissions) == ({Scope.EVENTS_READ}, frozenset())
    assert proven.principal.may("event:select")
    assert not proven.principal.may("OAUTH2_user:select")


async def test_nobody_is_given_scopes_that_they_lack(tokens, client):
    wanted = frozenset({Scope.EVENTS_READ, Scope.ADMIN, Scope.CATALOG_WRITE})
    made = await tokens.issue(client, issuer=ISSUER, scopes=wanted)
    assert made.scopes == {Scope.EVENTS_READ}
    assert tokens.verify(made.text).principal.scopes == {Scope.EVENTS_READ}


async def test_a_narrow_token_gets_no_wider_and_can_get_narrower(world, identity, tokens, client, role):
    text = await issued(tokens, client, scopes=frozenset({Scope.EVENTS_READ}))
    await identity.clients.change(world.admin, client.id, {"role_ids": [await role("root", EVERYTHING)]})
    assert tokens.verify(text).principal.scopes == {Scope.EVENTS_READ}
    await identity.clients.change(world.admin, client.id, {"role_ids": []})
    assert tokens.verify(text).principal.scopes == frozenset()


# Revoked, restored, replaced, gone


async def test_a_revoked_client_is_refused_at_once_and_restored_as_it_was(world, identity, tokens, client, refused):
    text = await issued(tokens, client)
    tokens.verify(text)
    await identity.clients.revoke(world.admin, client.id)
    assert refused(text) == "token_revoked"
    with pytest.raises(Unauthenticated) as barred:
        await tokens.issue(identity.clients.get(world.admin, client.id), issuer=ISSUER)
    assert barred.value.code == "token_revoked"
    await identity.clients.restore(world.admin, client.id)
    assert tokens.verify(text).client.name == "ci"


async def test_a_long_lived_token_is_the_only_one_that_counts(world, identity, tokens, client, refused):
    short = await issued(tokens, client)
    tokens.verify(short)
    made, long = await identity.clients.make_token(world.admin, client.id)
    assert refused(short) == "token_superseded"
    with pytest.raises(Forbidden) as no_more:
        await tokens.issue(made, issuer=ISSUER)
    assert no_more.value.code == "token_superseded"
    proven = tokens.verify(long)
    assert (proven.client, proven.long_lived, proven.principal.until) == (made, True, None)
    world.clock.now += 10 * 365 * LONGEST_MS
    tokens.verify(long)
    _, newer = await identity.clients.make_token(world.admin, client.id)
    assert refused(long) == "token_superseded"
    tokens.verify(newer)
    await identity.clients.remove_token(world.admin, client.id)
    assert refused(newer) == refused(long) == "token_invalid"


async def test_a_revoked_client_has_no_use_for_a_long_lived_token_either(world, identity, tokens, client, refused):
    _, long = await identity.clients.make_token(world.admin, client.id)
    tokens.verify(long)
    await identity.clients.revoke(world.admin, client.id)
    assert refused(long) == "token_revoked"
    assert refused(long + "x") == "token_superseded", "whether it is revoked is told to who holds its token"
    await identity.clients.restore(world.admin, client.id)
    tokens.verify(long)


async def test_when_a_role_changes_so_does_what_a_token_is_good_for(world, identity, tokens, client, role):
    text = await issued(tokens, client)
    assert not tokens.verify(text).principal.may("event:update")
    await identity.clients.change(world.admin, client.id, {"role_ids": [await role("editor", "event:update")]})
    assert tokens.verify(text).principal.may("event:update")


async def test_the_tokens_of_who_is_gone_are_nobodys(world, identity, tokens, client, user, refused):
    ada = await user()
    texts = [await issued(tokens, client), await issued(tokens, ada)]
    for text in texts:
        tokens.verify(text)
    await identity.clients.remove(world.admin, client.id)
    await world.catalog.remove(ada)
    assert [refused(text) for text in texts] == ["token_invalid"] * 2


async def test_with_a_new_password_the_tokens_of_the_old_one_end(world, identity, tokens, user, refused):
    ada = await user()
    before, kept = await issued(tokens, ada), await issued(tokens, await user("bob"))
    assert tokens.verify(before).user == ada
    changed = await identity.users.reset_password(world.admin, ada.id, "another password")
    assert refused(before) == "token_invalid"
    assert tokens.verify(await issued(tokens, changed)).user == changed
    assert tokens.verify(kept).user.name == "bob"


async def test_a_rotated_key_leaves_the_tokens_it_signed(world, identity, tokens, client):
    text = await issued(tokens, client)
    await identity.signing.rotate(world.admin)
    tokens.verify(text)
    assert await issued(tokens, client) != text


# Whole


async def test_of_a_long_lived_token_every_character_counts(world, identity, tokens, client):
    _, text = await identity.clients.make_token(world.admin, client.id)
    wrong = [text[:length] for length in range(len(text))] + [text + more for more in (" ", "x", "\0", "\n")]
    for place, right in enumerate(text):
        wrong += [text[:place] + other + text[place + 1 :] for other in "0a_é" if other != right]
    for attempt in wrong:
        with pytest.raises(Unauthenticated):
            tokens.verify(attempt)
    tokens.verify(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.text(), st.text().map("eyl_{}".format), st.integers().map("eyl_{}_".format)))
async def test_garbage_is_no_token(tokens, client, text):
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(text)
    assert refused.value.code == "token_invalid"


def test_what_looks_like_a_token_is_told_from_an_api_key(tokens):
    assert [tokens.is_one(text) for text in ("eyl_7_x", "eyJhbGciOiJ9.e30.x")] == [True, True]
    assert [tokens.is_one(text) for text in ("eyk_x", "my-first-key", "", "eyJ.x", "a.b.c")] == [False] * 5


async def test_a_token_that_another_key_signed_is_none(identity, tokens, client, refused):
    text = await issued(tokens, client)
    known = await identity.signing.current("organization-default")
    claims = {"data": {"id": client.client_id, "subjectType": "client"}, "exp": 9_999_999_999}
    for key in (new_key("unknown"), Key(known.id, "ES256", new_key("x").material), shared_key(known.id, "")):
        assert refused(sign(claims, key)) == "token_invalid"
    tokens.verify(text)
    assert refused(sign({"exp": 9_999_999_999}, known)) == "token_invalid", "it says of nobody that it is theirs"


async def test_what_was_proven_once_is_not_computed_again(tokens, client, monkeypatch):
    text = await issued(tokens, client)
    proven = tokens.verify(text)
    monkeypatch.setattr(type(tokens), "_prove", None)
    assert tokens.verify(text) is proven


async def test_what_is_remembered_is_a_digest_and_bounded_and_only_of_what_counts(tokens, client, monkeypatch):
    monkeypatch.setattr("eventyard.pipeline.identity.tokens._REMEMBERED", 3)
    text = await issued(tokens, client)
    tokens.verify(text)
    assert list(tokens._proven) == [hashlib.sha256(text.encode()).digest()]
    with pytest.raises(Unauthenticated):
        tokens.verify(text + "x")
    for _ in range(9):
        tokens.verify(await issued(tokens, client))
        assert len(tokens._proven) <= 3


async def test_a_change_of_something_else_forgets_nothing(world, tokens, client):
    text = await issued(tokens, client)
    proven = tokens.verify(text)
    await world.catalog.save(builders.source("other"))
    assert tokens.verify(text) is proven


# Brought along from eventhos


@pytest.fixture
async def moved(world, identity, client):
    """A client that was brought along with a long-lived token, and who signs as the other system did."""
    await world.catalog.save(
        builders.replace(client, imported_at=world.clock.now), identity.signing.record("organization-default", THEIRS)
    )

    def theirs(secret=THEIRS, **claims):
        data = {"id": client.client_id, "subjectType": "client", "identifier": "ci"}
        whole = sign({"data": data, "iat": world.clock.now // 1000 - 5, **claims}, shared_key("any", secret))
        return signed_without_key_id(whole.split(".")[1], secret)

    return theirs


def signed_without_key_id(body, secret):
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    signature = hmac.digest(secret.encode(), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


async def test_a_long_lived_token_of_theirs_goes_on_counting(tokens, client, moved):
    proven = tokens.verify(moved())
    assert (proven.client.id, proven.long_lived, proven.roles) == (client.id, True, ("reader",))


async def test_until_there_is_one_of_ours_or_the_client_is_revoked(world, identity, tokens, client, moved, refused):
    await identity.clients.revoke(world.admin, client.id)
    assert refused(moved()) == "token_revoked"
    await identity.clients.restore(world.admin, client.id)
    tokens.verify(moved())
    _, ours = await identity.clients.make_token(world.admin, client.id)
    assert refused(moved()) == "token_superseded"
    await identity.clients.remove_token(world.admin, client.id)
    assert refused(moved()) == refused(ours) == "token_invalid"


async def test_their_secret_is_good_for_nothing_else(world, moved, refused, user, client):
    ada = await user(scopes=["admin"])
    assert refused(moved(exp=world.clock.now // 1000 + 60)) == "token_invalid", "a short-lived one"
    assert refused(moved(iat=world.clock.now // 1000 + 60)) == "token_invalid", "one from after the move"
    assert refused(moved(iat="now")) == "token_invalid"
    assert refused(moved(data={"id": ada.number, "subjectType": "user", "username": "ada"})) == "token_invalid"
    assert refused(moved("another secret")) == "token_invalid"


async def test_a_client_that_was_not_brought_along_with_a_token_has_none(world, identity, moved, refused):
    other, _ = await identity.clients.create(world.admin, name="other")
    assert refused(moved(data={"id": other.client_id, "subjectType": "client"})) == "token_invalid"


async def test_without_their_secret_their_tokens_name_no_key(client, refused):
    assert refused(signed_without_key_id("e30", THEIRS)) == "token_invalid"
