import pytest

from eventyard.model.errors import Invalid
from eventyard.pipeline.settings import check_settings
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
