import os
import re
from pathlib import Path

import pytest

from eventyard.config import ConfigError, known, load, variable


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):

    for name in [name for name in os.environ if name.startswith("EVENTYARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(tmp_path, text):
    file = tmp_path / "eventyard.toml"
    file.write_text(text)
    return file


def test_without_anything_set_the_hub_is_careful():
    settings = load()
    assert settings.listen == "127.0.0.1:8080"
    assert settings.targets.allow_private is False
    assert settings.bench is False


def test_the_environment_wins_over_the_file_and_options_over_both(monkeypatch, tmp_path):
    file = written(tmp_path, 'listen = "0.0.0.0:1"\n[limits]\nbody_bytes = 10\ndepth = 5\n')
    monkeypatch.setenv("EVENTYARD_LIMITS__DEPTH", "6")
    settings = load(file, {"listen": "0.0.0.0:2", "data": None})
    assert (settings.listen, settings.limits.body_bytes, settings.limits.depth) == ("0.0.0.0:2", 10, 6)


def test_bootstrap_secrets_do_not_show():

    os.environ["EVENTYARD_BOOTSTRAP_KEY"] = "eyk_top_secret"
    try:
        settings = load()
    finally:
        del os.environ["EVENTYARD_BOOTSTRAP_KEY"]
    assert settings.bootstrap_key.get_secret_value() == "eyk_top_secret"
    assert "eyk_top_secret" not in repr(settings)


def test_a_number_and_a_name_can_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("EVENTYARD_EVENTHOS__SUCCESS_CODE", "20000")
    monkeypatch.setenv("EVENTYARD_EVENTHOS__TIME_ZONE", "America/Lima")
    assert (load().eventhos.success_code, load().eventhos.time_zone) == (20_000, "America/Lima")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lissten = 'x'", "no setting 'lissten'; did you mean listen?"),
        ("[limits]\nbodybytes = 1", "did you mean limits.body_bytes?"),
        ("[limits]\nbody_bytes = 0", "'limits.body_bytes'"),
        ("[log]\nlevel = 'loud'", "'log.level'"),
        ("[eventhos]\ntime_zone = 'Nowhere/Land'", "that is no time zone"),
        ("[eventhos]\nsuccess_code = 200", "write 200000 or 20000"),
        (
            "[store]\nurl = 'mongodb://x'",
            "'store.url' (in eventyard.toml or EVENTYARD_STORE__URL): that is not a store",
        ),
        ("[streams]\norigins = 'https://a.example'", "that is not a list"),
        ("listen = ", "is not TOML"),
    ],
)
def test_what_a_file_says_wrongly_is_named(tmp_path, text, says):
    written(tmp_path, text)
    with pytest.raises(ConfigError, match=re.escape(says)):
        load(Path("eventyard.toml"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "none.toml")


def test_a_variable_nobody_knows_is_refused_with_the_nearest(monkeypatch):
    monkeypatch.setenv("EVENTYARD_TARGET__ALLOW_PRIVATE", "true")
    with pytest.raises(ConfigError, match="EVENTYARD_TARGETS__ALLOW_PRIVATE"):
        load()


def test_a_list_in_the_environment_is_json(monkeypatch):
    monkeypatch.setenv("EVENTYARD_PROXIES", '["10.0.0.1"]')
    monkeypatch.setenv("EVENTYARD_STREAMS__ORIGINS", '["https://a.example", "https://b.example"]')
    settings = load()
    assert (settings.proxies, settings.streams.origins) == (["10.0.0.1"], ["https://a.example", "https://b.example"])


@pytest.mark.parametrize("name", ["PROXIES", "PUBLIC_URL", "AMQP", "BOOTSTRAP_KEY", "STREAMS__ORIGINS", "STORE__URL"])
def test_what_is_empty_in_the_environment_is_unset(monkeypatch, name):
    unset = str(load())
    monkeypatch.setenv(f"EVENTYARD_{name}", "")
    assert str(load()) == unset


@pytest.mark.parametrize("text", ["10.0.0.1", '["10.0.0.1"', '"10.0.0.1"'])
@pytest.mark.parametrize(
    ("name", "given"), [("proxies", "EVENTYARD_PROXIES"), ("streams.origins", "EVENTYARD_STREAMS__ORIGINS")]
)
def test_what_is_no_list_in_the_environment_is_refused_by_the_settings_name(monkeypatch, name, given, text):
    monkeypatch.setenv(given, text)
    with pytest.raises(ConfigError) as caught:
        load()
    assert str(caught.value) == f'setting {name!r} ({given}): that is not a list; write one as ["first", "second"]'


def test_a_part_of_a_list_that_is_wrong_is_refused_by_the_settings_name(monkeypatch):
    monkeypatch.setenv("EVENTYARD_PROXIES", "[1]")
    with pytest.raises(ConfigError, match=re.escape("setting 'proxies' (EVENTYARD_PROXIES): ")):
        load()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("amqp", "foo", "write HOST:PORT"),
        ("amqps", "foo", "write HOST:PORT"),
        ("stomp", "foo", "write HOST:PORT"),
        ("listen", "8080", "write HOST:PORT"),
        ("public_url", "notaurl", "write http:// or https:// and a host"),
        ("proxies", '["10.0.0.1", "nonsense"]', "'nonsense' is no address and no network"),
        ("bootstrap_key", "sp ace \u00fc", "a key goes into a header"),
    ],
)
def test_what_makes_no_sense_is_refused_when_settings_are_loaded(monkeypatch, name, text, says):
    monkeypatch.setenv(variable(name), text)
    with pytest.raises(ConfigError) as caught:
        load()
    assert str(caught.value).startswith(f"setting {name!r} ({variable(name)}): {says}")


def test_variables_of_the_command_lines_client_are_not_settings(monkeypatch):
    monkeypatch.setenv("EVENTYARD_URL", "http://127.0.0.1:1")
    load()


def test_every_setting_is_described():
    assert all(field.description for _, field in known())
    assert variable("targets.allow_private") == "EVENTYARD_TARGETS__ALLOW_PRIVATE"
