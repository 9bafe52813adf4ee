"""A name and a password prove who somebody is, and so does a certificate with the id of a key for a name."""

from asyncio import Transport
from collections.abc import Mapping
from typing import Any

import pytest

from eventyard.gateways.amqp.login import prove
from eventyard.model.access import Scope
from eventyard.model.errors import TooMany, Unauthenticated
from eventyard.testing.hub import Yard
from eventyard.wire.amqp.events import Login

EXTERNAL = Login("EXTERNAL", None, None, {})


def plain(password: str | None) -> Login:
    return Login("PLAIN", "anybody", password, {})


async def test_a_password_may_be_an_api_key(yard: Yard) -> None:
    proven = await prove(plain(yard.key), yard.security, Transport())
    assert proven.organization_id == yard.project.organization_id
    for wrong in ("wrong", "", None):
        with pytest.raises(Unauthenticated):
            await prove(plain(wrong), yard.security, Transport())


@pytest.mark.parametrize("before", [(), (("countryName", "XX"),)])
async def test_a_certificate_names_a_key(yard: Yard, before: tuple[Any, ...]) -> None:
    key = yard.security.bearer(await yard.key_for(Scope.EVENTS_READ))
    certificate = {"subject": ((*before, ("commonName", key.key_id)),)}
    assert (await prove(EXTERNAL, yard.security, Transport({"peercert": certificate}))).key_id == key.key_id


@pytest.mark.parametrize(
    "certificate", [None, {}, {"subject": ((("countryName", "XX"),),)}, {"subject": ((("commonName", "nobody"),),)}]
)
async def test_any_other_certificate_is_nobodys(yard: Yard, certificate: Mapping[str, Any] | None) -> None:
    with pytest.raises(Unauthenticated):
        await prove(EXTERNAL, yard.security, Transport({"peercert": certificate}))


async def test_wrong_passwords_are_counted_by_where_they_come_from(yard: Yard) -> None:
    guessing, other = (Transport({"peername": (address, 5)}) for address in ("198.51.100.7", "192.0.2.1"))
    for number in range(5):
        with pytest.raises(Unauthenticated):
            await prove(plain(f"wrong {number}"), yard.security, guessing)
    with pytest.raises(TooMany):
        await prove(plain("wrong"), yard.security, guessing)
    with pytest.raises(Unauthenticated):
        await prove(plain("wrong"), yard.security, other)
    assert (await prove(plain(yard.key), yard.security, guessing)).name == "bootstrap"
