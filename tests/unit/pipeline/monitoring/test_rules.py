import asyncio

import pytest
from msgspec.structs import replace

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Source, Subscription, Target
from eventyard.model.errors import Conflict, Forbidden, Invalid, NotFound
from eventyard.model.lifecycle import Status
from eventyard.model.rules import Act, Rule


def writer(scene, *more: Scope) -> Principal:
    return Principal("bob", scene.who.organization_id, frozenset({Scope.CATALOG_WRITE, Scope.CATALOG_READ, *more}))


async def test_a_rule_is_made_changed_and_removed(scene):
    made = await scene.rule(source_ids=["shop"], act=Act.PAUSE)
    assert scene.hub.catalog.get(Rule, made.id) == made
    assert made.source_ids == (scene.source.id,)
    changed = await scene.rules.change(scene.who, made.id, {"name": "late", "mail_to": ["a@b.example"]})
    assert (changed.name, changed.mail_to, changed.act) == ("late", ("a@b.example",), Act.PAUSE)
    await scene.rules.remove(scene.who, made.id)
    assert scene.hub.catalog.seek(Rule, made.id) is None


async def test_two_rules_of_a_project_do_not_share_a_name(scene):
    await scene.rule()
    with pytest.raises(Conflict, match="there is a rule named 'failures' already"):
        await scene.rule()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"all_subscriptions": False}, "invalid_rule"),
        ({"mail_to": ["nobody"]}, "invalid_body"),
        ({"mail_to": [f"{n}@b.example" for n in range(31)]}, "invalid_body"),
        ({"statuses": [Status.PENDING]}, "invalid_rule"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(scene, fields, code):
    with pytest.raises(Invalid) as refused:
        await scene.rule(**fields)
    assert refused.value.code == code
    assert not list(scene.hub.catalog.all(Rule))


@pytest.mark.parametrize("fields", [{"source_ids": ["x"]}, {"subscription_ids": ["x"]}, {"target_id": "x"}])
async def test_a_rule_cannot_speak_of_what_is_not_there(scene, fields):
    with pytest.raises(NotFound):
        await scene.rule(**fields)


async def test_nobody_has_a_rule_do_what_they_may_not(scene):
    fields = {"all_subscriptions": True, "discard": True}
    with pytest.raises(Forbidden):
        await scene.rules.create(writer(scene), None, "mine", fields)
    await scene.rules.create(writer(scene, Scope.EVENTS_MANAGE), None, "mine", fields)
    with pytest.raises(Forbidden):
        await scene.rules.create(Principal("eve", scene.who.organization_id, frozenset()), None, "mine", fields)


async def test_a_stranger_finds_no_rule(scene):
    made = await scene.rule()
    stranger = Principal("eve", "elsewhere", frozenset({Scope.ADMIN}))
    for call in (scene.rules.remove(stranger, made.id), scene.rules.change(stranger, made.id, {"enabled": False})):
        with pytest.raises(NotFound):
            await call


async def test_the_way_to_a_target_comes_changes_and_goes_with_the_rule(scene):
    made = await scene.rule(target_id="hook")
    way = scene.hub.catalog.get(Subscription, made.subscription_id)
    assert (way.target_id, way.pattern) == (scene.target.id, f"rules.{made.id}.told")
    job, _ = await scene.hub.targets.create(scene.who, project_id=None, name="press", type_="job")
    await scene.rules.change(scene.who, made.id, {"target_id": "press", "name": "other"})
    way = scene.hub.catalog.get(Subscription, made.subscription_id)
    assert (way.name, way.target_id, way.target_type) == ("rule other", job.id, "job")
    await scene.rules.change(scene.who, made.id, {"target_id": None})
    assert scene.hub.catalog.seek(Subscription, made.subscription_id) is None
    await scene.rules.change(scene.who, made.id, {"target_id": "hook"})
    await scene.rules.remove(scene.who, made.id)
    assert scene.hub.catalog.seek(Subscription, made.subscription_id) is None


async def test_the_way_takes_no_name_that_a_subscription_has(scene):
    first = await scene.rule(name="first", target_id="hook")
    way = scene.hub.catalog.get(Subscription, first.subscription_id)
    taken = await scene.hub.catalog.save_one(replace(way, id="taken", number=0, name="rule second"))
    second = await scene.rule(name="second", target_id="hook")
    assert scene.hub.catalog.get(Subscription, second.subscription_id).name == "rule second (1)"
    await scene.hub.catalog.remove(taken)
    changed = await scene.rules.change(scene.who, first.id, {"mail_to": ["ops@example.com"]})
    assert scene.hub.catalog.get(Subscription, changed.subscription_id).name == "rule first"


async def test_a_target_that_a_rule_tells_stays(scene):
    made = await scene.rule(target_id="hook")
    await scene.hub.subscriptions.remove(scene.who, scene.book.id)
    with pytest.raises(Conflict, match="rule 'failures' tells target 'hook'"):
        await scene.hub.targets.remove(scene.who, scene.target.id)
    await scene.rules.remove(scene.who, made.id)
    await scene.hub.targets.remove(scene.who, scene.target.id)
    assert scene.hub.catalog.seek(Target, scene.target.id) is None


async def test_an_application_can_go_though_rules_tell_targets_in_its_name(scene):
    await scene.rule(target_id="hook")
    project = scene.yard.project
    await scene.hub.projects.add_application(scene.who, project_id=None, name="other")
    first = next(one for one in scene.hub.catalog.all(Application) if one.project_id == project.id)
    await scene.hub.subscriptions.remove(scene.who, scene.book.id)
    await scene.hub.sources.remove(scene.who, scene.source.id)
    await scene.hub.projects.remove_application(scene.who, first.id)
    assert not [one for one in scene.hub.catalog.all(Source) if one.application_id == first.id]


async def test_changes_at_the_same_time_undo_none_of_each_other(scene):
    made = await scene.rule()
    await asyncio.gather(
        scene.rules.change(scene.who, made.id, {"name": "late"}),
        scene.rules.change(scene.who, made.id, {"act": Act.PAUSE}),
        scene.rules.reached(made.id, 7),
    )
    kept = scene.hub.catalog.get(Rule, made.id)
    assert (kept.name, kept.act, kept.reached) == ("late", Act.PAUSE, 7)
    await scene.rules.remove(scene.who, made.id)
    await scene.rules.reached(made.id, 8)
    assert scene.hub.catalog.seek(Rule, made.id) is None
