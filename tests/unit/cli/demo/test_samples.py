import json
import random
from pathlib import Path

import pytest

from eventyard.cli.demo import samples
from eventyard.cli.demo.scene import SCHEMA, WISHES
from eventyard.cli.npm import GITHUB_SAMPLES
from eventyard.matching.schema import compile_schema

PUBLISHED = [{"name": "issues", "examples": [{"action": "opened", "issue": {}}, {"action": "closed", "issue": {}}]}]


def test_each_published_example_is_one_webhook(tmp_path: Path) -> None:
    path = tmp_path / GITHUB_SAMPLES.members[0]
    path.parent.mkdir()
    path.write_text(json.dumps(PUBLISHED))
    (tmp_path / ".integrity").write_text(GITHUB_SAMPLES.integrity)
    found = samples.samples(tmp_path)
    assert found.origin.startswith("real GitHub webhooks")
    assert [item.type for item in found.items] == ["issues.opened", "issues.closed"]
    assert found.items[0].body == b'{"action":"opened","issue":{}}'


def test_without_npm_there_are_generated_ones_and_they_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = samples.samples(tmp_path)
    assert "generated" in found.origin
    assert len(found.items) >= 60


def test_generated_webhooks_fit_the_schema_and_give_every_subscription_something() -> None:
    schema = compile_schema(SCHEMA)
    items = list(samples.generated(random.Random(1), 120))
    for item in items:
        schema.check(item.data)
    for wish in WISHES:
        assert any(wish.concerns(item) for item in items), wish.name
        assert wish.name == "audit-log" or not all(wish.concerns(item) for item in items)


def test_the_same_chance_gives_the_same_webhooks() -> None:
    first, second = (list(samples.generated(random.Random(7), 5)) for _ in range(2))
    assert first == second


def test_a_webhook_without_an_action_is_of_its_events_type() -> None:
    assert samples.sample("push", {"ref": "main"}).type == "push"
