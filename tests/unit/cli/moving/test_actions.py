import pytest

from eventyard.cli.moving.actions import Refused, settings_from
from eventyard.ports import Egress
from eventyard.targets.request import RequestTarget

KIND = RequestTarget(Egress())
HTTP = {
    "url": "https://billing.example/orders/${.body.id}",
    "method": "post",
    "headers": {"x-customer": "${.body.customer-id}"},
    "data": {"deep": {"text": "Hello ${.body.name}"}, "n": 1},
    "params": {"from": "eventhos"},
    "rawFunctionBody": None,
}
OAUTH2 = {
    "url": "https://login.example/token",
    "method": "post",
    "data": {
        "client_id": "me",
        "client_secret": "s3cr3t",
        "grant_type": "client_credentials",
        "response_type": "token",
    },
}


def test_templates_stay_as_they_were_written() -> None:
    settings, secrets = settings_from(HTTP, "custom", {"url": None, "method": "post"}, "reply-1", KIND)
    assert settings["url"] == HTTP["url"]
    assert settings["method"] == "POST"
    assert settings["headers"] == HTTP["headers"]
    assert settings["query"] == HTTP["params"]
    assert settings["body"] == HTTP["data"]
    assert settings["reply_to"] == "reply-1"
    assert "function" not in settings
    assert secrets == {}


def test_an_action_without_a_body_sends_the_events_on() -> None:
    settings, _ = settings_from({**HTTP, "data": {}}, "custom", None, None, KIND)
    assert not settings.keys() & {"body", "function", "mapping", "reply_to", "oauth2"}


def test_javascript_stays_javascript() -> None:
    settings, _ = settings_from({**HTTP, "rawFunctionBody": "return {};"}, "custom", None, None, KIND)
    assert settings["function"] == "return {};"
    assert "body" not in settings


def test_the_secret_of_oauth2_is_told_from_what_may_be_shown() -> None:
    settings, secrets = settings_from(HTTP, "oauth2_client", OAUTH2, None, KIND)
    assert settings["oauth2"] == {"url": "https://login.example/token", "client_id": "me"}
    assert secrets == {"client_secret": "s3cr3t"}
    assert "s3cr3t" not in str(settings)


@pytest.mark.parametrize(
    ("http", "security", "field"),
    [
        (None, None, "url"),
        ({**HTTP, "url": "not a url"}, None, "url"),
        ({**HTTP, "url": "ftp://billing.example/"}, None, "url"),
        ({**HTTP, "headers": {"n": {"deep": 1}}}, None, "headers"),
        ({**HTTP, "data": {"text": "${.body..x}"}}, None, "body"),
        (HTTP, {}, "securityUrl"),
        (HTTP, {**OAUTH2, "data": {"client_id": "me"}}, "clientSecret"),
    ],
)
def test_what_cannot_be_a_target_says_which_field_it_is(http: object, security: object, field: str) -> None:
    with pytest.raises(Refused, match=field):
        settings_from(http, "custom" if security is None else "oauth2_client", security, None, KIND)
