import pytest

from eventyard.model.access import Principal, Scope
from eventyard.model.errors import Forbidden, NotFound
from eventyard.model.journal import HistoryLine
from eventyard.model.lifecycle import Status
from eventyard.pipeline.monitoring.trial import longest_stay
from eventyard.testing.builders import NOW, rule
from tests.unit.pipeline.monitoring.conftest import REFUSED

MINUTE = 60_000


async def test_a_trial_counts_what_would_have_matched_and_tells_nobody(scene):
    for _ in range(3):
        await scene.publish(REFUSED)
    last = await scene.publish()
    made = await scene.rule(discard=True)
    tried = await scene.monitoring.trials.of(scene.who, made.id, 1)
    assert (tried.matched, tried.looked_at, tried.complete) == (3, 8, True)
    assert list(tried.newest) == [last.entry_id - 1, last.entry_id - 3, last.entry_id - 5]
    await scene.quiet()
    assert scene.subjects() == []


async def test_it_looks_back_so_many_hours_and_so_many_entries(scene, monkeypatch):
    await scene.publish(REFUSED)
    await scene.later(2 * 60 * MINUTE)
    for _ in range(3):
        await scene.publish(REFUSED)
    made = await scene.rule()
    assert (await scene.monitoring.trials.of(scene.who, made.id, 1)).matched == 3
    assert (await scene.monitoring.trials.of(scene.who, made.id, 3)).matched == 4
    monkeypatch.setattr("eventyard.pipeline.monitoring.trial.PAGE", 2)
    monkeypatch.setattr("eventyard.pipeline.monitoring.trial.MOST", 4)
    tried = await scene.monitoring.trials.of(scene.who, made.id, 3)
    assert (tried.matched, tried.looked_at, tried.complete) == (2, 4, False)


async def test_it_finds_what_is_and_was_stuck(scene):
    await scene.job()
    made = await scene.rule(statuses=[Status.PENDING], stuck_ms=5 * MINUTE)
    await scene.publish()
    scene.yard.clock.advance(5 * MINUTE)
    await scene.publish()
    assert (await scene.monitoring.trials.of(scene.who, made.id, 1)).matched == 1


async def test_whoever_tries_a_rule_may_read_rules_and_events(scene):
    made = await scene.rule()
    poor = Principal("bob", scene.who.organization_id, frozenset({Scope.CATALOG_READ}))
    with pytest.raises(Forbidden):
        await scene.monitoring.trials.of(poor, made.id, 1)
    stranger = Principal("eve", "elsewhere", frozenset({Scope.ADMIN}))
    with pytest.raises(NotFound):
        await scene.monitoring.trials.of(stranger, made.id, 1)


def test_the_longest_stay_is_from_one_line_to_the_next_or_until_now():
    slow = rule(statuses=(Status.PENDING, Status.DELAYED), stuck_ms=MINUTE)
    lines = (
        HistoryLine(NOW, Status.PENDING),
        HistoryLine(NOW + 7, Status.PROCESSING),
        HistoryLine(NOW + 90, Status.DELAYED),
    )
    assert longest_stay(slow, lines, NOW + 99) == 9
    assert longest_stay(slow, lines[:2], NOW + 99) == 7
    assert longest_stay(slow, lines[1:2], NOW + 99) == 0
