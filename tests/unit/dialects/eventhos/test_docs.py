from eventyard.api.docs import FILES
from eventyard.dialects.eventhos.docs import operations_page


async def test_the_page_lists_every_operation_and_starts_swagger_ui_on_the_document(client_of):
    nobody = await client_of(None)
    page = await nobody.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<td>POST</td><td><code>/eventhos/event/send</code></td><td>Send an event</td>" in page.text
    assert '<script src="/eventhos/docs/start.js"></script>' in page.text
    start = await nobody.get("/docs/start.js")
    assert (start.status_code, start.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
    assert 'url: "/eventhos/openapi.json"' in start.text


async def test_the_document_wants_no_token(client_of):
    answer = await (await client_of(None)).get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["openapi"].startswith("3.1")


def test_swagger_uis_own_files_are_where_the_page_looks_for_them():
    page = operations_page({"paths": {}})
    assert all(f'"/docs/assets/{name}"' in page for name in FILES)


def test_what_a_document_says_is_no_markup():
    page = operations_page({"paths": {"/<b>": {"get": {"summary": "<i>"}}}})
    assert "&lt;b&gt;" in page
    assert "<i>" not in page
