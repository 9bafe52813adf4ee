import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Target
from eventyard.model.errors import Unavailable
from eventyard.pipeline.directory import Directory
from eventyard.pipeline.vault import Vault
from eventyard.testing import builders


@pytest.fixture
def directory(world):
    return Directory(world.catalog, world.vault, world.clock)


async def test_targets_and_subscriptions_are_those_alive(world, directory):
    target = world.catalog.get(Target, "target-receiver")
    assert directory.target(target.number) is target
    assert directory.target(9999) is None
    assert directory.subscription("subscription-fulfilment").name == "fulfilment"
    assert directory.subscription("nope") is None


async def test_a_targets_secrets_are_opened_newest_first_until_they_are_over(world, directory):
    target = world.catalog.get(Target, "target-receiver")
    sealed = (world.vault.seal("new", target.id), world.vault.seal("old", target.id, builders.NOW + 10))
    target = await world.catalog.save_one(replace(target, secrets={"secret": sealed}))
    assert directory.secrets(target) == {"secret": ("new", "old")}
    assert directory.secrets(target) is directory.secrets(target)
    world.clock.now += 10
    assert directory.secrets(target) == {"secret": ("new",)}
    world.clock.now -= 5
    assert directory.secrets(target) == {"secret": ("new", "old")}


async def test_a_target_type_cannot_change_the_secrets_of_later_deliveries(world, directory):
    target = world.catalog.get(Target, "target-receiver")
    with pytest.raises(TypeError):
        directory.secrets(target)["secret"] = ("leak",)
    target = await world.catalog.save_one(replace(target, secrets={"secret": (world.vault.seal("s", target.id),)}))
    with pytest.raises(TypeError):
        directory.secrets(target)["secret"] = ("leak",)


async def test_a_changed_target_has_its_new_secrets(world, directory):
    target = world.catalog.get(Target, "target-receiver")
    assert directory.secrets(target) == {}
    for secret in ("one", "two"):
        target = await world.catalog.save_one(
            replace(target, secrets={"secret": (world.vault.seal(secret, target.id),)})
        )
        assert directory.secrets(target) == {"secret": (secret,)}


async def test_a_secret_of_another_key_file_is_an_error_with_a_code(world, directory):
    target = world.catalog.get(Target, "target-receiver")
    foreign = replace(target, secrets={"secret": (Vault([b"x" * 32]).seal("s", target.id),)})
    with pytest.raises(Unavailable) as refused:
        directory.secrets(foreign)
    assert refused.value.code == "secret_unreadable"
