import json

import pytest

from eventyard.cli.demo.samples import sample
from eventyard.cli.demo.scene import WISHES, Wish
from eventyard.matching.filters import compile_filter

REVIEW = {"pull_request": {}, "repository": {"full_name": "Codertocat/Hello-World"}, "sender": {"login": "octocat"}}
SAMPLES = [
    sample("pull_request", {"action": "opened", **REVIEW}),
    sample("pull_request", {**REVIEW, "repository": {"full_name": "other/other"}}),
    sample("pull_request", {**REVIEW, "pull_request": None}),
    sample("push", {"sender": {"login": "Codertocat"}}),
    sample("push", {"sender": None}),
    sample("issues", {"action": "opened", "issue": {}}),
]


@pytest.mark.parametrize("wish", [wish for wish in WISHES if wish.filter], ids=lambda wish: wish.name)
def test_the_rule_beside_a_filter_says_what_the_filter_says(wish: Wish) -> None:
    matches = compile_filter(json.loads(json.dumps(wish.filter))).matches
    assert [wish.concerns(item) for item in SAMPLES] == [matches(item.data) for item in SAMPLES]


def test_the_job_takes_what_happens_to_issues() -> None:
    [job] = [wish for wish in WISHES if wish.job]
    assert [item.type for item in SAMPLES if job.concerns(item)] == ["issues.opened"]


def test_exactly_one_receiver_fails_at_first() -> None:
    assert len([wish for wish in WISHES if wish.fails_first and not wish.job]) == 1
