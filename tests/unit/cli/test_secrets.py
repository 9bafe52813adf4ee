import json
from pathlib import Path

import pytest

from eventyard.cli.secrets import resealed
from eventyard.keyfile import KEY_FILE, read_keys
from eventyard.model.catalog import Application, Source, Target
from eventyard.model.errors import Unavailable
from eventyard.model.identity import SigningKey
from eventyard.pipeline.vault import Vault
from tests.unit.cli.stub import run

OLD, NEW, ALONE = Vault([b"o" * 32]), Vault([b"n" * 32, b"o" * 32]), Vault([b"n" * 32])


def source(**fields: object) -> Source:
    known = {"id": "s", "project_id": "p", "application_id": "a", "topic_id": "t", "name": "n"}
    return Source(**{**known, "created_at": 1, "updated_at": 1, **fields})  # type: ignore[arg-type]


def test_every_secret_is_sealed_with_the_new_key_and_says_the_same() -> None:
    with_two = source(secrets=(OLD.seal("new", "s"), OLD.seal("old", "s", 99)))
    target = Target("t", "p", "n", "webhook", 1, 1, secrets={"secret": (OLD.seal("whsec", "t"),)})
    changed, count = resealed([with_two, target, Application("a", "p", "n", 1, 1), source(id="x")], NEW)
    assert count == 3
    first, second = changed
    assert isinstance(first, Source)
    assert isinstance(second, Target)
    assert [ALONE.open(sealed, "s") for sealed in first.secrets] == ["new", "old"]
    assert [ALONE.open(sealed, "t") for sealed in second.secrets["secret"]] == ["whsec"]
    assert [sealed.expires_at for sealed in first.secrets] == [None, 99]


def test_the_keys_that_tokens_are_signed_with_are_secrets_too() -> None:
    key = SigningKey("k", "o", "ES256", OLD.seal('{"kty":"EC"}', "k"), 1, public="{}")
    [changed], count = resealed([key], NEW)
    assert isinstance(changed, SigningKey)
    assert count == 1
    assert ALONE.open(changed.private, "k") == '{"kty":"EC"}'
    assert changed.public == "{}"


def test_a_secret_that_cannot_be_read_stops_it_before_anything_changes() -> None:
    with pytest.raises(Unavailable):
        resealed([source(secrets=(Vault([b"x" * 32]).seal("lost", "s"),))], NEW)


def test_a_new_key_is_put_in_front_and_the_old_one_kept(tmp_path: Path) -> None:
    run("init", "--data", str(tmp_path))
    [old] = read_keys(tmp_path / KEY_FILE)
    ended = run("secrets", "rotate", "--data", str(tmp_path), "--json")
    assert json.loads(ended.out) == {"resealed": 0, "keys": 2}
    newest, kept = read_keys(tmp_path / KEY_FILE)
    assert kept == old
    assert newest != old


def test_old_keys_are_dropped_when_asked_for(tmp_path: Path) -> None:
    run("init", "--data", str(tmp_path))
    [old] = read_keys(tmp_path / KEY_FILE)
    run("secrets", "rotate", "--data", str(tmp_path), "--forget")
    [only] = read_keys(tmp_path / KEY_FILE)
    assert only != old
