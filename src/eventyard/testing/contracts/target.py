"""What every target type keeps: the contract suite of :class:`eventyard.ports.TargetType`.

A target type's test subclasses :class:`TargetContract` and gives two fixtures: ``kind``, the target type, started; and
``deliveries``, deliveries it cannot bring to their end because the other side is wrong, away, or never answers.
Whatever happens there is an outcome: nothing is raised, and nothing takes longer than the target's time-out.
"""

import asyncio
from collections.abc import Sequence

import jsonschema_rs

from eventyard.model.outcome import Result
from eventyard.ports import Delivery, TargetType

MARGIN_S = 1.0
"""How much longer than its time-out an attempt may take to come back."""


class TargetContract:
    """Subclass it, and give ``kind`` and ``deliveries``."""

    def test_it_says_what_it_is(self, kind: TargetType) -> None:
        """The name is what a target's ``type`` holds; the summary is a sentence."""
        assert kind.kind
        assert kind.kind == kind.kind.strip().lower()
        assert kind.summary.endswith(".")

    def test_its_settings_can_be_drawn_checked_and_documented(self, kind: TargetType) -> None:
        """Every setting has words for people, a JSON Schema, and a default and example that fit it."""
        names = [setting.name for setting in kind.settings]
        assert len(names) == len(set(names))
        for setting in kind.settings:
            assert setting.title
            assert setting.help
            schema = jsonschema_rs.validator_for(dict(setting.schema))
            for value in (setting.default, setting.example):
                assert value is None or schema.is_valid(value)

    def test_a_secret_has_no_default_and_no_example(self, kind: TargetType) -> None:
        """One that everybody knows is none."""
        assert not [s.name for s in kind.settings if s.secret and (s.default is not None or s.example is not None)]

    async def test_it_takes_its_own_examples(self, kind: TargetType) -> None:
        """What the docs show can be written."""
        examples = {setting.name: setting.example for setting in kind.settings if setting.example is not None}
        kind.check(examples)
        await kind.examine(examples)

    async def test_a_remote_failure_is_an_outcome(self, kind: TargetType, deliveries: Sequence[Delivery]) -> None:
        """``send`` raises nothing, keeps the time-out, and says what was wrong."""
        for delivery in deliveries:
            async with asyncio.timeout(delivery.target.timeout_ms / 1000 + MARGIN_S):
                outcome = await kind.send(delivery)
            assert outcome.result is not Result.DELIVERED
            assert outcome.error

    async def test_attempts_of_one_target_type_do_not_wait_for_each_other(
        self, kind: TargetType, deliveries: Sequence[Delivery]
    ) -> None:
        """How many run at once is the lane's to decide."""
        longest = max((delivery.target.timeout_ms for delivery in deliveries), default=0)
        async with asyncio.timeout(longest / 1000 + MARGIN_S):
            await asyncio.gather(*(kind.send(delivery) for delivery in deliveries for _ in range(5)))
