import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from eventyard.model.catalog import Target
from eventyard.model.errors import Unavailable
from eventyard.model.ids import EntryId
from eventyard.model.journal import Claimed, HistoryLine, Recording
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Attempt, Counts, Outcome, Result
from eventyard.model.retry import GiveUp, RetryPolicy, Succeeded, TryAgain
from eventyard.pipeline import attempt as attempts
from eventyard.pipeline import timing
from eventyard.pipeline.attempt import COMPLETED, Attempter, conclude, hand_back, refuse
from eventyard.telemetry.log import make_log
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.fakes import HandClock, ScriptedTarget, Shelf, Witness

TARGET = builders.target(number=5, retry=RetryPolicy(schedule_ms=(5_000,), jitter=0))
CLAIMED = Claimed(EntryId(7), EntryId(6), "subscription-fulfilment", 5, 1, NOW, NOW + 80_000, builders.event())


def tried(number: int = 1, result: Result = Result.DELIVERED, **fields: Any) -> Attempt:
    return builders.attempt(number, result, **fields)


def test_a_success_completes_the_delivery_with_counts_and_run_id() -> None:
    attempt = tried(run_id="airflow-7", counts=Counts(target_success=3))
    concluded = conclude(CLAIMED, TARGET, None, attempt, NOW, 0.5)
    assert concluded.decision == Succeeded()
    line = HistoryLine(NOW, Status.COMPLETE, COMPLETED)
    expected = Recording(
        EntryId(7), EntryId(6), attempt, line, None, "airflow-7", Counts(target_success=3), CLAIMED.subscription_id
    )
    assert concluded.recording == expected


def test_a_failure_puts_it_back_and_leaves_its_status() -> None:
    concluded = conclude(CLAIMED, TARGET, None, tried(result=Result.FAILED), NOW, 0.5)
    assert concluded.decision == TryAgain(NOW + 5_000)
    assert (concluded.recording.line, concluded.recording.due_at) == (None, NOW + 5_000)


def test_the_last_failure_gives_the_reason() -> None:
    concluded = conclude(CLAIMED, TARGET, None, tried(2, Result.FAILED, error="500"), NOW, 0.5)
    assert concluded.recording.line == HistoryLine(NOW, Status.ERROR, "attempt 2 of 2 failed: 500")


def test_a_failure_for_good_is_not_tried_again() -> None:
    concluded = conclude(CLAIMED, TARGET, None, tried(result=Result.FAILED, error="no photo"), NOW, 0.5, final=True)
    assert concluded.decision == GiveUp("no photo")


def test_the_subscriptions_policy_goes_before_the_targets() -> None:
    subscription = builders.subscription(retry=RetryPolicy(schedule_ms=(9_000,), jitter=0))
    concluded = conclude(CLAIMED, TARGET, subscription, tried(result=Result.FAILED), NOW, 0.5)
    assert concluded.decision == TryAgain(NOW + 9_000)


def test_ends_without_an_attempt() -> None:
    line = HistoryLine(NOW, Status.ERROR, "why")
    refused = Recording(EntryId(7), EntryId(6), None, line, subscription_id=CLAIMED.subscription_id)
    assert refuse(CLAIMED, "why", NOW) == refused
    assert hand_back(CLAIMED) == Recording(EntryId(7), EntryId(6), None, None, NOW)


class Unreadable(Shelf):
    def secrets(self, target: Target) -> Mapping[str, tuple[str, ...]]:
        raise Unavailable("secret_unreadable", "a stored secret cannot be decrypted")


class Asked:
    """Makes events of answers, and keeps those it was given."""

    def __init__(self) -> None:
        self.answers: list[tuple[Claimed, Target, Outcome]] = []

    async def __call__(self, claimed: Claimed, target: Target, outcome: Outcome) -> str:
        self.answers.append((claimed, target, outcome))
        return "the answer became entry 9"


def attempter(kind: ScriptedTarget | None, shelf: Shelf, witness: Witness | None = None) -> Attempter:
    kinds = {} if kind is None else {"webhook": kind}
    return Attempter(kinds, shelf, witness or Witness(), make_log("error"), HandClock(), lambda: 0.5)


async def test_a_delivery_is_rendered_with_the_targets_secrets_in_clear() -> None:
    kind, shelf, witness = ScriptedTarget(), Shelf(TARGET), Witness()
    shelf.clear[TARGET.id] = {"secret": ("whsec_new", "whsec_old")}
    concluded = await attempter(kind, shelf, witness).make(CLAIMED, TARGET)
    [delivery] = kind.sent
    assert (delivery.entry_id, delivery.publication_id, delivery.attempt, delivery.now) == (7, 6, 1, NOW)
    assert delivery.secrets == {"secret": ("whsec_new", "whsec_old")}
    assert witness.attempts == [(CLAIMED, concluded.attempt, Succeeded())]


async def test_a_target_type_that_is_not_installed_refuses() -> None:
    concluded = await attempter(None, Shelf()).make(CLAIMED, TARGET)
    assert concluded.attempt.outcome == Outcome(Result.REFUSED, error="no target type 'webhook' is installed")


async def test_a_secret_that_cannot_be_read_fails_the_attempt() -> None:
    concluded = await attempter(ScriptedTarget(), Unreadable()).make(CLAIMED, TARGET)
    assert concluded.attempt.outcome == Outcome(Result.FAILED, error="a stored secret cannot be decrypted")


async def test_a_bug_fails_the_attempt() -> None:
    kind = ScriptedTarget()
    kind.script(TARGET, KeyError("url"))
    concluded = await attempter(kind, Shelf()).make(CLAIMED, TARGET)
    assert concluded.attempt.outcome.error == "the target type 'webhook' failed: KeyError: 'url'"


async def test_a_target_type_that_does_not_keep_its_time_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "GRACE_MS", 0)
    monkeypatch.setattr(timing, "LOOK_S", 0.0)
    kind, target = ScriptedTarget(), builders.target(number=5, timeout_ms=1)
    kind.hold(target)
    concluded = await attempter(kind, Shelf()).make(CLAIMED, target)
    assert concluded.attempt.outcome == Outcome(Result.TIMED_OUT, error="no end within 1 ms")


async def test_a_cancelled_attempt_was_none() -> None:
    kind, witness = ScriptedTarget(), Witness()
    kind.hold(TARGET)
    making = asyncio.create_task(attempter(kind, Shelf(), witness).make(CLAIMED, TARGET))
    await kind.arrived(1)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert witness.attempts == []


REPLYING = builders.target(number=5, settings={"reply_to": "answers"}, retry=RetryPolicy(max_attempts=2))


async def test_an_answer_becomes_an_event_before_the_end_is_recorded_and_the_history_says_so() -> None:
    kind, asked = ScriptedTarget(), Asked()
    kind.script(REPLYING, Outcome(Result.DELIVERED, 200, response_body=b"{", reply=b'{"a": 1}'))
    made = Attempter({"webhook": kind}, Shelf(REPLYING), Witness(), make_log("error"), HandClock(), lambda: 0.5, asked)
    concluded = await made.make(CLAIMED, REPLYING)
    assert [(one.entry_id, outcome.reply) for one, _, outcome in asked.answers] == [(7, b'{"a": 1}')]
    line = HistoryLine(NOW, Status.COMPLETE, f"{COMPLETED}; the answer became entry 9")
    assert concluded.recording.line == line
    assert concluded.recording.attempt == concluded.attempt
    assert (concluded.attempt.outcome.response_body, concluded.attempt.outcome.reply) == (b"{", None)


@pytest.mark.parametrize("target", [REPLYING, builders.target(number=5, settings={"reply_to": None})])
async def test_without_a_success_or_a_source_nobody_is_asked(target: Target) -> None:
    kind, asked = ScriptedTarget(), Asked()
    if target is REPLYING:
        kind.script(target, Outcome(Result.FAILED, 500, "500", reply=b"oops"))
    made = Attempter({"webhook": kind}, Shelf(target), Witness(), make_log("error"), HandClock(), lambda: 0.5, asked)
    await made.make(CLAIMED, target)
    assert asked.answers == []


async def test_a_hub_that_makes_no_events_of_answers_says_so() -> None:
    concluded = await attempter(ScriptedTarget(), Shelf(REPLYING)).make(CLAIMED, REPLYING)
    assert concluded.recording.line is not None
    assert concluded.recording.line.comment == f"{COMPLETED}; nobody here makes events of answers"
