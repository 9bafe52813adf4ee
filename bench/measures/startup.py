"""(f) How soon ``eventyard serve`` is ready, on a new directory and an existing one, and its memory when idle."""

import time
from pathlib import Path
from statistics import median

from bench.hub import Hub
from bench.plan import Plan, Say
from bench.results import Row

IDLE = 2.0
"""Seconds after which a hub that is asked nothing has loaded all it loads by itself."""


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """From the start of the process to the line that says it is ready; then its memory, while nobody asks."""
    fresh, again, resident, proportional = [], [], [], []
    for n in range(plan.starts):
        with Hub(folder / str(n)) as hub:
            fresh.append(hub.start_seconds)
        with Hub(folder / str(n)) as hub:
            again.append(hub.start_seconds)
            time.sleep(IDLE)
            rss, pss = hub.memory_mb
            resident.append(rss)
            proportional.append(pss)
        say(f"new {fresh[-1]:.2f} s, again {again[-1]:.2f} s, {rss:.0f} MB")
    details = {"fresh": fresh, "again": again, "rss_mb": resident, "pss_mb": proportional}
    most = median(resident)
    return [
        Row(part="f", what="ready, existing directory", measured=f"{median(again):.2f} s", goal="< 1 s",
            met=median(again) < 1, details=details),
        Row(part="f", what="ready, new directory", measured=f"{median(fresh):.2f} s", goal="< 1 s",
            met=median(fresh) < 1),
        Row(part="f", what="idle memory", goal="< 100 MB", met=most < 100,
            measured=f"{most:.0f} MB resident, {median(proportional):.0f} MB proportional"),
    ]  # fmt: skip
