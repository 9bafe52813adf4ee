"""What the demo sends: GitHub's own sample webhooks, from npm at a pinned hash; where npm is missing, made-up ones."""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eventyard.cli.npm import GITHUB_SAMPLES, fetch


class Sample(NamedTuple):
    """One webhook: the event name that GitHub puts into a header, the body byte for byte, and what is in it."""

    event: str
    body: bytes
    data: dict[str, Any]

    @property
    def type(self) -> str:
        """The type the hub gives it: event and action."""
        action = self.data.get("action")
        return f"{self.event}.{action}" if isinstance(action, str) else self.event


class Samples(NamedTuple):
    """What there is to send, and in words where it comes from."""

    origin: str
    items: Sequence[Sample]


def samples(folder: Path) -> Samples:
    """GitHub's samples, fetched into ``folder``; or generated ones, which say that they are."""
    if not fetch(*GITHUB_SAMPLES, folder):
        items = list(generated(random.Random(1), 120))
        return Samples("generated payloads in GitHub's form, for want of npm", items)
    events = json.loads((folder / GITHUB_SAMPLES.members[0]).read_bytes())
    items = [sample(event["name"], data) for event in events for data in event["examples"]]
    return Samples(f"real GitHub webhooks ({GITHUB_SAMPLES.name} {GITHUB_SAMPLES.version}, sha512 as pinned)", items)


def sample(event: str, data: dict[str, Any]) -> Sample:
    """A webhook as GitHub would send it."""
    return Sample(event, json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode(), data)


def generated(chance: random.Random, count: int) -> Iterator[Sample]:
    """Made-up webhooks with the members that the demo's schema and filters look at."""
    for number in range(1, count + 1):
        event, actions, member = chance.choice(_SHAPES)
        login = chance.choice(_LOGINS)
        data: dict[str, Any] = {
            "sender": {"login": login, "id": 1000 + _LOGINS.index(login), "type": "User"},
            "repository": {"id": 42, "full_name": "Codertocat/Hello-World", "private": False},
        }
        if actions:
            data["action"] = chance.choice(actions)
        if member:
            data[member] = {"number": number, "title": f"{member} {number}", "user": data["sender"]}
        else:
            data["after"] = uuid.UUID(int=chance.getrandbits(128)).hex
        yield sample(event, data)


_LOGINS = ("Codertocat", "octocat", "hacktocat", "monalisa")
_SHAPES: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("push", (), None),
    ("issues", ("opened", "closed", "labeled"), "issue"),
    ("issue_comment", ("created", "edited"), "comment"),
    ("pull_request", ("opened", "synchronize", "closed"), "pull_request"),
    ("release", ("published",), "release"),
)
