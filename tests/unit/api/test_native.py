from eventyard import __version__
from eventyard.api.native import build_app


async def test_the_native_api_is_built_over_a_hub(yard):
    app = build_app(yard.hub, yard.security, public_url="https://hub.example")
    assert app.openapi()["info"]["version"] == __version__
    assert app.openapi() is app.openapi()


async def test_every_route_is_described_and_has_a_stable_name_of_its_own(yard):
    document = build_app(yard.hub, yard.security).openapi()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    assert all(name.replace("_", "").isalpha() and name.islower() for name in names)


async def test_the_document_is_served(client):
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"] == "3.1.0"
