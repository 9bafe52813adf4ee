"""What was measured, as a table for people and as JSON for machines."""

import os
import platform
from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from eventyard import __version__

PLAIN_WIDTH = 180
"""Columns of the table where there is no terminal to fit it to."""


class Row(msgspec.Struct, kw_only=True):
    """One figure. ``ratio`` is measured over yardstick, or the largest over the smallest; ``met`` is ``None`` without
    a goal. ``details`` are the numbers behind it, run by run.
    """

    part: str
    what: str
    measured: str
    goal: str = ""
    yardstick: str = ""
    ratio: float | None = None
    met: bool | None = None
    details: dict[str, Any] = {}


def paired(figures: Sequence[float], yardsticks: Sequence[float]) -> float:
    """The median ratio of figures to the yardsticks taken right beside them."""
    return median(figure / yardstick for figure, yardstick in zip(figures, yardsticks, strict=True))


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    table = Table("", "what", "measured", "yardstick", "ratio", "goal", "", box=SIMPLE_HEAD)
    part = ""
    for row in rows:
        if part and row.part != part:
            table.add_section()
        table.add_row(
            row.part if row.part != part else "",
            row.what,
            row.measured,
            row.yardstick,
            "" if row.ratio is None else f"{row.ratio:.2f}",
            row.goal,
            {True: "met", False: "SHORT", None: ""}[row.met],
        )
        part = row.part
    console = Console()
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    console.print(table)


def as_json(rows: Sequence[Row], *, quick: bool, seconds: float) -> bytes:
    """The results with what one must know of the machine to read them."""
    facts = {
        "version": __version__,
        "quick": quick,
        "seconds": round(seconds, 1),
        "machine": {
            "cores": os.cpu_count(),
            "load_average": os.getloadavg(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "results": rows,
    }
    return msgspec.json.format(msgspec.json.encode(facts))
