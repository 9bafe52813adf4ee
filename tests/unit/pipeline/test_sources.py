import msgspec
import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Project, Source, Subscription, Topic
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.sealed import Sealed
from eventyard.pipeline.sources import Sources
from eventyard.pipeline.topics import Topics
from eventyard.verifiers.standard_webhooks import StandardWebhooksVerifier


@pytest.fixture
def sources(world):
    topics = Topics(world.catalog, world.clock, world.new_id)
    return Sources(world.catalog, topics, world.vault, world.verifiers, world.clock, world.new_id)


async def test_a_new_source_gets_a_topic_of_its_own_name(world, sources):
    source = await sources.create(world.admin, project_id="default", name="github")
    assert world.catalog.get(Topic, source.topic_id).name == "github"
    assert source.scheme == "none"


async def test_its_secret_is_sealed_and_opens_for_it_alone(world, sources):
    source = await sources.create(
        world.admin, project_id="default", name="github", scheme="hmac-sha256", secret="s3cret",
        settings={"header": "X-Hub-Signature-256"},
    )  # fmt: skip
    [sealed] = source.secrets
    assert world.vault.open(sealed, source.id) == "s3cret"
    assert "s3cret" not in repr(source)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"scheme": "md5"}, "invalid_settings"),
        ({"scheme": "hmac-sha256", "settings": {"colour": "red"}}, "invalid_settings"),
        ({"schema": {"type": 3}}, "invalid_schema"),
    ],
)
async def test_what_cannot_work_is_refused_when_it_is_written(world, sources, fields, code):
    with pytest.raises(Invalid) as refused:
        await sources.create(world.admin, project_id="default", name="github", **fields)
    assert refused.value.code == code
    assert world.catalog.named(Topic, "project-default", "github") is None


async def test_a_name_taken_is_a_conflict_that_leaves_nothing_behind(world, sources):
    with pytest.raises(Conflict) as refused:
        await sources.create(world.admin, project_id="default", name="shop")
    assert refused.value.code == "duplicate"
    assert world.catalog.named(Topic, "project-default", "shop") is None


async def test_a_locked_topic_takes_no_new_source(world, sources):
    await Topics(world.catalog, world.clock, world.new_id).change(world.admin, "topic-orders", {"locked": True})
    with pytest.raises(Conflict) as refused:
        await sources.create(world.admin, project_id="default", name="second", topic="orders")
    assert refused.value.code == "topic_locked"


async def test_in_another_project_a_bound_key_makes_nothing(world, sources):
    with pytest.raises(Forbidden):
        await sources.create(world.bound(Scope.CATALOG_WRITE), project_id="project-other", name="x")
    with pytest.raises(NotFound):
        await sources.create(world.stranger, project_id="project-other", name="x")


async def test_an_empty_secret_clears_it(world, sources):
    await sources.change(world.admin, "source-shop", {"secret": "one"})
    assert len(world.catalog.get(Source, "source-shop").secrets) == 1
    await sources.change(world.admin, "source-shop", {"secret": ""})
    assert world.catalog.get(Source, "source-shop").secrets == ()


async def test_settings_are_merged_and_those_of_another_scheme_dropped(world, sources):
    await sources.change(world.admin, "source-shop", {"scheme": "hmac-sha256", "settings": {"header": "X-A"}})
    changed = await sources.change(world.admin, "source-shop", {"settings": {}, "description": "d"})
    assert changed.settings["header"] == "X-A"
    assert (await sources.change(world.admin, "source-shop", {"scheme": "none"})).settings == {}


async def test_rotating_keeps_the_old_secret_for_a_while_and_never_a_third(world, sources):
    for secret in ("one", "two", "three"):
        source = await sources.rotate_secret(world.admin, "source-shop", secret, 1000)
    assert [world.vault.open(s, source.id) for s in source.secrets] == ["three", "two"]
    assert [s.expires_at for s in source.secrets] == [None, world.clock.now + 1000]


async def test_removing_a_source_removes_the_subscriptions_made_on_it_and_no_others(world, sources):
    on_it = await world.catalog.save_one(
        Subscription(
            "sub-on-source", "project-default", "application-default", "on it", ("topic-orders",), "webhook",
            "target-receiver", 0, 0, source_id="source-shop",
        )
    )  # fmt: skip
    await sources.remove(world.admin, "source-shop")
    assert world.catalog.seek(Subscription, on_it.id) is None
    assert world.catalog.seek(Subscription, "subscription-fulfilment") is not None


async def test_a_source_with_subscriptions_stays_when_they_may_not_go_along(world, sources):
    await world.catalog.save_one(
        Subscription(
            "sub-on-source", "project-default", "application-default", "on it", ("topic-orders",), "webhook",
            "target-receiver", 0, 0, source_id="source-shop",
        )
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        await sources.remove(world.admin, "source-shop", along=False)
    assert refused.value.code == "in_use"
    assert world.catalog.seek(Subscription, "sub-on-source") is not None


async def test_a_secret_that_its_scheme_cannot_use_is_refused_when_it_is_written(world, sources):
    world.verifiers["standard-webhooks"] = StandardWebhooksVerifier()
    fields = {"project_id": "default", "name": "hooks", "scheme": "standard-webhooks"}
    with pytest.raises(Invalid):
        await sources.create(world.admin, **fields, secret="whsec_!!!")
    made = await sources.create(world.admin, **fields, secret="whsec_" + "A" * 32)
    with pytest.raises(Invalid):
        await sources.change(world.admin, made.id, {"secret": "whsec_!!!"})
    with pytest.raises(Invalid):
        await sources.rotate_secret(world.admin, made.id, "whsec_!!!", 1000)


async def test_a_scheme_that_cannot_use_the_secret_a_source_has_is_not_put_in_place(world, sources):
    world.verifiers["standard-webhooks"] = StandardWebhooksVerifier()
    fields = {"project_id": "default", "scheme": "hmac-sha256"}
    plain = await sources.create(world.admin, name="plain", **fields, secret="it is a text")
    to_webhooks = {"scheme": "standard-webhooks"}
    with pytest.raises(Invalid) as refused:
        await sources.change(world.admin, plain.id, to_webhooks)
    assert (refused.value.code, refused.value.pointer) == ("invalid_settings", "/secret")
    assert world.catalog.get(Source, plain.id).scheme == "hmac-sha256"
    changed = await sources.change(world.admin, plain.id, to_webhooks | {"secret": "whsec_" + "A" * 32})
    assert (await sources.change(world.admin, changed.id, {"scheme": "none"})).scheme == "none"


async def test_of_the_secrets_a_source_has_those_that_count_must_fit_another_scheme(world, sources):
    world.verifiers["standard-webhooks"] = StandardWebhooksVerifier()
    source = await sources.create(
        world.admin, project_id="default", name="hooks", scheme="hmac-sha256", secret="it is a text"
    )
    await sources.rotate_secret(world.admin, source.id, "A" * 32, 1000)
    with pytest.raises(Invalid):
        await sources.change(world.admin, source.id, {"scheme": "standard-webhooks"})
    world.clock.now += 1000
    changed = await sources.change(world.admin, source.id, {"scheme": "standard-webhooks"})
    assert changed.scheme == "standard-webhooks"


async def test_a_scheme_without_secrets_does_not_ask_what_a_source_has(world, sources):
    source = await sources.create(
        world.admin, project_id="default", name="hooks", scheme="hmac-sha256", secret="it is a text"
    )
    broken = msgspec.structs.replace(source, secrets=(Sealed("AAAA"),))
    await world.catalog.save_one(broken)
    assert (await sources.change(world.admin, source.id, {"scheme": "none"})).scheme == "none"


async def test_the_names_and_the_scheme_of_the_hub_are_nobody_elses(world, sources):
    for name in ("project.mine", "application.mine", "amq.mine"):
        with pytest.raises(Forbidden) as refused:
            await sources.create(world.admin, project_id="default", name=name)
        assert (refused.value.code, refused.value.pointer) == ("reserved_name", "/name")
    with pytest.raises(Forbidden):
        await sources.change(world.admin, "source-shop", {"name": "amq.mine"})
    for attempt in (
        sources.create(world.admin, project_id="default", name="mine", scheme="internal"),
        sources.change(world.admin, "source-shop", {"scheme": "internal"}),
    ):
        with pytest.raises(Invalid, match="the hub's own") as invalid:
            await attempt
        assert invalid.value.pointer == "/scheme"


async def test_the_hubs_own_sources_stay_as_they_are(world, sources):
    door = await world.publishing.door(world.catalog.get(Project, "project-default"), "amq.topic")
    for attempt in (
        sources.change(world.admin, door.source.id, {"enabled": False}),
        sources.rotate_secret(world.admin, door.source.id, "secret", 0),
        sources.remove(world.admin, door.source.id),
    ):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.code == "reserved_name"
