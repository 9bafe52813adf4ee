"""A passcode is a key, a token, or a password; and whoever is refused is told of in the log."""

import pytest

from eventyard.gateways.stomp.login import known, proven, told
from eventyard.model.errors import TooMany, Unauthenticated
from eventyard.testing.hub import memory_hub
from eventyard.wire.stomp.commands import Connect

PASSWORD, HOME, ELSEWHERE = "correct horse", "192.0.2.1", "198.51.100.7"


def connect(login: str | None, passcode: str | None) -> Connect:
    return Connect(version="1.2", login=login, passcode=passcode)


async def test_a_key_or_a_token_is_known_at_once_whatever_the_login() -> None:
    async with memory_hub() as yard:
        for login in (None, "", "anybody"):
            found = known(connect(login, yard.key), yard.security, HOME)
            assert found is not None
            assert found.name == "bootstrap"


async def test_a_password_takes_time_once() -> None:
    async with memory_hub(password=PASSWORD) as yard:
        command = connect("admin", PASSWORD)
        assert known(command, yard.security, HOME) is None
        assert (await proven(command, yard.security, HOME)).name == "admin"
        found = known(command, yard.security, HOME)
        assert found is not None
        assert found.name == "admin"


async def test_without_a_passcode_nobody_is_known() -> None:
    async with memory_hub() as yard:
        for passcode in (None, ""):
            with pytest.raises(Unauthenticated, match="wanted as the passcode"):
                known(connect("admin", passcode), yard.security, HOME)


async def test_wrong_passwords_are_counted_by_where_they_come_from() -> None:
    async with memory_hub(password=PASSWORD) as yard:
        for number in range(5):
            with pytest.raises(Unauthenticated):
                await proven(connect("admin", f"wrong {number}"), yard.security, ELSEWHERE)
        with pytest.raises(TooMany):
            known(connect("admin", PASSWORD), yard.security, ELSEWHERE)
        assert (await proven(connect("admin", PASSWORD), yard.security, HOME)).name == "admin"


async def test_who_is_refused_is_counted() -> None:
    async with memory_hub() as yard:
        with pytest.raises(Unauthenticated), told(yard.hub.streams, "here:5", "ada"):
            known(connect("ada", None), yard.security, HOME)
        assert b'eventyard_logins_refused_total{protocol="stomp"} 1.0' in yard.hub.metrics.render()
