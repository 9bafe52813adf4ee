"""How the demo tells what it is doing: a line per step on stderr, with a spinner or a bar where there is a terminal."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from eventyard.cli import talk

T = TypeVar("T")
_NAMES = 14


class Teller:
    """Tells steps. ``missing`` are the names of those that did not happen."""

    def __init__(self) -> None:
        self.console = talk.console(sys.stderr)
        self.missing: list[str] = []

    def title(self, text: str) -> None:
        """What this is."""
        self.console.print(Text(f"\n{text}\n", style="bold"))

    @contextmanager
    def doing(self, text: str) -> Iterator[None]:
        """A spinner while something takes its time."""
        if self.console.is_terminal:
            with self.console.status(text):
                yield
        else:
            yield

    def each(self, text: str, items: Sequence[T]) -> Iterable[T]:
        """The items, with a bar that moves as they are taken."""
        if not self.console.is_terminal:
            yield from items
            return
        columns = (SpinnerColumn(), TextColumn(text), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield from progress.track(items, description=text)

    def step(self, name: str, happened: bool, text: str) -> None:
        """A step that happened, or did not."""
        mark = Text(" ✓ ", style="green") if happened else Text(" ✗ ", style="bold red")
        self.console.print(Text.assemble(mark, (name.ljust(_NAMES), "bold"), text))
        if not happened:
            self.missing.append(f"{name}: {text}")
