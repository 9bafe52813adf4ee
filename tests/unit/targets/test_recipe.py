import json
from typing import Any

import pytest

from eventyard.matching.templates import Unrenderable
from eventyard.model.errors import Invalid
from eventyard.model.event import Event, Received
from eventyard.targets.recipe import Recipe, data_of, read_recipe, written
from eventyard.testing import builders

URL = "https://billing.example/bills"
REQUEST = Received("POST", "https://hub.example/eventhos/event/send?k=v", {"k": "v"}, {"x-shop": "basel"})


def event(data: bytes = b'{"id": 7, "lines": [{"sku": "a"}]}', **fields: Any) -> Event:
    return builders.event(data, **fields)


def recipe(**settings: Any) -> Recipe:
    return read_recipe({"url": URL, **settings})


def rendered(made: Recipe, fact: Event) -> tuple[str, dict[str, str], Any]:
    scene = made.scene(made.document(fact), fact)
    body = None if made.body is None else made.body.json(scene)
    return made.url_of(scene), made.headers_of(scene), None if body is None else json.loads(body)


def refused(**settings: Any) -> Invalid:
    with pytest.raises(Invalid) as error:
        recipe(**settings)
    assert error.value.code == "invalid_settings"
    return error.value


def test_url_query_headers_and_body_are_made_of_an_event() -> None:
    made = recipe(
        url=f"{URL}/${{.body.id}}?a=1",
        query={"shop": "${.headers.X-Shop}", "k": "${.query.k}", "none": "${.body.none}", "n": 5, "yes": True},
        headers={"X-Order": "no. ${.body.id}", "X-None": "${.body.none}", "X-N": 1.5},
        body={"order": "${.body.id}", "lines": ["${.body.lines[0].sku}"], "from": "${.url}"},
    )
    assert rendered(made, event(request=REQUEST)) == (
        f"{URL}/7?a=1&shop=basel&k=v&n=5&yes=true",
        {"x-order": "no. 7", "x-n": "1.5"},
        {"order": 7, "lines": ["a"], "from": "https://hub.example/eventhos/event/send?k=v"},
    )


def test_an_event_that_came_by_another_way_has_the_headers_of_a_cloudevent() -> None:
    made = recipe(headers={"x-type": "${.headers.ce-type}"}, body={"id": "${.headers.ce-id}", "q": "${.query}"})
    assert rendered(made, event())[1:] == ({"x-type": "order.created"}, {"id": "event-1", "q": {}})
    assert rendered(made, event(request=REQUEST))[1] == {"x-type": "order.created"}


def test_only_what_is_spoken_of_is_read() -> None:
    assert recipe(headers={"x": "${.query.k}"}).document(event(b"no JSON", request=REQUEST)) == {"query": {"k": "v"}}
    assert set(recipe(mapping="body").document(event())) == {"headers", "query", "url", "body"}


def test_a_header_has_one_line_whatever_an_event_holds() -> None:
    made = recipe(headers={"x-note": "${.body.note}"})
    assert rendered(made, event(b'{"note": "a\\r\\nx-evil: 1"}'))[1] == {"x-note": "a x-evil: 1"}


@pytest.mark.parametrize(
    ("method", "body"),
    [("POST", b"data"), ("delete", b"data"), ("PROPFIND", b"data"), ("GET", b""), ("get", b""), ("HEAD", b"")],
)
def test_without_a_body_of_its_own_the_events_goes_on(method: str, body: bytes) -> None:
    assert recipe(method=method).forwarded(event(b"data")) == body


@pytest.mark.parametrize(
    ("data", "content_type", "value"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b"[1]", "application/vnd.shop+json", [1]),
        (b"", "application/json", {}),
        (b"{broken", "application/json", "{broken"),
        (b"a,b\xff", "text/csv", "a,b\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_data_is_json_or_a_text(data: bytes, content_type: str, value: Any) -> None:
    assert data_of(event(data, content_type=content_type)) == value


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 5000])
def test_a_number_that_would_not_come_out_as_it_went_in_is_not_sent(number: bytes) -> None:
    with pytest.raises(Unrenderable, match="a number beyond all bounds"):
        data_of(event(b'{"id": 7, "n": %s}' % number))


@pytest.mark.parametrize(
    ("content_type", "body", "sent"),
    [
        ("application/json; charset=utf-8", b'{"a": 1}', b'{"a": 1}'),
        ("application/merge-patch+json", b'"a"', b'"a"'),
        ("text/plain", '"Grüezi\\n"'.encode(), "Grüezi\n".encode()),
        ("application/xml", b'"<a>1</a>"', b"<a>1</a>"),
        ("text/plain", b'{"a": 1}', b'{"a": 1}'),
        ("application/x-www-form-urlencoded; charset=utf-8", b'{"a":"x y&z","b":[1,"c"],"d":{"e":null}}',
         b"a=x+y%26z&b=1&b=c&d=%7B%22e%22%3Anull%7D"),
        ("application/x-www-form-urlencoded", b'"a=b"', b"a=b"),
        ("application/x-www-form-urlencoded", b"", b""),
    ],
)  # fmt: skip
def test_the_content_type_decides_how_a_body_is_written(content_type: str, body: bytes, sent: bytes) -> None:
    assert written(body, content_type) == sent


def test_a_form_can_only_be_made_of_an_object() -> None:
    with pytest.raises(Unrenderable, match="only be made of an object"):
        written(b"[1]", "application/x-www-form-urlencoded")


def test_a_request_does_not_grow_without_bound() -> None:
    made = recipe(body=["${.body.text}"] * 5)
    with pytest.raises(Unrenderable, match="too large"):
        rendered(made, event(b'{"text": "' + b"x" * 2_000_000 + b'"}'))


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        ({"url": "https://${.body.host}/"}, "/settings/url", "no http or https URL"),
        ({"headers": {"X-A": "${.body"}}, "/settings/headers/X-A", "not closed"),
        ({"query": {"a/b": "${body}"}}, "/settings/query/a~1b", "is none"),
        ({"body": [{"a": "${.secrets.x}"}]}, "/settings/body/0/a", "speaks of 'secrets'"),
        ({"mapping": "{"}, "/settings/mapping", "mapping: "),
        ({"body": {}, "mapping": "body"}, "/settings/mapping", "made by body already"),
        ({"mapping": "body", "function": "return {}"}, "/settings/function", "made by mapping already"),
        ({"headers": {"Content-Length": "5"}}, "/settings/headers/Content-Length", "cannot be set here"),
        ({"headers": {"Host": "evil.example"}}, "/settings/headers/Host", "cannot be set here"),
        ({"headers": {"Eventyard-Attempt": "5"}}, "/settings/headers/Eventyard-Attempt", "cannot be set here"),
        ({"headers": {"eventhosStartDate": "5"}}, "/settings/headers/eventhosStartDate", "cannot be set here"),
        ({"headers": {"a": "1", "A": "2"}}, "/settings/headers", "given twice"),
        ({"headers": {"a": "${.oauthResponse.body.x}"}}, "/settings/headers", "none without the setting oauth2"),
        ({"body": "${.oauthResponse}"}, "/settings/body", "none without the setting oauth2"),
    ],
)
def test_mistakes_are_found_when_the_target_is_written(settings: Any, pointer: str, message: str) -> None:
    error = refused(**settings)
    assert error.pointer == pointer
    assert message in error.message


def test_it_is_known_whether_the_token_has_its_place_already() -> None:
    oauth2 = {"url": "https://login.example/token", "client_id": "hub"}
    for settings, placed in (
        ({}, False),
        ({"headers": {"x-token": "${.oauthResponse.body.access_token}"}}, True),
        ({"body": "${.oauthResponse.body.access_token}"}, False),
    ):
        assert recipe(oauth2=oauth2, **settings).places_token is placed


def test_methods_are_written_in_capitals_and_a_request_is_a_post() -> None:
    assert (recipe().method, recipe(method="patch").method) == ("POST", "PATCH")
