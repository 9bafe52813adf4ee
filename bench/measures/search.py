"""(e) The first page of a search, in journals of 1e4, 1e5 and 1e6 entries: hubs side by side, asked in turns.

Each single filter and the usual pairs, common and rare, through ``GET /v1/events`` on a connection that is kept; then
the first page and the hundredth as DIH and CIH show them, with histories, children and totals.
"""

import asyncio
from collections.abc import Callable, Mapping, Sized
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.hub import Hub
from bench.journal import Middle, fill
from bench.plan import Plan, Say
from bench.results import Row

HOUR_MS = 3_600_000
PAGE = 50
EVENTS = "/dih-console/api/v1/events"


def measure(plan: Plan, folder: Path, say: Say) -> list[Row]:
    """A row for each search."""
    middles = {}
    for size in plan.journals:
        with Hub(folder / str(size)):
            pass  # makes the store with its default project
        started = perf_counter()
        middles[size] = asyncio.run(fill(folder / str(size), size))
        say(f"{size:,} entries written in {perf_counter() - started:.0f} s")
    with ExitStack() as stack:
        hubs = {size: stack.enter_context(Hub(folder / str(size))) for size in plan.journals}
        asked = {size: searches(middle) for size, middle in middles.items()}
        rows = [
            _row(
                hubs,
                name,
                {size: partial(hub.get, "/v1/events", **asked[size][name]) for size, hub in hubs.items()},
                plan,
            )
            for name in asked[plan.journals[0]]
        ]
        rows += [
            _row(hubs, name, {size: partial(hub.post, EVENTS, **body) for size, hub in hubs.items()}, plan)
            for name, body in stories().items()
        ]
    worst = max(rows, key=lambda row: row.ratio or 0)
    sizes = " / ".join(f"{size:,}" for size in plan.journals)
    first = Row(part="e", what=f"first page among {sizes} entries", measured=f"worst: {worst.what.strip()}",
                ratio=worst.ratio, goal="each within 2x", met=worst.met)  # fmt: skip
    return [first, *rows]


def searches(middle: Middle) -> Mapping[str, Mapping[str, object]]:
    """The searches by name, for a journal with that entry in its middle."""
    period = {"from": _rfc3339(middle.at), "to": _rfc3339(middle.at + HOUR_MS)}
    return {
        "everything": {},
        "kind": {"kind": "subscription"},
        "status, common": {"status": "complete"},
        "status, rare and old": {"status": "error"},
        "status, none": {"status": "discarded"},
        "topic, common": {"topic": "orders 07"},
        "topic, rare and old": {"topic": "rare"},
        "application": {"application": "shop 1"},
        "name of a source": {"name": "orders 07 from"},
        "name in part": {"name": "07 w", "contains": "true"},
        "descendants": {"descendants": "error"},
        "an hour in the middle": period,
        "event id": {"event_id": middle.event_id},
        "entry id": {"entry_id": middle.entry_id},
        "parent id": {"parent_id": middle.entry_id},
        "kind + status": {"kind": "subscription", "status": "complete"},
        "topic + status": {"topic": "orders 07", "status": "complete"},
        "topic + status, none": {"topic": "orders 07", "status": "error"},
        "rare topic + rare status": {"topic": "rare", "status": "error"},
        "name + status": {"name": "orders 07 wanted", "status": "complete"},
        "application + an hour": {"application": "shop 1", **period},
        "topic + an hour": {"topic": "orders 07", **period},
        "status + an hour, none": {"status": "error", **period},
    }


def stories() -> Mapping[str, Mapping[str, object]]:
    """The searches for events with their stories by name. Page 100 is asked for of what the smallest journal has."""
    always = {"timeFrame": "NO_RANGE", "maxResults": PAGE}
    common: Mapping[str, Mapping[str, object]] = {
        "everything": {},
        "everything, newest first": {"sort": "-time"},
        "type": {"eventType": "SUBSCRIPTION"},
        "status": {"eventStatus": "COMPLETE"},
    }
    rare: Mapping[str, Mapping[str, object]] = {
        "name in part": {"pubSubName": "07"},
        "application": {"applicationName": "shop 1"},
        "any of two": {"matchAll": False, "pubSubName": "07", "eventStatus": "ERROR"},
    }
    first = {f"events: {name}": {**always, **asked} for name, asked in {**common, **rare}.items()}
    deep = {
        f"events: {name}, page 100": {**always, **asked, "firstResult": 99 * PAGE} for name, asked in common.items()
    }
    return {**first, **deep}


def _row(hubs: Mapping[int, Hub], name: str, asked: Mapping[int, Callable[[], Sized]], plan: Plan) -> Row:
    times: dict[int, list[float]] = {size: [] for size in hubs}
    found = {}
    for turn in range(plan.searches + 2):
        for size in hubs:
            started = perf_counter()
            found[size] = len(asked[size]())
            if turn >= 2:  # the first two warm the page cache
                times[size].append((perf_counter() - started) * 1000)
    medians = {size: median(runs) for size, runs in times.items()}
    ratio = max(medians.values()) / medians[min(medians)]
    measured = " / ".join(f"{ms:.1f}" for ms in medians.values()) + " ms"
    details = {"found": list(found.values()), "ms": list(times.values())}
    return Row(part="e", what=f"  {name}", measured=measured, ratio=ratio, met=ratio <= 2, details=details)


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
