from eventyard.wire.pages import GUARDED, GUARDED_SWAGGER, operations_table, swagger_start


def test_no_script_may_stand_in_a_page_and_a_style_only_where_swagger_ui_writes_some():
    assert "script-src 'self'; style-src 'self'; " in GUARDED["content-security-policy"]
    assert "script-src 'self'; style-src 'self' 'unsafe-inline'; " in GUARDED_SWAGGER["content-security-policy"]
    assert "unsafe" not in GUARDED["content-security-policy"]
    for headers in (GUARDED, GUARDED_SWAGGER):
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
        assert headers["content-security-policy"].endswith("frame-ancestors 'none'")
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_swagger_ui_is_started_on_a_document_and_follows_the_readers_colours():
    start = swagger_start("/here/openapi.json")
    assert '  url: "/here/openapi.json",\n' in start
    assert "prefers-color-scheme: dark" in start


def test_the_table_holds_every_operation_and_what_a_document_says_is_no_markup():
    operations = {"get": {"summary": "Show <a> thing"}, "delete": {}}
    assert operations_table({"paths": {"/things/<id>": operations}}) == (
        "<table>\n<thead><tr><th>Method</th><th>Path</th><th>What it does</th></tr></thead>\n<tbody>\n"
        "<tr><td>GET</td><td><code>/things/&lt;id&gt;</code></td><td>Show &lt;a&gt; thing</td></tr>\n"
        "<tr><td>DELETE</td><td><code>/things/&lt;id&gt;</code></td><td></td></tr>\n"
        "</tbody>\n</table>"
    )
