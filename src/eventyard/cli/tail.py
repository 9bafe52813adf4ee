"""``eventyard tail``: new journal entries, as they come."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.filters import filtered
from eventyard.cli.remote import Remote, remote

_WIDTHS = (("entry_id", 8), ("created_at", 24), ("kind", 12), ("status", 11), ("topic", 16), ("name", 24))


app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "eventyard tail",
        "eventyard tail --kind publication --topic orders --json | jq .event_id",
        "eventyard tail --status error --lines 20",
    )
)
@remote
@filtered
def tail(
    hub: Remote,
    where: dict[str, Any],
    kind: Annotated[str | None, typer.Option(help="publication or subscription (a delivery).")] = None,
    lines: Annotated[int, typer.Option(min=0, help="Begin with so many that are there already.")] = 10,
    every: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks.")] = 0.5,
) -> None:
    """Follow the journal until Ctrl-C; with --json, one entry a line."""
    query = {**where, "kind": kind}
    seen = 0
    first = hub.list("/v1/events", max(lines, 1), **query)
    hub.say("following the journal; Ctrl-C ends")
    try:
        if first:
            seen = first[0]["entry_id"]
            show(hub, reversed(first[:lines]))
        while True:
            time.sleep(every)
            fresh = list(newer(hub, query, seen))
            if fresh:
                seen = fresh[0]["entry_id"]
                show(hub, reversed(fresh))
    except KeyboardInterrupt:
        return


def newer(hub: Remote, query: dict[str, Any], seen: int) -> Iterator[dict[str, Any]]:
    """Entries past ``seen``, newest first."""
    for entry in hub.client.pages("/v1/events", {"project_id": hub.project, **query}, 1_000_000):
        if entry["entry_id"] <= seen:
            return
        yield entry


def show(hub: Remote, entries: Iterator[dict[str, Any]]) -> None:
    """A line for each entry."""
    for entry in entries:
        if hub.as_json:
            talk.data(entry, indent=None)
        else:
            talk.line(
                "  ".join(talk.plain(entry[name]).ljust(width) for name, width in _WIDTHS) + f"  {entry['event_id']}"
            )
