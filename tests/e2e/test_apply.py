"""The example of docs/apply.md on a running hub: applied, again, changed, exported, applied elsewhere, pruned."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventyard.cli.demo.child import Child
from tests.house.tree import ROOT
from tests.unit.cli.stub import Ended, run

EXAMPLE = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/apply.md").read_text(), re.M | re.S)[0]
VARIABLES = {"SHOP_SECRET": "s" * 32, "STOCK_SECRET": "whsec_" + "c2VjcmV0" * 4, "WAREHOUSE_HOST": "stock.example"}

Command = Callable[..., Ended]


@pytest.fixture
def command(live: Child, admin: object) -> Iterator[Command]:
    """A command in a project of its own."""
    environment = {"EVENTYARD_URL": live.url, "EVENTYARD_KEY": live.key, "NO_COLOR": "1", **VARIABLES}

    def in_project(project: str, *words: str, stdin: str | None = None, **variables: str | None) -> Ended:
        return run(*words, "--project", project, stdin=stdin, env={**environment, **variables})

    yield in_project


def made(command: Command, name: str) -> str:
    """A fresh project."""
    assert command("default", "projects", "create", name).status == 0
    return name


def test_the_example_is_applied_once_and_then_changes_nothing(command: Command, tmp_path: Path) -> None:
    project = made(command, "applied")
    (tmp_path / "hub.yaml").write_text(EXAMPLE)
    apply = ("apply", "-f", str(tmp_path))
    planned = command(project, *apply, "--dry-run", "--json")
    assert (planned.status, len(json.loads(planned.out)["created"])) == (2, 8)
    done = command(project, *apply)
    assert done.status == 0, done.err
    assert done.out.splitlines()[-1] == "8 created, 0 changed, 0 removed, 0 unchanged"
    for words in (apply, (*apply, "--dry-run")):
        again = command(project, *words)
        assert again.status == 0
        assert again.out.endswith(" 8 unchanged\n")


def test_a_change_is_told_field_by_field_and_made(command: Command) -> None:
    project = made(command, "changed")
    assert command(project, "apply", "-f", "-", stdin=EXAMPLE).status == 0
    other = (
        EXAMPLE.replace("concurrency: 4", "concurrency: 9")
        .replace("required: [order]", "required: [id]")
        .replace("pattern: order.#", "pattern: null")
        .replace("consumed_days: 30, ", "consumed_days: 20, ")
    )
    done = command(project, "apply", "-f", "-", "--json", stdin=other)
    assert done.status == 0, done.err
    changed = {
        (one["name"], field): value for one in json.loads(done.out)["changed"] for field, value in one["fields"].items()
    }
    assert changed["stock", "concurrency"] == {"from": 4, "to": 9}
    assert changed["reserve stock", "pattern"] == {"from": "order.#", "to": None}
    assert set(changed) == {
        ("stock", "concurrency"),
        ("reserve stock", "pattern"),
        ("orders", "schema"),
        ("orders", "retention"),
    }
    assert command(project, "apply", "-f", "-", "--dry-run", stdin=other).status == 0


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_export_applied_changes_nothing_and_builds_the_same_elsewhere(command: Command, form: list[str]) -> None:
    project = made(command, f"exported {len(form)}")
    assert command(project, "apply", "-f", "-", stdin=EXAMPLE).status == 0
    exported = command(project, "export", *form)
    assert not [secret for secret in (VARIABLES["SHOP_SECRET"], VARIABLES["STOCK_SECRET"]) if secret in exported.out]
    assert command(project, "apply", "-f", "-", "--dry-run", "--prune", stdin=exported.out).status == 0
    twin = made(command, f"twin {len(form)}")
    wanted = {"SOURCE_SHOP_ORDERS_SECRET": "s" * 32, "TARGET_STOCK_SECRET": VARIABLES["STOCK_SECRET"]}
    applied = command(twin, "apply", "-f", "-", stdin=exported.out, **wanted)
    assert applied.status == 0, applied.err
    assert command(twin, "export", *form).out == exported.out


def test_what_is_not_declared_goes_with_prune_only(command: Command) -> None:
    project = made(command, "pruned")
    assert command(project, "apply", "-f", "-", stdin=EXAMPLE).status == 0
    rest = EXAMPLE.partition("\nsubscriptions:")[0] + "\nsubscriptions: []\nrules: []\n"
    kept = command(project, "apply", "-f", "-", stdin=rest)
    assert "? subscriptions reserve stock" in kept.out
    assert command(project, "apply", "-f", "-", "--prune", "--dry-run", stdin=rest).status == 2
    assert "- subscriptions reserve stock" in command(project, "apply", "-f", "-", "--prune", stdin=rest).out
    assert command(project, "subscriptions", "list", "--json").out == "[]\n"


def test_a_refusal_names_file_document_and_pointer(command: Command) -> None:
    project = made(command, "refused")
    wrong = "topics: [{name: a}]\n---\nsources: [{name: b, topic: a, scheme: no-such}]\n"
    ended = command(project, "apply", "-f", "-", stdin=wrong)
    assert ended.status == 1
    assert "stdin, document 2, /sources/0/scheme" in ended.err
    unset = command(project, "apply", "-f", "-", stdin=EXAMPLE, SHOP_SECRET=None)
    assert "/sources/0/secret: the environment variable SHOP_SECRET is not set" in unset.err
