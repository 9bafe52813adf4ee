import pytest

from eventyard.model.errors import Invalid
from eventyard.pipeline.settings import check_kept, check_settings
from eventyard.ports import Setting

DECLARED = (
    Setting("url", "URL", "an http(s) URL", {"type": "string", "pattern": "^https?://"}, required=True),
    Setting("format", "Format", "plain or structured", {"enum": ["plain", "structured"]}, default="plain"),
    Setting("secret", "Secret", "at least 8 characters", {"type": "string", "minLength": 8}, secret=True),
)


def test_defaults_are_filled_in_and_secrets_kept_apart():
    plain, secrets = check_settings(DECLARED, {"url": "https://x", "secret": "long enough"})
    assert plain == {"url": "https://x", "format": "plain"}
    assert secrets == {"secret": "long enough"}


def test_a_plain_setting_given_up_has_its_default_again():
    assert check_settings(DECLARED, {"url": "https://x", "format": None})[0]["format"] == "plain"


def test_a_partial_check_looks_at_what_is_given_only():
    assert check_settings(DECLARED, {"format": "structured"}, partial=True) == ({"format": "structured"}, {})
    assert check_settings(DECLARED, {"secret": None}, partial=True) == ({}, {"secret": None})


@pytest.mark.parametrize(
    ("given", "pointer", "says"),
    [
        ({}, "/settings/url", "required"),
        ({"url": None}, "/settings/url", "does not fit"),
        ({"url": "ftp://x"}, "/settings/url", "an http(s) URL"),
        ({"url": "https://x", "format": 3}, "/settings/format", "plain or structured"),
        ({"url": "https://x", "colour": "red"}, "/settings/colour", "no setting 'colour'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(given, pointer, says):
    with pytest.raises(Invalid) as refused:
        check_settings(DECLARED, given)
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", pointer)
    assert says in refused.value.message


def test_a_secret_that_does_not_fit_is_not_shown():
    with pytest.raises(Invalid) as refused:
        check_settings(DECLARED, {"url": "https://x", "secret": "hunter2"})
    assert "hunter2" not in refused.value.message


SENT = (
    Setting("url", "URL", "a URL", {"type": "string"}, required=True),
    Setting("login", "Log-in", "an object", {"type": "object"}),
    Setting("token", "Token", "any", {"type": "string"}, secret=True, sent_to=("url",)),
    Setting("password", "Password", "any", {"type": "string"}, secret=True, sent_to=("login/url", "url")),
    Setting("signing", "Signing", "any", {"type": "string"}, secret=True),
)
HERE = "https://here.example/a?b"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HERE, "https://here.example"), (HERE, "HTTPS://HERE.example:443/${.body.id}"),
        ("http://here.example:80/", "http://here.example#x"), ("${.url}", "${.url}"),
    ],
)  # fmt: skip
def test_a_secret_is_kept_while_it_goes_to_the_same_host(before, after):
    check_kept(SENT, {"url": before}, {"url": after}, {"token", "signing"})


@pytest.mark.parametrize(
    "after",
    [
        "http://here.example/a?b", "https://here.example:8443/a", "https://there.example/a", "https://here.example.de/",
        "https://here.example@there.example/", "https://here.example\\.there.example/", "${.url}",
    ],
)  # fmt: skip
def test_a_secret_has_to_be_given_anew_for_another_host(after):
    with pytest.raises(Invalid, match="token: with another url it has to be given anew") as refused:
        check_kept(SENT, {"url": HERE}, {"url": after}, {"token"})
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/settings/token")
    check_kept(SENT, {"url": HERE}, {"url": after}, {"signing"})


def test_every_url_that_a_secret_is_sent_to_counts_also_one_that_was_not_there():
    with_login = {"url": HERE, "login": {"url": "https://id.example/token"}}
    elsewhere = with_login | {"login": {"url": "https://id.example:8080"}}
    for before in (elsewhere, {"url": HERE}, {"url": HERE, "login": {}}):
        with pytest.raises(Invalid, match=r"password: with another login\.url it has to be given anew"):
            check_kept(SENT, before, with_login, {"password"})
    with pytest.raises(Invalid, match="password: with another url"):
        check_kept(SENT, with_login, with_login | {"url": "https://there.example"}, {"password"})
    check_kept(SENT, with_login, {"url": HERE}, {"password"})
