"""(e) A page of a search, in journals of 1e4, 1e5 and 1e6 entries: hubs side by side, asked in turns.

Each single filter and the usual pairs, common and rare, through ``GET /v1/events`` on a connection that is kept; then
the first page and the hundredth of each as DIH and CIH show them, with histories, children and totals. A search has a
hundredth page where it has one in the smallest journal; its pages are as long there as a hundred of them can be.
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
from bench.load import percentile
from bench.plan import Plan, Say
from bench.results import Row

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PAGE = 50
SIZES = (PAGE, 25, 10, 5, 2, 1)
"""How long the pages are of which the hundredth is asked for."""

MOST = 2.0
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
        told = {size: stories(middle) for size, middle in middles.items()}
        for name in told[plan.journals[0]]:
            bodies = {size: told[size][name] for size in hubs}
            rows.append(_told(hubs, f"events: {name}", bodies, plan))
            if (length := _page_length(hubs[plan.journals[0]], bodies[plan.journals[0]])) is not None:
                deep = {"firstResult": 99 * length, "maxResults": length}
                pages = {size: {**body, **deep} for size, body in bodies.items()}
                rows.append(_told(hubs, f"events: {name}, page 100 of {length}", pages, plan))
    worst = max(rows, key=lambda row: row.ratio or 0)
    sizes = " / ".join(f"{size:,}" for size in plan.journals)
    first = Row(part="e", what=f"p95 of a page among {sizes} entries", measured=f"worst: {worst.what.strip()}",
                ratio=worst.ratio, goal=f"each within {MOST:g}x", met=worst.met)  # fmt: skip
    return [first, *rows]


def searches(middle: Middle) -> Mapping[str, Mapping[str, object]]:
    """The searches by name, for a journal with that entry in its middle."""
    period = {"from": _rfc3339(middle.at), "to": _rfc3339(middle.at + 6 * HOUR_MS)}
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
        "six hours in the middle": period,
        "event id": {"event_id": middle.event_id},
        "entry id": {"entry_id": middle.entry_id},
        "parent id": {"parent_id": middle.entry_id},
        "kind + status": {"kind": "subscription", "status": "complete"},
        "topic + status": {"topic": "orders 07", "status": "complete"},
        "topic + status, none": {"topic": "orders 07", "status": "error"},
        "rare topic + rare status": {"topic": "rare", "status": "error"},
        "name + status": {"name": "orders 07 wanted", "status": "complete"},
        "application + six hours": {"application": "shop 1", **period},
        "topic + six hours": {"topic": "orders 07", **period},
        "status + six hours, none": {"status": "error", **period},
    }


def stories(middle: Middle) -> Mapping[str, Mapping[str, object]]:
    """The searches for events with their stories by name: every filter that DIH and CIH have, and the usual pairs."""
    exact = {"useExactMatch": True}
    day = {"timeFrame": "LAST_24_HOURS"}
    custom = {"timeFrame": _custom(middle.at, middle.at + 10 * DAY_MS)}
    asked: Mapping[str, Mapping[str, object]] = {
        "no range": {},
        "no range, newest first": {"sort": "-time"},
        "applicationName in part": {"applicationName": "op 1"},
        "applicationName": {"applicationName": "shop 1", **exact},
        "topicName in part": {"topicName": "07"},
        "topicName": {"topicName": "orders 07", **exact},
        "topicName, rare and old": {"topicName": "rare", **exact},
        "pubSubName in part": {"pubSubName": "07"},
        "pubSubName": {"pubSubName": "orders 07 from", **exact},
        "partnerId": {"partnerId": middle.application},
        "eventId": {"eventId": middle.entry_id},
        "eventType": {"eventType": "SUBSCRIPTION"},
        "eventStatus": {"eventStatus": "COMPLETE"},
        "eventStatus, rare and old": {"eventStatus": "ERROR"},
        "eventStatus, none": {"eventStatus": "DISCARDED"},
        "descendantsEventState": {"descendantsEventState": "FINAL"},
        "descendantsEventState, rare and old": {"descendantsEventState": "ERROR"},
        "today": {"timeFrame": "TODAY"},
        "last 24 hours": day,
        "custom, ten days": custom,
        "custom, six hours": {"timeFrame": _custom(middle.at, middle.at + 6 * HOUR_MS)},
        "status + application": {"eventStatus": "COMPLETE", "applicationName": "shop 1"},
        "rare status + application": {"eventStatus": "ERROR", "applicationName": "shop 0"},
        "type + topic": {"eventType": "PUBLICATION", "topicName": "orders 07"},
        "status + ten days": {"eventStatus": "COMPLETE", **custom},
        "rare status + last 24 hours": {"eventStatus": "ERROR", **day},
        "descendants + type": {"descendantsEventState": "FINAL", "eventType": "PUBLICATION"},
        "rare descendants + type": {"descendantsEventState": "ERROR", "eventType": "PUBLICATION"},
        "name + ten days": {"pubSubName": "07", **custom},
        "any of two": {"matchAll": False, "pubSubName": "07", "eventStatus": "ERROR"},
    }
    return {name: {"timeFrame": "NO_RANGE", "maxResults": PAGE, **body} for name, body in asked.items()}


def _custom(since: int, until: int) -> Mapping[str, str]:
    return {"range": "CUSTOM", "fromDate": _rfc3339(since), "toDate": _rfc3339(until)}


def _page_length(hub: Hub, body: Mapping[str, object]) -> int | None:
    """How long pages can be of which there are a hundred."""
    for length in SIZES:
        if len(hub.post(EVENTS, **{**body, "firstResult": 99 * length, "maxResults": length})) == length:
            return length
    return None


def _told(hubs: Mapping[int, Hub], name: str, bodies: Mapping[int, Mapping[str, object]], plan: Plan) -> Row:
    return _row(hubs, name, {size: partial(hub.post, EVENTS, **bodies[size]) for size, hub in hubs.items()}, plan)


def _row(hubs: Mapping[int, Hub], name: str, asked: Mapping[int, Callable[[], Sized]], plan: Plan) -> Row:
    times: dict[int, list[float]] = {size: [] for size in hubs}
    found = {}
    for turn in range(plan.searches + 2):
        for size in hubs:
            started = perf_counter()
            found[size] = len(asked[size]())
            if turn >= 2:  # the first two warm the page cache
                times[size].append((perf_counter() - started) * 1000)
    tails = {size: percentile(sorted(runs), 0.95) for size, runs in times.items()}
    ratio = max(tails.values()) / tails[min(tails)]
    measured = " / ".join(f"{ms:.1f}" for ms in tails.values()) + " ms"
    half = "p50 " + " / ".join(f"{median(runs):.1f}" for runs in times.values())
    details = {"found": list(found.values()), "ms": list(times.values())}
    return Row(part="e", what=f"  {name}", measured=measured, yardstick=half, ratio=ratio, met=ratio <= MOST,
               details=details)  # fmt: skip


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
