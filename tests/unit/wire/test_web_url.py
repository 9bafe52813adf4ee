import pytest

from eventyard.wire.web_url import web_url


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080),
        ("https://hub.example/yard/", "hub.example", None),
        ("http://[::1]:80/?a=b", "::1", 80),
    ],
)
def test_a_url_of_the_web_has_a_host(text: str, host: str, port: int | None) -> None:
    parts = web_url(text)
    assert parts is not None
    assert (parts.hostname, parts.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "", "nourl", "hub.example", "hub.example:8080", "ftp://hub", "http://", "http:///path", "http://:80",
        "http://hub:99999", "http://hub:0", "http://hub:http", "http://[hub", "http://hub a/", "http://hub/a\nb",
    ],
)  # fmt: skip
def test_any_other_text_is_none(text: str) -> None:
    assert web_url(text) is None
