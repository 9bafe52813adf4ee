import re

import httpx
from fastapi import FastAPI

from eventyard.api.docs import FILES, docs_router, errors_page, operations_page
from eventyard.model.errors import CODES


def client_over(assets):
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(docs_router(assets))

    @app.get("/things/{id}", summary="Show <a> thing")
    def thing(id: str) -> None:
        """Nothing."""

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.example")


async def test_without_swagger_ui_the_page_lists_the_operations(tmp_path):
    async with client_over(tmp_path) as client:
        page = (await client.get("/docs")).text
    assert "<td>GET</td><td><code>/things/{id}</code></td><td>Show &lt;a&gt; thing</td>" in page
    assert "<script" not in page


async def test_with_swagger_ui_the_page_starts_it_without_inline_script(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text(f"/* {name} */")
    async with client_over(tmp_path) as client:
        page = await client.get("/docs")
        assert re.findall(r"<script(.*?)>(.*?)</script>", page.text) == [
            (' src="/docs/assets/swagger-ui-bundle.js"', ""),
            (' src="/docs/assets/start.js"', ""),
        ]
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert policy.startswith("default-src 'none'")
        for path in re.findall(r'(?:src|href)="(/docs/assets/[^"]+)"', page.text):
            found = await client.get(path)
            assert found.status_code == 200
            assert found.headers["content-type"].partition(";")[0] in ("text/javascript", "text/css")
        assert 'url: "/openapi.json"' in (await client.get("/docs/assets/start.js")).text


async def test_no_other_file_can_be_asked_for(client):
    for name in ("package.json", "..%2f..%2fdocs.py", "%2e%2e"):
        assert (await client.get(f"/docs/assets/{name}")).status_code == 404


async def test_who_opens_the_hubs_own_address_is_led_to_the_docs(client_of):
    answer = await (await client_of(None)).get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def test_the_docs_want_no_key(client_of):
    nobody = await client_of(None)
    for path in ("/docs", "/docs/errors", "/openapi.json"):
        assert (await nobody.get(path)).status_code == 200


async def test_pages_ask_for_nothing_that_is_not_there_and_follow_the_readers_colours(client_of):
    nobody = await client_of(None)
    for path in ("/docs", "/docs/errors"):
        page = (await nobody.get(path)).text
        assert '<link rel="icon" href="data:image/svg+xml,' in page
        assert 'content="width=device-width, initial-scale=1"' in page
    assert "color-scheme: light dark" in errors_page()
    assert "color-scheme: light dark" in operations_page({"paths": {}})
    assert "prefers-color-scheme: dark" in (await nobody.get("/docs/assets/start.js")).text


def test_every_code_has_an_anchor():
    page = errors_page()
    assert all(f'<tr id="{code}">' in page for code in CODES)


def test_what_comes_from_a_document_is_escaped():
    page = operations_page({"paths": {"/<p>": {"get": {"summary": "<b>"}}}})
    assert "<p></code>" not in page
    assert "&lt;b&gt;" in page
