from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from eventyard import __version__
from eventyard.cli import app
from tests.unit.cli.stub import run


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*words, name))


EVERY = list(commands(get_command(app)))


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_help_says_what_the_command_does_and_shows_examples(words: tuple[str, ...]) -> None:
    ended = run(*words, "--help", env={"TERMINAL_WIDTH": "120"})
    assert ended.status == 0
    assert "Examples:" in ended.out
    assert f"$ eventyard {' '.join(words)}".rstrip() in " ".join(ended.out.split())


def test_the_commands_are_those_of_the_design() -> None:
    names = {words[0] for words in EVERY if len(words) == 1}
    assert names == {
        "serve", "demo", "init", "doctor", "listen", "send", "tail", "events", "deliveries", "sources", "subscriptions",
        "targets", "jobs", "topics", "projects", "applications", "keys", "db", "secrets", "import",
        "apply", "export", "rules",
    }  # fmt: skip


def test_the_version_is_printed() -> None:
    assert run("--version").out == f"{__version__}\n"


def test_a_command_nobody_knows_is_a_usage_error() -> None:
    ended = run("sorces", "list")
    assert ended.status == 2
    assert "sources" in ended.err


def test_no_command_at_all_shows_the_help() -> None:
    assert "A hub of your own" in run().out
