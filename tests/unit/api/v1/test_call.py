import pytest
from starlette.requests import Request

from eventyard.api.native import build_app
from eventyard.api.v1.call import Call
from eventyard.model.access import Scope
from eventyard.model.errors import Forbidden


@pytest.fixture
def call_with(yard):
    """A call as if it had come in with these headers, to a hub with that public URL."""

    def call(public_url=None, key=None, **headers):
        app = build_app(yard.hub, yard.security, public_url=public_url)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        caller = yard.security.bearer(key or yard.key)
        scope = {"type": "http", "app": app, "scheme": "http", "headers": raw, "state": {"caller": caller}, "path": "/"}
        return Call(Request(scope | {"query_string": b""}))

    return call


def test_a_url_of_the_hub_is_the_configured_one(call_with):
    assert call_with("https://hub.example/yard/", host="elsewhere").url("/in/1") == "https://hub.example/yard/in/1"


@pytest.mark.parametrize("host", ["hub.example", "hub.example:8080", "127.0.0.1:80", "[::1]:8080"])
def test_without_one_it_is_the_address_the_client_named(call_with, host):
    assert call_with(host=host).url("/in/1") == f"http://{host}/in/1"


@pytest.mark.parametrize("host", ["", "a b", "hub.example/x", "[", 'x"y'])
def test_an_address_that_is_none_is_not_repeated(call_with, host):
    assert call_with(host=host).url("/in/1") == "/in/1"


async def test_a_caller_without_the_scope_sees_nothing(yard, call_with):
    key = await yard.key_for(Scope.EVENTS_PUBLISH)
    with pytest.raises(Forbidden):
        call_with(key=key).reads()


async def test_pages_follow_each_other_by_link(client, make):
    for name in "abcde":
        await make("topics", name=name)
    seen, path = [], "/v1/topics?limit=2&project_id=default"
    while path:
        answer = await client.get(path)
        seen.append([topic["name"] for topic in answer.json()])
        path = answer.headers.get("link", "").partition(">")[0].lstrip("<")
        assert not path or 'rel="next"' in answer.headers["link"]
    assert seen == [["e", "d"], ["c", "b"], ["a"]]


async def test_a_record_is_found_by_id_or_by_name_and_anothers_is_not(yard, client, client_of, make, refused):
    made = await make("applications", name="shop")
    for path in (made["id"], "shop", "shop?project_id=default"):
        assert (await client.get(f"/v1/applications/{path}")).json() == made
    stranger = await client_of(await yard.stranger_key())
    for path in (made["id"], "shop", "nothing"):
        assert refused(await stranger.get(f"/v1/applications/{path}"))[:2] == (404, "not_found")


async def test_a_name_that_several_projects_could_hold_is_nobodys(client, make, refused):
    await make("projects", name="second")
    await make("applications", name="shop", project_id="second")
    answer = await client.get("/v1/applications/shop")
    assert refused(answer)[:2] == (404, "not_found")
    assert (answer.json()["detail"], answer.json()["hint"]) == (
        "there is no application 'shop'", "a name needs its project: project_id",
    )  # fmt: skip
    assert (await client.get("/v1/applications/shop?project_id=second")).status_code == 200
