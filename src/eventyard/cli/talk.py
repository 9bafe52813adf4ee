"""What a command prints: data on stdout, as a table for people or as JSON for programs; talk on stderr.

Colours, and tables that fit the window, only where a terminal is. Rich is imported when a table is drawn.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from eventyard.cli.failure import Failure

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Columns = Sequence[tuple[str, str]]
"""Title and dotted path into the record, for each column of a table."""

RED, GREEN, YELLOW, DIM, BOLD = "\033[31m", "\033[32m", "\033[33m", "\033[2m", "\033[1m"
_PLAIN = "\033[0m"
_PIPE_WIDTH = 100_000
_STYLES = {
    "complete": "green", "delivered": "green", "enabled": "green", "closed": "green", "final": "green", "ok": "green",
    "error": "red", "failed": "red", "disabled": "red", "open": "red", "fail": "red", "timed_out": "red",
    "unreachable": "red", "refused": "red", "gone": "red", "lost": "red",
    "processing": "yellow", "pending": "yellow", "in_process": "yellow", "throttled": "yellow", "warn": "yellow",
    "half_open": "yellow", "paused": "yellow", "delayed": "yellow",
    "discarded": "dim", "reprocessed": "dim", "none": "dim", "–": "dim",
}  # fmt: skip


def console(stream: TextIO) -> "Console":
    """A Rich console on a stream: as wide as the window, or wide enough for any row where there is no window."""
    from rich.console import Console  # noqa: PLC0415 - `eventyard serve` prints no tables

    return Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False, soft_wrap=False)


def data(value: Any, *, indent: int | None = 2) -> None:
    """JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")
    sys.stdout.flush()


def line(text: str) -> None:
    """A line of data on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line of talk on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def complain(failure: Failure) -> None:
    """A failure on stderr: the sentence, the hint, the code."""
    say(f"{painted('error:', RED, sys.stderr)} {failure.message}")
    if failure.hint:
        say(f"  {painted('hint:', DIM, sys.stderr)} {failure.hint}")
    if failure.code:
        say(f"  {painted('code:', DIM, sys.stderr)} {failure.code}")


def table(records: Iterable[Mapping[str, Any]], columns: Columns, *, stream: TextIO | None = None) -> None:
    """Records as rows, for people; of no records it is said that there are none."""
    from rich.table import Table  # noqa: PLC0415

    drawn = Table(
        box=None,
        show_header=any(title for title, _ in columns),
        header_style="bold",
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for title, _ in columns:
        drawn.add_column(title, overflow="fold")
    for record in records:
        drawn.add_row(*(cell(at(record, path)) for _, path in columns))
    if not drawn.row_count:
        say("none")
        return
    terminal = console(stream or sys.stdout)
    with terminal.capture() as capture:
        terminal.print(drawn)
    for row in capture.get().splitlines():
        terminal.file.write(row.rstrip() + "\n")
    terminal.file.flush()


def record(value: Mapping[str, Any]) -> None:
    """One record, a field a line, for people."""
    table(({"field": name, "value": inner} for name, inner in value.items()), (("", "field"), ("", "value")))


def at(value: Any, path: str) -> Any:
    """What stands under a dotted path, or ``None``."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def cell(value: Any) -> "Text":
    """A value as a person reads it."""
    from rich.text import Text  # noqa: PLC0415

    text = plain(value)
    return Text(text, style=_STYLES.get(text, ""))


def plain(value: Any) -> str:
    """A value as text: a dash for nothing, yes or no, lists with commas, anything deeper as JSON."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def abandon_stdout() -> None:
    """Whoever read stdout went away (``| head``); let the interpreter not complain about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def painted(text: str, style: str, stream: TextIO | None = None) -> str:
    """Text in a colour (an ANSI sequence), where there is a terminal that wants colours."""
    colours = (stream or sys.stdout).isatty() and "NO_COLOR" not in os.environ
    return f"{style}{text}{_PLAIN}" if colours else text
