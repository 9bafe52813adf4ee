"""``eventyard deliveries``: one event for one subscription each; tried again, ended, or made anew."""

from typing import Annotated, Any

import typer

from eventyard.cli.bulk import All, DryRun, act
from eventyard.cli.events import show_entry
from eventyard.cli.examples import examples
from eventyard.cli.filters import filtered
from eventyard.cli.remote import Remote, remote
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

app = group(
    "Deliveries: one event for one subscription each.",
    "eventyard deliveries list --status error",
    "eventyard deliveries retry --status error --name billing --dry-run",
)

Ids = Annotated[
    list[int] | None, typer.Argument(help="Numbers of deliveries; or say which with options.", metavar="DELIVERY...")
]


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
    act(hub, PATH, "retry", where, delivery, everything, dry_run, COLUMNS)


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
    act(hub, PATH, "discard", where, delivery, everything, dry_run, COLUMNS)


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
    act(hub, PATH, "reprocess", where, delivery, everything, dry_run, COLUMNS)
