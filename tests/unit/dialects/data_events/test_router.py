import httpx
import pytest
import yaml
from fastapi import FastAPI, Request

from eventyard.dialects.data_events.document import Addresses
from eventyard.dialects.data_events.router import FETCHED, addresses, data_events_router
from eventyard.model.access import Scope


@pytest.fixture
async def admin(client_of):
    return await client_of()


def topics_of(document):
    return [message["title"] for name, message in document["components"]["messages"].items() if "topic" in name]


async def test_without_a_key_it_is_what_holds_for_every_project(admin, client_of):
    await admin.post("/v1/topics", json={"name": "secret-plans"})
    answer = await (await client_of(None)).get("/asyncapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["asyncapi"] == "3.0.0"
    assert "secret-plans" not in answer.text


async def test_with_a_key_it_is_the_callers_project(admin):
    await admin.post("/v1/topics", json={"name": "orders", "schema": {"type": "object", "required": ["order"]}})
    document = (await admin.get("/asyncapi.json")).json()
    assert topics_of(document) == ["orders"]
    assert document["components"]["schemas"]["topic.orders"] == {"type": "object", "required": ["order"]}


async def test_a_schema_that_is_not_enforced_any_more_is_not_shown(admin):
    made = (await admin.post("/v1/topics", json={"name": "orders", "schema": {"type": "object"}})).json()
    await admin.patch(f"/v1/topics/{made['id']}", json={"schema_version": None})
    assert "topic.orders" not in (await admin.get("/asyncapi.json")).json()["components"]["schemas"]


async def test_a_project_is_named_by_its_id_or_its_name(admin):
    other = (await admin.post("/v1/projects", json={"name": "other"})).json()
    await admin.post("/v1/topics", json={"name": "elsewhere", "project_id": "other"})
    for named in ("other", other["id"]):
        assert topics_of((await admin.get("/asyncapi.json", params={"project_id": named})).json()) == ["elsewhere"]
    assert topics_of((await admin.get("/asyncapi.json", params={"project_id": "default"})).json()) == []
    unnamed = await admin.get("/asyncapi.json")
    assert (unnamed.status_code, unnamed.json()["code"]) == (400, "no_project")


async def test_a_project_is_shown_to_nobody_who_may_not_read_it(yard, admin, client_of):
    project = yard.project.id
    other = (await admin.post("/v1/projects", json={"name": "other"})).json()
    refusals = {
        None: 401,
        "eyk_wrong": 401,
        await yard.key_for(Scope.EVENTS_PUBLISH): 403,
        await yard.key_for(Scope.CATALOG_READ, project_id=other["id"]): 404,
        await yard.stranger_key(): 404,
    }
    for key, status in refusals.items():
        client = await client_of(key)
        for path in ("/asyncapi.json", "/asyncapi.yaml", "/asyncapi"):
            assert (await client.get(path, params={"project_id": project})).status_code == status
    reader = await client_of(await yard.key_for(Scope.CATALOG_READ))
    assert (await reader.get("/asyncapi.json", params={"project_id": project})).status_code == 200


async def test_a_key_of_an_application_knows_of_no_other(yard, admin, client_of):
    own = (await admin.post("/v1/applications", json={"name": "own"})).json()["id"]
    key = await yard.key_for(Scope.CATALOG_READ, project_id=yard.project.id, application_id=own)

    async def named(client):
        document = (await client.get("/asyncapi.json")).json()
        channel = document["channels"]["exchange/application.{applicationId}/product.activation.activated"]
        return channel["parameters"]["applicationId"]["enum"]

    assert await named(await client_of(key)) == [own]
    assert len(await named(admin)) == 2


async def test_yaml_says_the_same(admin):
    answer = await admin.get("/asyncapi.yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(answer.content) == (await admin.get("/asyncapi.json")).json()


async def test_the_page_wants_no_key_and_shows_more_with_one(admin, client_of):
    await admin.post("/v1/topics", json={"name": "orders"})
    page = await (await client_of(None)).get("/asyncapi")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "exchange/project.{projectId}/${entityType}.${entityId}.${event}" in page.text
    assert "exchange/orders/" not in page.text
    assert "exchange/orders/" in (await admin.get("/asyncapi")).text


def client_over(yard, assets, **options):
    app = FastAPI(openapi_url=None)
    app.include_router(data_events_router(yard.hub, yard.security.authenticate, assets=assets, **options))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.example")


async def test_whatever_the_page_asks_for_is_there(yard, tmp_path):
    for path in FETCHED.values():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("/* */")
    async with client_over(yard, tmp_path) as client:
        page = (await client.get("/asyncapi")).text
        for kind, names in {"text/css": ("viewer.css", "style.css"),
                            "text/javascript": ("before.js", "viewer.js", "start.js")}.items():  # fmt: skip
            for name in names:
                assert f'"/asyncapi/assets/{name}"' in page
                found = await client.get(f"/asyncapi/assets/{name}")
                assert (found.status_code, found.headers["content-type"].partition(";")[0]) == (200, kind)
                assert found.headers["x-content-type-options"] == "nosniff"


async def test_without_the_viewer_the_page_is_its_table(yard, tmp_path):
    async with client_over(yard, tmp_path) as client:
        page = await client.get("/asyncapi")
    assert "viewer.js" not in page.text
    assert "<h2>Operations</h2>" in page.text


async def test_no_other_file_can_be_asked_for(admin):
    for name in ("router.py", "..%2frouter.py", "%2e%2e", "none", "viewer.js.LICENSE"):
        assert (await admin.get(f"/asyncapi/assets/{name}")).status_code == 404


async def test_the_servers_are_where_the_gateways_listen(yard, tmp_path):
    urls = {"http": "http://0.0.0.0:8080", "stomp": "stomp://0.0.0.0:61613", "amqp": "amqps://10.0.0.7:5671"}
    async with client_over(yard, tmp_path, listening=lambda: urls, public_url="https://hub.example/yard/") as client:
        servers = (await client.get("/asyncapi.json")).json()["servers"]
    assert {name: server["host"] for name, server in servers.items()} == {
        "stomp": "hub.example",
        "stomp-tcp": "hub.example:61613",
        "amqp": "10.0.0.7:5671",
    }
    assert servers["stomp"]["pathname"] == "/yard/ws"


def request_to(host, server=("127.0.0.1", 8080)):
    return Request({"type": "http", "scheme": "http", "server": server, "headers": [(b"host", host.encode())]})


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("hub.example:81", "http://hub.example:81"),
        ("[::1]:81", "http://[::1]:81"),
        ('evil"/><b>', "http://127.0.0.1:8080"),
        ("", "http://127.0.0.1:8080"),
    ],
)
def test_without_a_public_url_the_hub_is_where_this_client_found_it(host, url):
    assert addresses(request_to(host), None, {}) == Addresses(url)


def test_a_gateway_on_every_address_is_reached_by_the_name_of_the_http_server():
    assert addresses(request_to("[::1]:81"), None, {"amqp": "amqp://[::]:5672"}).amqp == "amqp://[::1]:5672"


async def test_who_holds_some_categories_reads_of_what_they_may_see(yard, admin, client_of):
    for name, categories in (("wages", ["personnel"]), ("leads", ["sales"]), ("news", [])):
        await admin.post("/v1/topics", json={"name": name, "categories": categories})
        await admin.post("/v1/applications", json={"name": f"of-{name}", "categories": categories})
    limited = await client_of(await yard.key_for(Scope.CATALOG_READ, categories=("sales",)))
    answer = await limited.get("/asyncapi.json")
    assert topics_of(answer.json()) == ["leads", "news"]
    assert "of-leads" in answer.text
    assert "wages" not in answer.text
