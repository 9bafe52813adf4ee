import pytest

from eventyard.model.catalog import Mode
from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.rules import Act, Sighting
from eventyard.pipeline.monitoring.acts import Acts
from eventyard.telemetry.log import make_log
from eventyard.telemetry.metrics import Metrics
from eventyard.testing.builders import rule
from tests.unit.pipeline.monitoring.conftest import REFUSED


async def test_a_rule_pauses_the_subscription_whose_delivery_failed(scene):
    other = await scene.subscribe("other")
    await scene.rule(act=Act.PAUSE, mail_to=[], all_subscriptions=False, subscription_ids=[scene.book.id])
    await scene.publish(REFUSED, REFUSED)
    assert (scene.mode(scene.book), scene.mode(other)) == ("paused", "enabled")


async def test_a_rule_disables_a_subscription_also_a_paused_one(scene):
    await scene.rule(act=Act.DISABLE, mail_to=[])
    await scene.publish(REFUSED)
    assert scene.mode(scene.book) == "disabled"


async def test_pausing_does_not_bring_a_disabled_one_back(scene):
    await scene.hub.subscriptions.change(scene.who, scene.book.id, {"mode": Mode.DISABLED})
    await scene.rule(act=Act.PAUSE, mail_to=[])
    await scene.publish(REFUSED)
    assert scene.mode(scene.book) == "disabled"


async def test_a_rule_disables_a_source_and_pauses_none(scene):
    await scene.rule(act=Act.PAUSE, mail_to=[], all_sources=True, statuses=[Status.COMPLETE])
    await scene.publish()
    assert scene.enabled(scene.source)
    await scene.rule("other", act=Act.DISABLE, mail_to=[], all_sources=True, statuses=[Status.COMPLETE])
    await scene.hub.subscriptions.change(scene.who, scene.book.id, {"mode": Mode.ENABLED})
    await scene.publish()
    assert not scene.enabled(scene.source)


async def test_what_a_rule_discards_says_so_in_its_history(scene):
    await scene.rule("it's late", discard=True, mail_to=[])
    accepted = await scene.publish(REFUSED)
    last = await scene.last_line(EntryId(accepted.entry_id + 1))
    assert (last.status, last.comment, last.actor) == (
        Status.DISCARDED, 'discarded by rule "it\'s late"', "rule it's late",
    )  # fmt: skip


async def test_what_rules_did_is_counted(scene):
    await scene.rule(discard=True, act=Act.PAUSE, mail_to=[])
    await scene.publish(REFUSED)
    shown = scene.hub.metrics.render().decode()
    assert 'eventyard_rules_acted_total{act="discard",rule="failures"} 1.0' in shown
    assert 'eventyard_rules_acted_total{act="pause",rule="failures"} 1.0' in shown
    assert 'eventyard_rules_matched_total{rule="failures"} 1.0' in shown


async def test_a_rule_tells_its_target_by_an_event(scene):
    made = await scene.rule(mail_to=[], target_id="hook")
    accepted = await scene.publish(REFUSED)
    [told] = await scene.told()
    assert told == {
        "rule": {"id": made.id, "name": "failures"},
        "condition": "Error",
        "count": 1,
        "since": "2026-01-02T03:04:05.678Z",
        "first": [
            {
                "entry_id": accepted.entry_id + 1, "kind": "subscription", "status": "error",
                "name_id": scene.book.id, "name": "book", "comment": "400 Bad Request",
            },
        ],
    }  # fmt: skip


async def test_a_target_hears_of_its_own_rules_only(scene):
    await scene.rule("one", mail_to=[], target_id="hook")
    await scene.rule("two", mail_to=[], target_id="hook")
    await scene.publish(REFUSED)
    assert [told["rule"]["name"] for told in await scene.told()] == ["one", "two"]


@pytest.fixture
def bare(scene):
    """Acts by themselves, which may have two things waiting."""

    async def at_once(seconds: float) -> None:
        """A pause that does not last."""

    hub = scene.hub
    return Acts(
        hub.catalog, scene.yard.store, hub.publishing, hub.releases.look, Metrics(), make_log("error"),
        scene.yard.clock, bound=2, pause=at_once,
    )  # fmt: skip


async def test_while_the_store_cannot_write_it_is_tried_again(bare, scene):
    tried = []

    async def job() -> None:
        tried.append(len(tried))
        if len(tried) < 3:
            raise Unavailable("store_unavailable", "not now")

    bare.put(job)
    await scene.quiet()
    assert tried == [0, 1, 2]


async def test_a_bug_in_one_thing_does_not_keep_the_others(bare, scene):
    done = []

    async def wrong() -> None:
        raise ZeroDivisionError

    async def right() -> None:
        done.append(1)

    bare.put(wrong)
    bare.put(right)
    await bare.stop(1_000)
    assert done == [1]


async def test_what_waits_is_bounded_and_at_the_end_nothing_more_is_begun(bare, scene):
    done = []

    async def job() -> None:
        done.append(1)

    for _ in range(4):
        bare.put(job)
    await bare.stop(1_000)
    bare.put(job)
    await scene.quiet()
    assert done == [1, 1]


async def test_entries_to_be_discarded_are_bounded_too(bare, scene):
    accepted = [await scene.publish(REFUSED) for _ in range(3)]
    wish = rule(discard=True)
    for one in accepted:
        entry_id = EntryId(one.entry_id + 1)
        bare.of(wish, Sighting(entry_id, Kind.SUBSCRIPTION, Status.ERROR, wish.project_id, scene.book.id))
    await bare.stop(1_000)
    ended = [(await scene.last_line(EntryId(one.entry_id + 1))).status for one in accepted]
    assert ended == [Status.DISCARDED, Status.DISCARDED, Status.ERROR]


async def test_what_found_no_room_is_done_the_next_time(bare, scene):
    async def job() -> None:
        """Nothing."""

    accepted = await scene.publish(REFUSED)
    entry_id = EntryId(accepted.entry_id + 1)
    wish = rule(discard=True, act=Act.PAUSE)
    failed = Sighting(entry_id, Kind.SUBSCRIPTION, Status.ERROR, wish.project_id, scene.book.id)
    assert [bare.put(job) for _ in range(3)] == [True, True, False]
    bare.of(wish, failed)
    await scene.quiet()
    assert (scene.mode(scene.book), (await scene.last_line(entry_id)).status) == ("enabled", Status.ERROR)
    bare.of(wish, failed)
    await scene.quiet()
    assert (scene.mode(scene.book), (await scene.last_line(entry_id)).status) == ("paused", Status.DISCARDED)


async def test_for_what_is_gone_there_is_nothing_to_do(bare, scene):
    wish = rule(act=Act.DISABLE)
    for kind in (Kind.PUBLICATION, Kind.SUBSCRIPTION):
        bare.of(wish, Sighting(EntryId(1), kind, Status.ERROR, wish.project_id, "gone"))
        await bare.stop(1_000)
    assert scene.enabled(scene.source)
