"""Argon2id for what is kept here, bcrypt for what is brought along."""

import bcrypt
import pytest

from eventyard.pipeline.identity.passwords import LONGEST, Passwords


@pytest.fixture
def passwords():
    return Passwords()


async def test_a_password_is_kept_as_argon2id_and_known_again(passwords):
    kept = await passwords.hashed("correct horse")
    assert kept.startswith("$argon2id$")
    assert await passwords.proves(kept, "correct horse")
    assert not await passwords.proves(kept, "battery staple")
    assert not passwords.is_old(kept)


async def test_the_same_password_is_kept_in_another_form_each_time(passwords):
    assert await passwords.hashed("x") != await passwords.hashed("x")


@pytest.mark.parametrize("prefix", [b"2a", b"2b"])
async def test_a_bcrypt_hash_counts_and_is_old(passwords, prefix):
    kept = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4, prefix=prefix)).decode()
    assert await passwords.proves(kept, "correct horse")
    assert not await passwords.proves(kept, "battery staple")
    assert passwords.is_old(kept)


async def test_of_a_long_password_bcrypt_knows_the_first_72_bytes(passwords):
    long = "é" * 40
    kept = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    assert await passwords.proves(kept, long)


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$broken", "$2b$10$broken", "$2b$04$" + "!" * 53])
async def test_what_is_no_hash_proves_nothing(passwords, kept):
    assert not await passwords.proves(kept, "plain")


@pytest.mark.parametrize("password", ["", "a\0b", "\U0001f511" * 100])
async def test_any_text_can_be_a_password(passwords, password):
    assert await passwords.proves(await passwords.hashed(password), password)


async def test_a_nul_is_nothing_that_bcrypt_could_have_hashed(passwords):
    kept = bcrypt.hashpw(b"a", bcrypt.gensalt(4)).decode()
    assert not await passwords.proves(kept, "a\0b")


async def test_nobodys_password_is_hashed_like_any_other(passwords, monkeypatch):
    compared = []
    monkeypatch.setattr(
        "argon2.PasswordHasher.verify", lambda self, kept, password: compared.append(kept) or kept is not None
    )
    assert not await passwords.proves(None, "whatever")
    assert not await passwords.proves(None, "")
    assert [kept.startswith("$argon2id$") for kept in compared] == [True, True]


async def test_a_password_beyond_all_measure_is_not_looked_at(passwords, monkeypatch):
    monkeypatch.delattr("argon2.PasswordHasher.verify")
    assert not await passwords.proves("$argon2id$whatever", "x" * (LONGEST + 1))
