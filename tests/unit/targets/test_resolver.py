import socket

import pytest

from eventyard.targets.resolver import ForbiddenAddress, GuardedResolver, Lookup, look_up


def answering(*addresses: str) -> Lookup:
    async def lookup(host: str) -> list[str]:
        return list(addresses)

    return lookup


async def test_every_address_of_a_public_name_may_be_connected_to() -> None:
    resolver = GuardedResolver(answering("93.184.216.34", "2606:4700::1111"), allow_private=False)
    found = await resolver.resolve("shop.example", 443)
    assert [(one["hostname"], one["host"], one["port"], one["family"]) for one in found] == [
        ("shop.example", "93.184.216.34", 443, socket.AF_INET),
        ("shop.example", "2606:4700::1111", 443, socket.AF_INET6),
    ]
    await resolver.close()


async def test_one_private_address_among_many_forbids_the_name() -> None:
    resolver = GuardedResolver(answering("93.184.216.34", "::ffff:10.0.0.5"), allow_private=False)
    with pytest.raises(ForbiddenAddress, match=r"shop\.example leads to ::ffff:10\.0\.0\.5, a private address"):
        await resolver.resolve("shop.example", 443)


async def test_where_private_targets_are_allowed_every_address_is() -> None:
    [found] = await GuardedResolver(answering("10.0.0.5"), allow_private=True).resolve("shop.internal", 80)
    assert found["host"] == "10.0.0.5"


async def test_a_name_without_addresses_is_an_error() -> None:
    with pytest.raises(OSError, match="has no address"):
        await GuardedResolver(answering(), allow_private=False).resolve("shop.example", 443)


async def test_the_systems_resolver_knows_numbers() -> None:
    assert await look_up("127.0.0.1") == ["127.0.0.1"]
