import asyncio

import pytest

from eventyard.targets.resolver import SWEPT_FROM, ForbiddenAddress, GuardedResolver, Lookup, look_up


def answering(*addresses: str) -> Lookup:
    async def lookup(host: str) -> list[str]:
        return list(addresses)

    return lookup


async def test_every_address_of_a_public_name_may_be_connected_to() -> None:
    resolver = GuardedResolver(answering("93.184.216.34", "2606:4700::1111"), allow_private=False)
    assert await resolver.resolve("shop.example") == ["93.184.216.34", "2606:4700::1111"]


async def test_one_private_address_among_many_forbids_the_name() -> None:
    resolver = GuardedResolver(answering("93.184.216.34", "::ffff:10.0.0.5"), allow_private=False)
    with pytest.raises(ForbiddenAddress, match=r"shop\.example leads to ::ffff:10\.0\.0\.5, a private address"):
        await resolver.resolve("shop.example")


async def test_where_private_targets_are_allowed_every_address_is() -> None:
    assert await GuardedResolver(answering("10.0.0.5"), allow_private=True).resolve("shop.internal") == ["10.0.0.5"]


async def test_a_name_without_addresses_is_an_error() -> None:
    with pytest.raises(OSError, match="has no address"):
        await GuardedResolver(answering(), allow_private=False).resolve("shop.example")


async def test_a_name_is_asked_for_once_by_all_who_want_it_and_kept_although_one_gives_up() -> None:
    asked: list[str] = []
    question, answer = asyncio.Event(), asyncio.Event()

    async def lookup(host: str) -> list[str]:
        asked.append(host)
        question.set()
        await answer.wait()
        return ["10.0.0.5"]

    resolver = GuardedResolver(lookup, allow_private=True)
    impatient, patient = (asyncio.create_task(resolver.resolve("shop.example")) for _ in range(2))
    await question.wait()
    impatient.cancel()
    answer.set()
    assert await patient == ["10.0.0.5"]
    assert await resolver.resolve("shop.example") == ["10.0.0.5"]
    assert asked == ["shop.example"]


async def test_a_name_that_did_not_resolve_is_asked_for_again() -> None:
    answers = iter([[], ["10.0.0.5"]])

    async def lookup(host: str) -> list[str]:
        return next(answers)

    resolver = GuardedResolver(lookup, allow_private=True)
    with pytest.raises(OSError, match="has no address"):
        await resolver.resolve("shop.example")
    assert await resolver.resolve("shop.example") == ["10.0.0.5"]


async def test_addresses_are_asked_for_again_when_they_are_old() -> None:
    answers = iter([["10.0.0.5"], ["10.0.0.6"]])

    async def lookup(host: str) -> list[str]:
        return next(answers)

    resolver = GuardedResolver(lookup, allow_private=True, keep_s=0)
    assert await resolver.resolve("shop.example") == ["10.0.0.5"]
    assert await resolver.resolve("shop.example") == ["10.0.0.6"]


async def test_old_names_are_forgotten() -> None:
    resolver = GuardedResolver(answering("10.0.0.5"), allow_private=True, keep_s=0)
    for n in range(3 * SWEPT_FROM):
        await resolver.resolve(f"shop-{n}.example")
    assert len(resolver._asked) <= SWEPT_FROM


async def test_the_systems_resolver_knows_numbers() -> None:
    assert await look_up("127.0.0.1") == ["127.0.0.1"]
