import hashlib
import hmac

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Source, Topic
from eventyard.model.errors import NotFound, Unauthenticated, Unavailable
from eventyard.ports import Request
from eventyard.testing import builders

BODY = b'{"order": 1}'


def signed(secret, now=builders.NOW):
    digest = hmac.digest(secret.encode(), BODY, hashlib.sha256).hex()
    return Request({"x-sig": f"sha256={digest}"}, BODY, now)


async def signing_source(world, *secrets):
    source = world.catalog.get(Source, "source-shop")
    sealed = tuple(world.vault.seal(secret, source.id, until) for secret, until in secrets)
    changed = replace(source, scheme="hmac-sha256", settings={"header": "X-Sig"}, secrets=sealed)
    return await world.catalog.save_one(changed)


async def test_a_door_is_built_once_and_again_after_a_change(world):
    first = world.doors.of("source-shop")
    assert world.doors.of("source-shop") is first
    await signing_source(world, ("s3cret", None))
    assert world.doors.of("source-shop") is not first
    assert world.doors.of("source-shop").source.scheme == "hmac-sha256"


async def test_a_change_of_the_topic_makes_new_doors(world):
    world.doors.of("source-shop")
    topic = world.catalog.get(Topic, "topic-orders")
    await world.catalog.save(builders.topic_schema({"type": "object"}), replace(topic, schema_version=1))
    assert len(world.doors.of("source-shop").schemas) == 1


async def test_a_signature_is_proven_with_any_live_secret_and_none_that_is_over(world):
    await signing_source(world, ("new", None), ("old", builders.NOW + 10))
    door = world.doors.of("source-shop")
    door.verify(signed("new"))
    door.verify(signed("old", builders.NOW + 9))
    with pytest.raises(Unauthenticated):
        door.verify(signed("old", builders.NOW + 10))


async def test_a_source_that_wants_signatures_and_has_no_secret_says_so(world):
    await signing_source(world)
    with pytest.raises(Unavailable) as refused:
        world.doors.of("source-shop").verify(signed("any"))
    assert refused.value.code == "signature_misconfigured"


async def test_a_scheme_that_is_not_installed_is_named(world):
    source = world.catalog.get(Source, "source-shop")
    await world.catalog.save(replace(source, scheme="carrier-pigeon"))
    with pytest.raises(Unavailable, match="carrier-pigeon"):
        world.doors.of("source-shop")


def test_there_is_no_door_without_a_source(world):
    with pytest.raises(NotFound):
        world.doors.of("nope")
