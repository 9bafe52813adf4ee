import asyncio
import base64

import pytest

from eventyard.model.catalog import Source, Target
from eventyard.model.errors import Conflict, Invalid, NotFound
from eventyard.pipeline.targets import Targets
from eventyard.ports import Setting


@pytest.fixture
def targets(world):
    return Targets(world.catalog, world.vault, world.target_types, world.clock, world.new_id)


async def made(world, targets, **settings):
    given = {"url": "https://x.example/", **settings}
    target, _ = await targets.create(world.admin, project_id="default", name="crm", type_="webhook", settings=given)
    return target


async def test_settings_get_their_defaults_and_secrets_are_sealed(world, targets):
    target = await made(world, targets, secret="long enough")
    assert target.settings == {"url": "https://x.example/", "format": "plain"}
    assert world.vault.open(target.secrets["secret"][0], target.id) == "long enough"


async def test_an_unknown_type_names_those_there_are(world, targets):
    with pytest.raises(Invalid) as refused:
        await targets.create(world.admin, project_id="default", name="x", type_="pigeon")
    assert (refused.value.pointer, refused.value.hint) == ("/type", "target types here: job, signed, webhook")


async def test_the_types_own_check_is_asked(world, targets):
    with pytest.raises(Invalid, match="forbidden"):
        await made(world, targets, url="https://x/forbidden")


async def test_what_needs_a_closer_look_gets_it(world, targets):
    with pytest.raises(Invalid, match="absurd"):
        await made(world, targets, url="https://x/absurd")
    target = await made(world, targets)
    with pytest.raises(Invalid, match="absurd"):
        await targets.change(world.admin, target.id, {"settings": {"url": "https://x/absurd"}})


async def test_settings_are_merged_and_null_clears_one(world, targets):
    target = await made(world, targets, format="structured", secret="long enough")
    changed = await targets.change(world.admin, target.id, {"settings": {"url": "https://y/", "format": None}})
    assert changed.settings == {"url": "https://y/", "format": "plain"}
    assert changed.secrets == target.secrets
    assert (await targets.change(world.admin, target.id, {"settings": {"secret": None}})).secrets == {}


async def test_rotating_a_secret_keeps_the_old_one_for_a_while(world, targets):
    target = await made(world, targets, secret="the first one")
    rotated = await targets.rotate_secret(world.admin, target.id, "secret", "the second one", 1000)
    new, old = rotated.secrets["secret"]
    assert (new.expires_at, old.expires_at) == (None, world.clock.now + 1000)
    assert world.vault.open(new, target.id) == "the second one"


@pytest.mark.usefixtures("slow_disk")
async def test_two_changes_at_once_are_both_made(world, targets):
    target = await made(world, targets)
    changes = [{"concurrency": 3}, {"description": "of the east"}]
    await asyncio.gather(*(targets.change(world.admin, target.id, change) for change in changes))
    stored = world.catalog.get(Target, target.id)
    assert (stored.concurrency, stored.description) == (3, "of the east")


@pytest.mark.usefixtures("slow_disk")
async def test_a_change_does_not_bring_back_what_is_being_removed(world, targets):
    target = await made(world, targets)
    removed, refused, disabled = await asyncio.gather(
        targets.remove(world.admin, target.id),
        targets.change(world.admin, target.id, {"concurrency": 3}),
        targets.disable(target, "answered 410"),
        return_exceptions=True,
    )
    assert (removed, type(refused), disabled) == (None, NotFound, None)
    assert world.catalog.seek(Target, target.id) is None
    assert target.id not in {record.id for record in await world.store.load() if isinstance(record, Target)}


async def test_disabling_keeps_what_was_changed_since(world, targets):
    target = await made(world, targets)
    await targets.change(world.admin, target.id, {"concurrency": 3})
    await targets.disable(target, "answered 410")
    stored = world.catalog.get(Target, target.id)
    assert (stored.enabled, stored.concurrency) == (False, 3)


async def test_disabled_by_the_hub_it_says_why_and_enabling_forgets_it(world, targets):
    target = await made(world, targets)
    await targets.disable(target, "answered 410")
    stored = world.catalog.get(Target, target.id)
    assert (stored.enabled, stored.disabled_reason) == (False, "answered 410")
    enabled = await targets.change(world.admin, target.id, {"enabled": True})
    assert (enabled.enabled, enabled.disabled_reason) == (True, None)


async def test_a_target_a_subscription_drives_stays(world, targets):
    with pytest.raises(Conflict, match="fulfilment"):
        await targets.remove(world.admin, "target-receiver")
    target = await made(world, targets)
    await targets.remove(world.admin, target.id)
    assert world.catalog.seek(Target, target.id) is None


async def test_a_signing_secret_is_made_and_told_when_none_is_given(world, targets):
    given = {"url": "https://x.example/"}
    target, told = await targets.create(world.admin, project_id="default", name="a", type_="signed", settings=given)
    assert told["secret"].startswith("whsec_")
    assert len(base64.b64decode(told["secret"].removeprefix("whsec_"))) == 32
    assert world.vault.open(target.secrets["secret"][0], target.id) == told["secret"]
    own = given | {"secret": "long enough"}
    _, told = await targets.create(world.admin, project_id="default", name="b", type_="signed", settings=own)
    assert told == {}


async def test_answers_may_only_become_events_of_a_source_that_is_there(world, targets):
    world.target_types["replying"] = FakeReplying()
    given = {"project_id": "default", "type_": "replying"}
    with pytest.raises(Invalid) as refused:
        await targets.create(world.admin, **given, name="a", settings={"reply_to": "nobody"})
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/settings/reply_to")
    target, _ = await targets.create(world.admin, **given, name="a", settings={"reply_to": "shop"})
    with pytest.raises(Invalid):
        await targets.change(world.admin, target.id, {"settings": {"reply_to": "nobody"}})
    await world.catalog.remove(world.catalog.get(Source, "source-shop"))
    changed = await targets.change(world.admin, target.id, {"settings": {"format": "plain"}, "concurrency": 2})
    assert changed.settings["reply_to"] == "shop"


class FakeReplying:
    kind = "replying"
    pull = False
    settings = (
        Setting("reply_to", "Reply to", "a source", {"type": "string"}),
        Setting("format", "Format", "plain", {"type": "string"}),
    )

    def check(self, settings):
        """Everything is fine."""

    async def examine(self, settings):
        """Everything is fine."""
