from msgspec.structs import replace

from eventyard.model.catalog import Mode
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.reserved import exchange_of
from eventyard.model.schedule import Compound
from tests.unit.pipeline.monitoring.conftest import REFUSED


async def test_whoever_is_to_know_is_told_of_a_delivery_that_failed(scene):
    await scene.rule()
    await scene.publish(REFUSED)
    assert scene.subjects() == ["failures: 1 entry"]
    assert scene.box.taken[0].to == ("ops@example.com",)


async def test_a_delivery_that_ends_otherwise_is_none_of_its_business(scene):
    await scene.rule()
    await scene.publish()
    assert scene.subjects() == []


async def test_many_failures_are_two_messages(scene):
    await scene.rule(interval_ms=60_000)
    for _ in range(20):
        await scene.publish(REFUSED)
    assert scene.subjects() == ["failures: 1 entry"]
    await scene.later(60_000)
    assert scene.subjects() == ["failures: 1 entry", "failures: 19 entries"]


async def test_a_rule_on_all_subscriptions_speaks_of_one_that_is_made_later(scene):
    await scene.rule()
    await scene.hub.subscriptions.remove(scene.who, scene.book.id)
    await scene.subscribe("later")
    await scene.publish(REFUSED)
    assert "later" in scene.box.taken[0].text


async def test_a_rule_on_chosen_ones_does_not_speak_of_others(scene):
    other = await scene.subscribe("other")
    await scene.rule(all_subscriptions=False, subscription_ids=[other.id], interval_ms=1_000)
    await scene.publish(REFUSED, REFUSED)
    await scene.later(1_000)
    assert scene.subjects() == ["failures: 1 entry"]
    assert "other" in scene.box.taken[0].text


async def test_a_delivery_whose_subscription_was_deleted_is_spoken_of_in_its_project(scene):
    await scene.rule()
    scene.yard.webhook.hold(scene.target)
    await scene.publish(REFUSED)
    await scene.hub.subscriptions.remove(scene.who, scene.book.id)
    scene.yard.webhook.let_go(scene.target)
    await scene.quiet()
    assert scene.subjects() == ["failures: 1 entry"]
    assert "deleted meanwhile" in scene.box.taken[0].text


async def test_a_rule_that_is_disabled_or_gone_says_nothing(scene):
    rule = await scene.rule()
    await scene.rules.change(scene.who, rule.id, {"enabled": False})
    await scene.publish(REFUSED)
    other = await scene.rule("other")
    await scene.rules.remove(scene.who, other.id)
    await scene.publish(REFUSED)
    assert scene.subjects() == []


async def test_a_rule_may_speak_of_publications(scene):
    await scene.rule(all_subscriptions=False, source_ids=["shop"], statuses=[Status.COMPLETE])
    await scene.publish()
    assert scene.subjects() == ["failures: 1 entry"]
    assert "shop" in scene.box.taken[0].text


async def test_what_rules_tell_is_nothing_that_rules_speak_of(scene):
    await scene.rule(all_sources=True, statuses=[Status.COMPLETE, Status.ERROR], target_id="hook", interval_ms=1_000)
    await scene.publish(REFUSED, REFUSED, REFUSED)
    for _ in range(5):
        await scene.later(1_000)
    assert sum(told["count"] for told in await scene.told()) == 2


async def test_a_rule_is_told_of_what_is_discarded_or_reprocessed_by_hand(scene):
    await scene.rule(statuses=[Status.DISCARDED, Status.REPROCESSED], interval_ms=1_000)
    accepted = await scene.publish(REFUSED)
    await scene.hub.reprocessing.discard(scene.who, accepted.entry_id + 1, "enough")
    await scene.quiet()
    assert "discarded  book  enough" in scene.box.taken[0].text
    await scene.hub.reprocessing.reprocess(scene.who, accepted.entry_id + 1, "or not")
    await scene.later(1_000)
    assert "reprocessed  book  or not" in scene.box.taken[1].text


async def test_a_rule_is_told_of_what_is_discarded_as_those_before_it_failed(scene):
    await scene.rule(statuses=[Status.DISCARDED])
    await scene.hub.subscriptions.change(scene.who, scene.book.id, {"order": 1, "stop_on_error": True})
    await scene.subscribe("second", order=2)
    await scene.publish(REFUSED)
    await scene.quiet()
    assert "discarded  second" in scene.box.taken[0].text


async def test_a_rule_sees_its_own_project_only_and_not_what_the_hub_publishes_there_itself(scene):
    rule = await scene.rule(all_sources=True, target_id="hook", statuses=[Status.COMPLETE])
    concerns = scene.monitoring.monitor.concerns
    assert concerns(rule, Kind.PUBLICATION, rule.project_id, scene.source.id)
    assert not concerns(rule, Kind.PUBLICATION, "elsewhere", scene.source.id)
    assert not concerns(rule, Kind.SUBSCRIPTION, rule.project_id, rule.subscription_id)
    door = scene.hub.publishing.find(scene.yard.project, exchange_of(scene.yard.project))
    assert not concerns(rule, Kind.PUBLICATION, rule.project_id, door.source.id)


async def test_while_the_outbox_is_full_a_rule_gathers_on(scene, monkeypatch):
    await scene.rule(interval_ms=1_000)
    outbox = scene.hub.mails.outbox
    with monkeypatch.context() as full:
        full.setattr(outbox, "put", lambda write: False)
        await scene.publish(REFUSED)
    await scene.publish(REFUSED)
    await scene.later(1_000)
    assert scene.subjects() == ["failures: 2 entries"]


async def test_rules_that_are_in_the_catalog_at_the_start_count_and_what_waits_is_told_at_the_end(scene):
    rule = await scene.rule()
    await scene.publish(REFUSED)
    await scene.publish(REFUSED)
    monitor = scene.monitoring.monitor
    assert replace(rule, reached=0) == rule
    monitor.start()
    monitor.stop()
    await scene.quiet()
    assert scene.subjects() == ["failures: 1 entry", "failures: 1 entry"]


async def test_a_rule_is_told_of_what_waited_for_a_subscription_that_is_deleted(scene):
    await scene.rule()
    scene.hub.waiting.backlogs.start()
    await scene.hub.subscriptions.change(scene.who, scene.book.id, {"mode": Mode.PAUSED})
    await scene.publish()
    await scene.hub.subscriptions.remove(scene.who, scene.book.id)
    await scene.quiet()
    assert scene.subjects() == ["failures: 1 entry"]
    assert "deleted meanwhile" in scene.box.taken[0].text


async def test_a_rule_is_told_of_a_set_that_is_not_complete_in_time(scene):
    await scene.rule(kinds=(Kind.SYSTEM,))
    await scene.hub.sources.create(scene.who, project_id=None, name="prices", scheme="none")
    topics = [scene.source.topic_id, "prices"]
    await scene.subscribe("sets", topics=topics, compound=Compound(wait_minutes=30))
    await scene.publish()
    await scene.later(30 * 60_000)
    scene.hub.waiting.compounds.tick()
    await scene.quiet()
    assert scene.subjects() == ["failures: 1 entry"]
    assert "nothing has come of 'prices'" in scene.box.taken[0].text
