"""Who gets in to the management routes, and with which code who does not."""

import pytest
from starlette.requests import Request

from eventyard.dialects.eventhos.access import Access, token_of
from eventyard.dialects.eventhos.envelopes import EventhosError
from eventyard.model.access import EVERYTHING, Scope

HOME, PROXY = "192.0.2.1", "10.0.0.1"


@pytest.fixture
def access(yard):
    return Access(yard.hub, yard.security.bearer, yard.security.source_of)


def request(authorization=None, query="", **headers):
    raw = {"authorization": authorization, **headers} if authorization is not None else headers
    encoded = [(name.encode(), value.encode()) for name, value in raw.items()]
    return Request({"type": "http", "headers": encoded, "query_string": query.encode(), "client": (PROXY, 1)})


@pytest.fixture
def refused(access):
    """The status and code of a refusal."""

    def codes(request, permission="event:select"):
        with pytest.raises(EventhosError) as error:
            access.caller(request, permission)
        return error.value.status, error.value.code

    return codes


@pytest.fixture
async def client(yard):
    """Makes a client with these permissions."""
    identity = yard.hub.identity
    admin = yard.security.bearer(yard.key)

    async def make(*permissions, name="ci"):
        role = await identity.roles.create(admin, name=f"role of {name}", permissions=permissions)
        return (await identity.clients.create(admin, name=name, role_ids=[role.id]))[0]

    return make


@pytest.fixture
def token(yard):
    async def make(subject, **how):
        return (await yard.hub.identity.tokens.issue(subject, issuer="http://hub.example", **how)).text

    return make


@pytest.mark.parametrize("scheme", ["BEARER", "Bearer", "bearer", "BeArEr"])
async def test_a_token_counts_after_bearer_in_any_case(access, client, token, scheme):
    made = await client("event:select")
    caller = access.caller(request(f"{scheme} {await token(made)}"), "event:select")
    assert (caller.client, caller.user, caller.principal.name) == (made, None, "ci")


async def test_it_counts_in_the_url_and_the_header_goes_first(access, client, token):
    text = await token(await client("event:select"))
    assert access.caller(request(query=f"a=b&access_token={text}"), None).client.name == "ci"
    assert token_of(request("BEARER one", "access_token=two")) == "one"
    assert token_of(request("Basic abc", "access_token=two")) == "two"


@pytest.mark.parametrize("given", [None, "", "BEARER", "BEARER ", "Basic abc", "token"])
def test_without_a_token_nobody_gets_in(refused, given):
    assert refused(request(given)) == (403, 403002)


async def test_an_empty_token_in_the_url_is_none(refused):
    assert refused(request(query="access_token=")) == (403, 403002)


async def test_a_bad_token_an_expired_one_a_revoked_client_and_another_long_lived_token(
    yard, refused, client, token
):  # fmt: skip
    admin, made = yard.security.bearer(yard.key), await client("event:select")
    text = await token(made)
    assert refused(request(f"BEARER {text}x")) == (401, 400001)
    assert refused(request("BEARER nonsense")) == (401, 400001)
    await yard.hub.identity.clients.revoke(admin, made.id)
    assert refused(request(f"BEARER {text}")) == (403, 403003)
    await yard.hub.identity.clients.restore(admin, made.id)
    _, long = await yard.hub.identity.clients.make_token(admin, made.id)
    assert refused(request(f"BEARER {text}")) == (403, 403004)
    await yard.hub.identity.clients.make_token(admin, made.id)
    assert refused(request(f"BEARER {long}")) == (403, 403004)
    await yard.hub.identity.clients.remove_token(admin, made.id)
    yard.clock.advance(3_600_000)
    assert refused(request(f"BEARER {text}")) == (401, 400002)


async def test_who_lacks_the_permission_is_told_which(access, refused, client, token):
    proof = request(f"BEARER {await token(await client('event:select'))}")
    assert refused(proof, "event:create") == (401, 401002)
    with pytest.raises(EventhosError, match="event:create"):
        access.caller(proof, "event:create")
    access.caller(proof, "event:select")
    access.caller(proof, None)


async def test_a_role_lends_what_its_permission_takes_and_no_more(access, client, token):
    proof = request(f"BEARER {await token(await client('event:create', 'OAUTH2_user:select'))}")
    assert access.caller(proof, None).principal.scopes == frozenset()
    assert access.caller(proof, "OAUTH2_user:select").principal.scopes == frozenset()
    lent = access.caller(proof, "event:create").principal
    assert lent.scopes == {Scope.CATALOG_READ, Scope.CATALOG_WRITE}


async def test_an_api_key_gets_in_with_what_its_scopes_allow(yard, access, refused):
    admin = access.caller(request(f"BEARER {yard.key}"), "OAUTH2_role:delete")
    assert (admin.client, admin.user, admin.principal.scopes) == (None, None, {Scope.ADMIN})
    reader = request(f"BEARER {await yard.key_for(Scope.CATALOG_READ)}")
    assert access.caller(reader, "event:select").principal.scopes == {Scope.CATALOG_READ}, "nothing is lent to a key"
    assert refused(reader, "event:create") == (401, 401002)


async def test_a_users_token_tells_the_user(yard, access, token):
    admin = yard.security.bearer(yard.key)
    ada = await yard.hub.identity.users.create(admin, name="ada", password="x", scopes=[Scope.ADMIN])
    caller = access.caller(request(f"BEARER {await token(ada)}"), EVERYTHING)
    assert (caller.user, caller.client, caller.principal.user_id) == (ada, None, ada.id)


def test_where_a_request_comes_from_is_asked_of_who_knows_the_proxies(yard):
    told = request(**{"x-forwarded-for": HOME})
    assert Access(yard.hub, yard.security.bearer).source(told) == PROXY
    assert Access(yard.hub, yard.security.bearer, lambda headers, peer: headers["x-forwarded-for"]).source(told) == HOME
    assert Access(yard.hub, yard.security.bearer).source(Request({"type": "http", "headers": []})) == ""


async def test_who_gives_tokens_is_told_from_the_request(yard, access):
    assert access.issuer(request()) == "eventyard"
    named = Access(yard.hub, yard.security.bearer, issuer_of=lambda request: request.headers["host"])
    assert named.issuer(request(host="hub.example")) == "hub.example"
