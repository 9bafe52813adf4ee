"""What the demo sets up: one source, four subscriptions, and for each of them which events it must get.

The rule in Python beside each subscription is the demo's own; that the hub came to the same is what it proves.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from eventyard.cli.demo.samples import Sample

SOURCE = "github"
SECRET = "its-a-secret-to-everybody"

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "action": {"type": "string"},
        "sender": {
            "type": "object",
            "required": ["login", "id"],
            "properties": {"login": {"type": "string"}, "id": {"type": "integer"}},
        },
        "repository": {"type": "object", "required": ["full_name"]},
    },
}

QUICK_RETRY: Mapping[str, Any] = {"schedule_ms": [250, 500, 1000], "max_attempts": 4, "jitter": 0}
FAILURES = 3
"""How many requests the receiver that fails first refuses."""


class Wish(NamedTuple):
    """A subscription to a target of its own name."""

    name: str
    words: str
    concerns: Callable[[Sample], bool]
    pattern: str | None = None
    filter: Mapping[str, Any] | None = None
    job: bool = False
    fails_first: bool = False


def _by_somebody_else(sample: Sample) -> bool:
    return bool(sample.data.get("sender")) and sample.data["sender"]["login"] != "Codertocat"


def _review(sample: Sample) -> bool:
    repository = sample.data.get("repository") or {}
    return sample.data.get("pull_request") is not None and repository.get("full_name") == "Codertocat/Hello-World"


WISHES = (
    Wish("audit-log", "every event", lambda sample: True),
    Wish(
        "reviews",
        "has pull_request, and repository.full_name is Codertocat/Hello-World",
        _review,
        filter={"has": ["pull_request"], "eq": [["repository.full_name", "Codertocat/Hello-World"]]},
        fails_first=True,
    ),
    Wish(
        "outsiders",
        "has sender, and sender.login is not Codertocat",
        _by_somebody_else,
        filter={"has": ["sender"], "ne": [["sender.login", "Codertocat"]]},
    ),
    Wish(
        "triage",
        "routing key issues.*, worked on by a worker",
        lambda s: s.type.startswith("issues."),
        "issues.*",
        job=True,
    ),
)
