import msgspec
import pytest
from pydantic import ValidationError

from eventyard.dialects.eventhos.action_settings import (
    MASK,
    HttpConfiguration,
    http_configuration_of,
    security_of,
    settings_of,
)
from eventyard.dialects.eventhos.actions import ActionChange, NewAction
from eventyard.dialects.eventhos.answers import EventhosError
from eventyard.model.sealed import Sealed
from eventyard.testing import builders

URL = "https://billing.example/bills"
NEW = {"system_id": 1, "identifier": "bill", "name": "Bill", "url": URL}
OAUTH2 = {"securityType": 1, "securityUrl": "https://id.example/token", "clientId": "me", "clientSecret": "s3cret"}


def settings(**fields):
    return {name: value for name, value in settings_of(NewAction(**NEW | fields)).items() if value is not None}


def changed(action=None, **fields):
    return settings_of(ActionChange(**fields), action)


def refused(call, **fields):
    with pytest.raises(EventhosError) as error:
        call(**fields)
    return [fault.field for fault in error.value.faults]


def an_action(**given):
    """A target with these settings, and a client secret if they name OAuth 2.0."""
    secrets = {"client_secret": (Sealed("box"),)} if "oauth2" in given else {}
    return msgspec.structs.replace(builders.target(), type="request", settings=given, secrets=secrets)


def test_headers_and_parameters_are_objects_in_their_order():
    pairs = [{"key": "X-B", "value": "${.body.b}"}, {"key": "X-A", "value": 7}, {"key": "X-C", "value": True}]
    made = settings(headers=pairs, queryUrlParams=pairs[:1])
    assert list(made["headers"].items()) == [("X-B", "${.body.b}"), ("X-A", "7"), ("X-C", "true")]
    assert made["query"] == {"X-B": "${.body.b}"}


def test_what_is_given_twice_cannot_be_kept():
    pairs = [{"key": "X-A", "value": "1"}, {"key": "x-a", "value": "2"}]
    assert refused(settings, headers=pairs) == ["headers.1.key"]
    assert settings(queryUrlParams=pairs)["query"] == {"X-A": "1", "x-a": "2"}
    assert refused(settings, queryUrlParams=[pairs[0], pairs[0]]) == ["queryUrlParams.1.key"]
    assert refused(settings, body=[pairs[0], pairs[0]]) == ["body.1.key"]


@pytest.mark.parametrize(
    "headers", ["x", {"a": "b"}, [{"key": "a"}], [{"key": "", "value": "b"}], [{"key": "a", "value": {}}]]
)
def test_headers_are_a_list_of_pairs(headers):
    with pytest.raises(ValidationError):
        NewAction(**NEW, headers=headers)


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({}, {}),
        ({"rawBody": {}}, {}),
        ({"rawBody": None, "body": []}, {}),
        ({"rawBody": {"a": ["${.body.a}", 1]}}, {"body": {"a": ["${.body.a}", 1]}}),
        ({"rawBody": [1, 2]}, {"body": [1, 2]}),
        ({"rawBody": "${.body.a}"}, {"body": "${.body.a}"}),
        ({"body": [{"key": "a", "value": 1}, {"key": "b", "value": None}]}, {"body": {"a": 1, "b": None}}),
        ({"rawBody": {"a": 1}, "body": [{"key": "b", "value": 2}]}, {"body": {"a": 1}}),
        ({"rawBody": {}, "rawFunctionBody": "return {}"}, {"function": "return {}"}),
        ({"rawBody": {"a": 1}, "rawFunctionBody": "return {}"}, {"function": "return {}"}),
        ({"rawBody": {}, "rawFunctionBody": ""}, {}),
        ({"mapping": "{a: body.b}"}, {"mapping": "{a: body.b}"}),
    ],
)
def test_the_body_is_made_in_one_way(fields, made):
    assert {name: value for name, value in settings(**fields).items() if name != "url"} == made


def test_a_path_alone_is_one_of_localhost():
    assert settings(url="/bills")["url"] == "http://localhost/bills"


def test_without_security_there_is_none():
    for kind in (0, 2, None, "custom", True):
        assert settings(**OAUTH2 | {"securityType": kind}) == {"url": URL}


@pytest.mark.parametrize("kind", [1, "1"])
def test_oauth2_takes_url_client_and_secret(kind):
    made = settings(**OAUTH2 | {"securityType": kind})
    assert made == {
        "url": URL,
        "oauth2": {"url": "https://id.example/token", "client_id": "me"},
        "client_secret": "s3cret",
    }
    for field in ("securityUrl", "clientId", "clientSecret"):
        assert refused(settings, **OAUTH2 | {field: ""}) == [field]
    assert refused(settings, **OAUTH2 | {"clientSecret": MASK}) == ["clientSecret"]


@pytest.mark.parametrize("secret", [MASK, "****", "", None])
def test_a_secret_sent_back_as_it_was_shown_is_kept(secret):
    action = an_action(url=URL, oauth2={"url": "https://id.example/token", "client_id": "you", "scope": "bills"})
    assert changed(action, **OAUTH2 | {"clientSecret": secret}) == {
        "oauth2": {"url": "https://id.example/token", "client_id": "me", "scope": "bills"}
    }
    assert changed(action, **OAUTH2)["client_secret"] == "s3cret"


def test_what_is_not_named_stays():
    action = an_action(url=URL)
    assert changed(action) == {}
    assert changed(action, name="Other") == {}
    assert changed(action, headers=[]) == {"headers": None}
    assert changed(action, method="get") == {"method": "GET"}
    assert changed(action, rawBody={}) == {"body": None, "function": None}
    assert changed(action, rawBody={"a": 1}) == {"body": {"a": 1}, "function": None, "mapping": None}
    assert changed(action, rawBody={}, rawFunctionBody="f") == {"function": "f", "body": None, "mapping": None}
    assert changed(action, mapping="") == {"mapping": None}
    assert changed(action, securityType=0) == {"oauth2": None, "client_secret": None}
    assert changed(action, reply_to="", missing="null") == {"reply_to": None, "missing": "null"}


def test_what_was_set_is_shown_as_it_was_given():
    action = an_action(
        url=URL, method="POST", headers={"X-A": "1"}, query={"q": "${.body.a}"}, body={"a": 1}, missing="error"
    )
    assert http_configuration_of(action) == {
        "url": URL, "method": "post", "headers": {"X-A": "1"}, "data": {"a": 1}, "params": {"q": "${.body.a}"},
        "rawFunctionBody": None, "missing": "error",
    }  # fmt: skip
    assert http_configuration_of(an_action(url=URL, missing="drop")) == {
        "url": URL, "method": "post", "headers": {}, "data": {}, "params": {}, "rawFunctionBody": None,
    }  # fmt: skip
    assert http_configuration_of(an_action(url=URL, function="f"))["rawFunctionBody"] == "f"


def test_the_security_shows_no_secret():
    assert security_of(an_action(url=URL)) == {"type": "custom", "httpConfiguration": {}}
    action = an_action(url=URL, oauth2={"url": "https://id.example/token", "client_id": "me"})
    assert security_of(action) == {
        "type": "oauth2_client",
        "httpConfiguration": {
            "url": "https://id.example/token",
            "method": "post",
            "data": {
                "client_id": "me",
                "client_secret": MASK,
                "grant_type": "client_credentials",
                "response_type": "token",
            },
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
    }


def test_the_mask_is_a_secret_that_the_original_web_ui_takes():
    assert 8 <= len(MASK) <= 120
    assert any(c.islower() for c in MASK)
    assert any(c.isupper() for c in MASK)
    assert any(c.isdigit() for c in MASK)
    assert set(MASK) & set("!@#$%^&*_-")


def test_settings_can_be_read_of_a_part_of_a_body():
    assert settings_of(HttpConfiguration(reply_to="answered")) == {"reply_to": "answered"}
