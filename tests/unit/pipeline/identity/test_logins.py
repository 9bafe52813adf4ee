"""Who proves themselves with a password or a secret, and what becomes of who does not."""

import asyncio
import threading

import bcrypt
import pytest
from argon2 import PasswordHasher

from eventyard.model.catalog import User
from eventyard.model.errors import TooMany, Unauthenticated, Unavailable

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"
RIGHT, WRONG = "correct horse", "battery staple"


@pytest.fixture
async def ada(world, identity):
    made = await identity.users.create(world.admin, name="ada", password=RIGHT, scopes=["admin"])
    return made.id


@pytest.fixture
def logins(identity):
    return identity.logins


@pytest.fixture
def hashed(monkeypatch):
    """In which threads passwords were compared."""
    threads = []
    verify = bcrypt.checkpw
    monkeypatch.setattr("bcrypt.checkpw", lambda *given: threads.append(threading.current_thread()) or verify(*given))
    argon = PasswordHasher.verify
    monkeypatch.setattr(
        "argon2.PasswordHasher.verify",
        lambda *given: threads.append(threading.current_thread()) or argon(*given),
    )
    return threads


async def test_a_password_proves_its_user_again_and_again_and_no_other_does(logins, ada, hashed):
    assert logins.known("ada", RIGHT, HOME) is None
    for _ in range(3):
        assert (await logins.user("ada", RIGHT, HOME)).id == ada
    assert logins.known("ada", RIGHT, HOME).id == ada
    assert len(hashed) == 1
    for name, password in (("ada", WRONG), ("nobody", RIGHT), ("ada", ""), ("", "")):
        with pytest.raises(Unauthenticated) as refused:
            await logins.user(name, password, HOME)
        assert refused.value.message == "the user name or password is not right"
        assert logins.known(name, password, HOME) is None
    assert len(hashed) == 5, "a user who is not there takes as long as a wrong password"


async def test_the_event_loop_is_never_kept_by_a_hash(logins, ada, hashed):
    await logins.user("ada", RIGHT, HOME)
    with pytest.raises(Unauthenticated):
        await logins.user("nobody", RIGHT, HOME)
    assert threading.main_thread() not in hashed


async def test_the_same_guess_made_many_times_at_once_is_looked_at_once(logins, ada, hashed):
    assert {one.id for one in await asyncio.gather(*(logins.user("ada", RIGHT, HOME) for _ in range(50)))} == {ada}
    assert len(hashed) == 1


async def test_who_goes_away_meanwhile_takes_nobodys_answer_along(logins, ada):
    first, second = (asyncio.create_task(logins.user("ada", RIGHT, HOME)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).id == ada


async def test_different_guesses_at_once_are_five(logins, ada, hashed):
    guesses = [logins.user("ada", f"{WRONG} {number}", ELSEWHERE) for number in range(40)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(result) for result in results].count(Unauthenticated) == 5
    assert [type(result) for result in results].count(TooMany) == 35
    assert len(hashed) == 5


async def test_an_administrator_comes_in_whatever_happens_elsewhere(logins, ada):
    for number in range(5):
        with pytest.raises(Unauthenticated):
            await logins.user("ada", f"{WRONG} {number}", ELSEWHERE)
    with pytest.raises(TooMany):
        await logins.user("ada", RIGHT, ELSEWHERE)
    assert (await logins.user("ada", RIGHT, HOME)).id == ada
    with pytest.raises(TooMany):
        logins.known("ada", RIGHT, ELSEWHERE)


async def test_success_begins_the_count_anew(logins, ada):
    for round in range(3):
        for number in range(4):
            with pytest.raises(Unauthenticated):
                await logins.user("ada", f"{WRONG} {round}{number}", HOME)
        assert (await logins.user("ada", RIGHT, HOME)).id == ada
        logins._right.clear()


async def test_a_new_password_ends_what_was_remembered_of_the_old_one(world, identity, logins, ada):
    await logins.user("ada", RIGHT, HOME)
    await identity.users.change_password(world.admin, ada, old=RIGHT, new=WRONG)
    assert logins.known("ada", RIGHT, HOME) is None
    with pytest.raises(Unauthenticated):
        await logins.user("ada", RIGHT, HOME)
    assert (await logins.user("ada", WRONG, HOME)).id == ada


async def test_who_was_removed_is_not_remembered(world, identity, logins, ada):
    await identity.users.create(world.admin, name="root", password="x", scopes=["admin"])
    await logins.user("ada", RIGHT, HOME)
    await identity.users.remove(world.admin, ada)
    assert logins.known("ada", RIGHT, HOME) is None
    with pytest.raises(Unauthenticated):
        await logins.user("ada", RIGHT, HOME)


async def test_a_bcrypt_hash_becomes_argon2id_when_its_owner_comes_in(world, logins, user):
    kept = bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(4)).decode()
    bob = await user("bob", password_hash=kept)
    with pytest.raises(Unauthenticated):
        await logins.user("bob", WRONG, HOME)
    assert world.catalog.get(User, bob.id).password_hash == kept
    assert (await logins.user("bob", RIGHT, HOME)).id == bob.id
    upgraded = world.catalog.get(User, bob.id).password_hash
    assert upgraded.startswith("$argon2id$")
    assert logins.known("bob", RIGHT, HOME).id == bob.id
    logins._right.clear()
    assert (await logins.user("bob", RIGHT, HOME)).id == bob.id
    assert world.catalog.get(User, bob.id).password_hash == upgraded


async def test_a_disk_that_is_full_keeps_nobody_out(world, logins, user, monkeypatch):
    bob = await user("bob", password_hash=bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(4)).decode())

    async def full(change):
        raise Unavailable("store_full", "the disk is full")

    monkeypatch.setattr(world.store, "change", full)
    assert (await logins.user("bob", RIGHT, HOME)).id == bob.id


async def test_a_client_is_proven_by_its_secret_and_locked_out_by_guesses(world, identity, logins):
    client, secret = await identity.clients.create(world.admin, name="ci")
    assert logins.client(client.client_id, secret, HOME) == client
    said = set()
    for client_id in (client.client_id, "nobody::default"):
        for _ in range(5):
            with pytest.raises(Unauthenticated) as refused:
                logins.client(client_id, "wrong", ELSEWHERE)
            said.add(refused.value.message)
        with pytest.raises(TooMany):
            logins.client(client_id, secret, ELSEWHERE)
    assert len(said) == 1
    for _ in range(100):
        assert logins.client(client.client_id, secret, HOME) == client


async def test_a_client_and_a_user_of_one_name_are_two(world, identity, logins, ada):
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            logins.client("ada", "wrong", HOME)
    assert (await logins.user("ada", RIGHT, HOME)).id == ada


async def test_a_password_that_is_remembered_sets_the_count_back_as_any_other(logins, ada):
    for _ in range(4):
        for password in (WRONG, WRONG, WRONG):
            with pytest.raises(Unauthenticated):
                await logins.user("ada", password, HOME)
        assert (await logins.user("ada", RIGHT, HOME)).id == ada
