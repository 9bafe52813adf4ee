"""``eventyard deliveries``: one event for one subscription each; tried again, ended, or made anew."""

from typing import Annotated, Any

import typer

from eventyard.cli.client import segment
from eventyard.cli.events import show_entry
from eventyard.cli.examples import examples
from eventyard.cli.filters import filtered
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.verbs import Limit, group

PATH = "/v1/deliveries"
COLUMNS = (
    ("DELIVERY", "entry_id"),
    ("CREATED", "created_at"),
    ("STATUS", "status"),
    ("SUBSCRIPTION", "name"),
    ("PUBLICATION", "parent_id"),
    ("COMPLETED", "completed_at"),
    ("EVENT", "event_id"),
)
STEP = 1_000
"""How many deliveries a bulk call acts on, before the next one goes on; what is stopped in between goes no further."""

app = group(
    "Deliveries: one event for one subscription each.",
    "eventyard deliveries list --status error",
    "eventyard deliveries retry --status error --name billing --dry-run",
)

Ids = Annotated[
    list[int] | None, typer.Argument(help="Numbers of deliveries; or say which with options.", metavar="DELIVERY...")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")]
All = Annotated[bool, typer.Option("--all", help="All that the status allows it for.")]


@app.command("list", epilog=examples("eventyard deliveries list --status error --from 1h"))
@remote
@filtered
def list_(hub: Remote, where: dict[str, Any], limit: Limit = 50) -> None:
    """List deliveries, newest first."""
    hub.show(hub.list(PATH, limit, **where), COLUMNS)


@app.command(epilog=examples("eventyard deliveries show 1043"))
@remote
def show(hub: Remote, delivery: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """Show one delivery with its history and attempts."""
    show_entry(hub, hub.get(f"/v1/events/{delivery}"))


@app.command(
    epilog=examples(
        "eventyard deliveries retry 1043 1057",
        "eventyard deliveries retry --name billing --from 1d --dry-run",
        "eventyard deliveries retry --all",
    )
)
@remote
@filtered
def retry(
    hub: Remote, where: dict[str, Any], delivery: Ids = None, everything: All = False, dry_run: DryRun = False
) -> None:
    """Give deliveries in Error another round of attempts."""
    _act(hub, "retry", where, delivery, everything, dry_run)


@app.command(
    epilog=examples(
        "eventyard deliveries discard 1043", "eventyard deliveries discard --status error --to 7d --dry-run"
    )
)
@remote
@filtered
def discard(
    hub: Remote, where: dict[str, Any], delivery: Ids = None, everything: All = False, dry_run: DryRun = False
) -> None:
    """End deliveries as Discarded."""
    _act(hub, "discard", where, delivery, everything, dry_run)


@app.command(
    epilog=examples(
        "eventyard deliveries reprocess 1043",
        "eventyard deliveries reprocess --status complete --name billing --from 1h",
    )
)
@remote
@filtered
def reprocess(
    hub: Remote, where: dict[str, Any], delivery: Ids = None, everything: All = False, dry_run: DryRun = False
) -> None:
    """Make a new delivery in place of each; the old one becomes Reprocessed."""
    _act(hub, "reprocess", where, delivery, everything, dry_run)


def _act(
    hub: Remote, verb: str, where: dict[str, Any], delivery: list[int] | None, everything: bool, dry_run: bool
) -> None:
    if delivery:
        _each(hub, verb, delivery, dry_run)
        return
    if not where and not everything:
        raise typer.BadParameter("name deliveries, or say which with options, or --all", param_hint="DELIVERY")
    asked = {"filter": given({"project_id": hub.project, **where}), "dry_run": dry_run, "limit": STEP}
    matched = changed = 0
    cursor = None
    while True:
        told = hub.post(f"{PATH}/{verb}", {**asked, "cursor": cursor})
        matched, changed, cursor = matched + told["matched"], changed + told["changed"], told["next"]
        if cursor is None:
            hub.show({"matched": matched, "changed": changed})
            return
        hub.say(f"{matched} so far, {changed} changed")


def _each(hub: Remote, verb: str, ids: list[int], dry_run: bool) -> None:
    done = [] if dry_run else [hub.post(f"{PATH}/{segment(entry_id)}/{verb}") for entry_id in ids]
    if dry_run:
        hub.show({"matched": len(ids), "changed": 0})
    else:
        hub.show(done, COLUMNS)
