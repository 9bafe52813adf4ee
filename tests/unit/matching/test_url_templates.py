import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from eventyard.matching.templates import Missing, Scene, Unrenderable
from eventyard.matching.url_templates import compile_url
from eventyard.model.errors import Invalid

EVENT = {"body": {"id": 7, "name": "Ada & Bo/../?x=1#y", "up": "..", "callback": "https://shop.example/back"}}


def filled(text: str, missing: Missing = Missing.DROP, event: object = EVENT) -> str:
    assert isinstance(event, dict)
    return compile_url(text, "/settings/url").render(Scene(event, missing, room=1_000))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://shop.example/orders/${.body.id}", "https://shop.example/orders/7"),
        ("https://shop.example/orders/${.body.id}/lines?of=${.body.id}&x=1", "https://shop.example/orders/7/lines?of=7&x=1"),
        ("http://shop.example:8080?k=${.body.name}", "http://shop.example:8080?k=Ada%20%26%20Bo%2F..%2F%3Fx%3D1%23y"),
        ("https://shop.example/o-${.body.id}.json", "https://shop.example/o-7.json"),
        ("https://shop.example/a/../b", "https://shop.example/a/../b"),
        ("https://shop.example", "https://shop.example"),
        ("${.body.callback}", "https://shop.example/back"),
        ("https://shop.example/${.body.no}", "https://shop.example/"),
    ],
)  # fmt: skip
def test_templates_are_filled_in_wherever_they_stand_behind_the_host(text: str, url: str) -> None:
    assert filled(text) == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://${.body.host}/x", "is no http or https URL"),
        ("${.body.scheme}://shop.example/", "is no http or https URL"),
        ("https://shop.example${.body.id}", "cannot be a part of the host or port"),
        ("https://shop.example:${.body.port}/", "cannot be a part of the host or port"),
        ("https://${.body.user}@shop.example/", "is no http or https URL"),
        ("ftp://shop.example/", "is no http or https URL"),
        ("", "is no http or https URL"),
        ("https://shop.example/${.body.id", "character 22 is not closed"),
    ],
)
def test_no_event_chooses_the_host_unless_the_whole_url_is_one_template(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message) as refused:
        compile_url(text, "/settings/url")
    assert refused.value.pointer == "/settings/url"


@pytest.mark.parametrize("path", ["/a/${.body.up}/b", "/a/${.body.up}", "/%2e${.body.dot}/b", "/${.body.deep}"])
def test_a_value_does_not_lead_to_another_directory(path: str) -> None:
    with pytest.raises(Unrenderable, match="another directory"):
        filled(f"https://shop.example{path}", event={"body": {"up": "..", "dot": ".", "deep": "x/../../admin"}})


def test_what_is_missing_may_keep_the_url_from_being() -> None:
    with pytest.raises(Unrenderable, match="there is nothing at"):
        filled("https://shop.example/${.body.no}", Missing.ERROR)


def test_a_sample_shows_what_it_may_look_like() -> None:
    assert compile_url("https://shop.example/a/${.body.id}?b=${.body.c}", "").sample == "https://shop.example/a/x?b=x"
    assert compile_url("${.body.url}", "").sample is None


@given(st.text(), st.text())
def test_a_value_stays_where_it_was_put(segment: str, value: str) -> None:
    try:
        url = URL(
            filled("https://shop.example:8443/a/${.body[0]}/b?k=${.body[1]}&l=1", event={"body": [segment, value]})
        )
    except Unrenderable:
        return
    assert (url.scheme, url.raw_host, url.port, url.raw_fragment) == ("https", "shop.example", 8443, "")
    assert url.raw_path.count("/") == 3
    assert dict(url.query) == {"k": value, "l": "1"}
