"""``eventyard tail``: what happens now, as it happens: the events of an exchange, or every entry of the journal.

An exchange is a stream that the hub keeps open (``stream.py``). The journal is asked again and again, since its entries
change: a delivery is there before it is made.
"""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.filters import placed
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.stream import follow

_WIDTHS = (("entry_id", 8), ("created_at", 24), ("kind", 12), ("status", 11), ("topic", 16), ("name", 24))
_PIPE_WIDTH = 100_000


app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "eventyard tail",
        "eventyard tail --status error --lines 20",
        "eventyard tail orders --pattern '*.created'",
        "eventyard tail orders --from first --limit 100 --json | jq .data",
        "eventyard tail project.0199f3c2-7b1e-7c55-a0c9-3d5b8f1e2a44 --pattern 'vehicles.#' --from 2h",
    )
)
@remote
@placed
def tail(
    hub: Remote,
    where: dict[str, Any],
    exchange: Annotated[
        str | None, typer.Argument(help="An exchange, which is a topic by its name; without, the journal.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Only such routing keys; * is one word, # any number. Of an exchange.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="publication or subscription (a delivery). Of the journal.")] = None,
    lines: Annotated[int, typer.Option(min=0, help="Begin with so many entries of the journal.")] = 10,
    every: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks at the journal.")] = 0.5,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
) -> None:
    """Follow an exchange, or the journal, until Ctrl-C; with --json, one event or entry a line.

    The events of an exchange begin now, or --from: first, last, next, the number of an entry, a time, or an age.
    """
    if exchange is not None:
        if wrong := given({**where, "from": None, "kind": kind}):
            raise typer.BadParameter("an exchange is followed by --pattern and --from", param_hint=f"--{min(wrong)}")
        fresh, show = events(hub, exchange, pattern, where.get("from")), show_event
    elif pattern is not None:
        raise typer.BadParameter("name the exchange, such as: eventyard tail orders", param_hint="--pattern")
    elif where.get("from") in ("first", "last", "next"):
        raise typer.BadParameter("name the exchange, such as: eventyard tail orders --from first", param_hint="--from")
    else:
        fresh, show = entries(hub, {**where, "kind": kind}, lines, every), show_entry
    try:
        for one in islice(fresh, limit):
            show(hub, one)
    except KeyboardInterrupt:
        return


def events(hub: Remote, exchange: str, pattern: str | None, place: str | None) -> Iterator[dict[str, Any]]:
    """The events of an exchange, from a place in its past or from now on."""
    hub.say(f"following {exchange}; Ctrl-C ends")
    for event in follow(hub.client, exchange, {"key": pattern, "from": place, "project_id": hub.project}):
        yield json.loads(event.data)


def entries(hub: Remote, query: dict[str, Any], lines: int, every: float) -> Iterator[dict[str, Any]]:
    """The newest entries of the journal, and then those that come."""
    found = hub.list("/v1/events", max(lines, 1), **query)
    hub.say("following the journal; Ctrl-C ends")
    seen = found[0]["entry_id"] if found else 0
    yield from reversed(found[:lines])
    while True:
        time.sleep(every)
        fresh = list(newer(hub, query, seen))
        if fresh:
            seen = fresh[0]["entry_id"]
            yield from reversed(fresh)


def newer(hub: Remote, query: dict[str, Any], seen: int) -> Iterator[dict[str, Any]]:
    """Entries past ``seen``, newest first."""
    for entry in hub.client.pages("/v1/events", {"project_id": hub.project, **query}, 1_000_000):
        if entry["entry_id"] <= seen:
            return
        yield entry


def show_entry(hub: Remote, one: dict[str, Any]) -> None:
    """A line for an entry of the journal."""
    if hub.as_json:
        talk.data(one, indent=None)
    else:
        talk.line("  ".join(talk.plain(one[name]).ljust(width) for name, width in _WIDTHS) + f"  {one['event_id']}")


def show_event(hub: Remote, one: dict[str, Any]) -> None:
    """A line for an event: when, which entry, its type and routing key, and the beginning of its data."""
    if hub.as_json:
        talk.data(one, indent=None)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_WIDTH
    head = f"{one.get('time', ''):24}  {int(one['sequence']):>8}  "
    named = "  ".join(dict.fromkeys((one["type"], one.get("routingkey", one["type"]))))
    text = _shortened(_data(one), width - len(head) - len(named) - 2)
    talk.line(f"{talk.painted(head, talk.DIM)}{talk.painted(named, talk.BOLD)}  {text}".rstrip())


def _data(event: dict[str, Any]) -> str:
    if "data_base64" in event:
        return f"{event.get('datacontenttype', 'bytes')}, {len(event['data_base64']) * 3 // 4} bytes"
    return json.dumps(event["data"], ensure_ascii=False) if "data" in event else ""


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= max(width, 20) else text[: max(width, 20) - 1] + "…"
