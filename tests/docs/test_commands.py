"""Every command that a page tells the reader to run is there, with the options it is shown with."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from eventyard.cli import app
from tests.house.tree import ROOT, kept_files

PAGES = [path for path in kept_files() if path.suffix == ".md"]
TARGETS = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
VARIABLES = r"(?:[A-Z_]+=\S+ +)*"
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
INLINE = re.compile(rf"`{VARIABLES}((?:make|eventyard)(?: [^`]*)?)`")
LINE = re.compile(rf"^{VARIABLES}((?:make|eventyard)(?: .*)?)$", re.M)
EXAMPLE = re.compile(r"^    \$ (eventyard .*)$", re.M)


def commands(page: Path) -> Iterator[list[str]]:
    """Every ``make`` and ``eventyard`` command line of a page: in shell blocks, as an example, between backquotes."""
    text = page.read_text()
    for block in SHELL_BLOCK.findall(text):
        yield from (shlex.split(line, comments=True) for line in LINE.findall(block))
    for line in EXAMPLE.findall(text):
        yield from (shlex.split(part, comments=True) for part in re.split(r" && | \| ", line))
    yield from (shlex.split(line) for line in INLINE.findall(text))


def shown(program: str) -> list[Any]:
    """The command lines of one program, each a case named after its page."""
    return [
        pytest.param(words, id=f"{page.name}: {shlex.join(words)}")
        for page in PAGES
        for words in commands(page)
        if words[0] == program
    ]


@pytest.mark.parametrize("words", shown("make"))
def test_a_make_command_of_the_docs_is_on_the_menu(words: list[str]) -> None:
    assert {word for word in words[1:] if "=" not in word} <= TARGETS


@pytest.mark.parametrize("words", shown("eventyard"))
def test_a_command_of_the_docs_exists_with_its_options(words: list[str]) -> None:
    command = get_command(app)
    rest = words[1:]
    while rest and (children := getattr(command, "commands", None)) and not rest[0].startswith("-"):
        if rest[0] in ("…", "..."):
            return
        assert rest[0] in children, f"{rest[0]} is none of {', '.join(sorted(children))}"
        command = children[rest.pop(0)]
    options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
    assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= options


def test_the_menu_lists_every_target_that_is_meant_for_people() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony
    assert set(phony[1].split()) - {"assets"} == TARGETS
