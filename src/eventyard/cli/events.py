"""``eventyard events``: the journal, searched and explained."""

import json
from typing import Annotated, Any

import typer

from eventyard.cli import sources, subscriptions, talk
from eventyard.cli.bulk import All, DryRun, act
from eventyard.cli.client import segment
from eventyard.cli.examples import examples
from eventyard.cli.filters import filtered, moment
from eventyard.cli.inputs import json_of
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.verbs import Limit, group

PATH = "/v1/events"
COLUMNS = (
    ("ENTRY", "entry_id"),
    ("CREATED", "created_at"),
    ("KIND", "kind"),
    ("STATUS", "status"),
    ("TOPIC", "topic"),
    ("NAME", "name"),
    ("CHILDREN", "descendants"),
    ("EVENT", "event_id"),
)
ATTEMPTS = (
    ("ATTEMPT", "number"),
    ("STARTED", "started_at"),
    ("MS", "duration_ms"),
    ("RESULT", "result"),
    ("STATUS", "status_code"),
    ("ERROR", "error"),
)
HISTORY = (("AT", "at"), ("STATUS", "status"), ("BY", "actor"), ("COMMENT", "comment"))

app = group(
    "The journal: what came in, and what became of it.",
    "eventyard events list --from 1h",
    "eventyard events show 1042",
    "eventyard events explain 1042",
    "eventyard events status --topic orders --status error --to 7d discarded --dry-run",
)

Kind = Annotated[str | None, typer.Option(help="publication or subscription (a delivery).")]
Entry = Annotated[str, typer.Argument(help="Number of the entry, or id of the event.", metavar="ENTRY")]


@app.command(
    "list", epilog=examples("eventyard events list --from 1h", "eventyard events list --status error --name github")
)
@remote
@filtered
def list_(
    hub: Remote,
    where: dict[str, Any],
    kind: Kind = None,
    limit: Limit = 50,
) -> None:
    """List journal entries, newest first."""
    hub.show(hub.list(PATH, limit, kind=kind, **where), COLUMNS)


@app.command(epilog=examples("eventyard events show 1042", "eventyard events show 1042 --json | jq .event.data"))
@remote
def show(hub: Remote, entry: Entry) -> None:
    """Show one entry: the event, its history, its deliveries or attempts."""
    show_entry(hub, hub.get(f"{PATH}/{segment(entry)}"))


def show_entry(hub: Remote, entry: dict[str, Any]) -> None:
    """Print an entry with everything on record about it."""
    if hub.as_json:
        talk.data(entry)
        return
    parts = {"event", "children", "history", "attempts"}
    talk.record({name: value for name, value in entry.items() if name not in parts})
    for title, columns in (("history", HISTORY), ("attempts", ATTEMPTS), ("children", COLUMNS)):
        if entry.get(title):
            talk.line("\n" + talk.painted(title, talk.BOLD))
            talk.table(entry[title], columns)
    event = entry.get("event") or {}
    if event:
        talk.line("\n" + talk.painted("event", talk.BOLD))
        talk.record({name: value for name, value in event.items() if name not in ("data", "data_base64")})
        talk.line("\n" + talk.painted("data", talk.BOLD))
        talk.line(event.get("data_base64") or json.dumps(event.get("data"), indent=2, ensure_ascii=False))


@app.command(
    epilog=examples(
        "eventyard events explain 1042",
        "eventyard events explain 1042 --subscription reviews",
        'eventyard events explain --source github --data \'{"action": "opened"}\' --routing-key issues.opened',
    )
)
@remote
def explain(
    hub: Remote,
    entry: Annotated[str | None, typer.Argument(help="Number of the entry, or id of the event.")] = None,
    subscription: Annotated[str | None, typer.Option(help="Only this one, by name or id.")] = None,
    source: Annotated[
        str | None, typer.Option(help="For an event that nobody sent: its source, by name or id.")
    ] = None,
    data: Annotated[Any, typer.Option(parser=json_of, metavar="JSON|@FILE|-", help="… its data.")] = None,
    routing_key: Annotated[str | None, typer.Option(help="… its routing key.")] = None,
) -> None:
    """Explain why an event matches, or does not match, the subscriptions as they are now."""
    only = hub.id_of(subscriptions.PATH, subscription) if subscription else None
    if entry is not None:
        found = hub.get(f"{PATH}/{segment(entry)}/explain", subscription_id=only)
    elif source is not None:
        sample = {
            "source_id": hub.id_of(sources.PATH, source),
            "data": data,
            "routing_key": routing_key,
            "subscription_id": only,
        }
        found = hub.post(f"{PATH}/explain", sample)
    else:
        raise typer.BadParameter("name an entry, or describe an event with --source and --data", param_hint="ENTRY")
    if hub.as_json:
        talk.data(found)
        return
    for explanation in found:
        talk.line(f"{'matches' if explanation['matches'] else 'does not match'}: {explanation['name']}")
        for check in explanation["checks"]:
            talk.line(f"  {'✓' if check['passed'] else '✗'} {check['check']}: {check['detail']}")


@app.command(
    epilog=examples(
        "eventyard events replay --from 2h --to 1h --dry-run",
        "eventyard events replay --from 2026-08-01T10:00:00Z --to 2026-08-01T11:00:00Z --subscription billing",
    )
)
@remote
def replay(
    hub: Remote,
    since: Annotated[str, typer.Option("--from", parser=moment, metavar="TIME", help="From this time, or age, on.")],
    until: Annotated[str, typer.Option("--to", parser=moment, metavar="TIME", help="To this time, or age.")] = "0s",
    source: Annotated[str | None, typer.Option(help="Only events of this source, by name or id.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only events of this topic.")] = None,
    subscription: Annotated[str | None, typer.Option(help="Only to this subscription, by name or id.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and deliver nothing.")] = False,
) -> None:
    """Match the recorded events of a time window again, and deliver them by the subscriptions of today."""
    window = {
        "from": since,
        "to": until,
        "source_id": hub.id_of(sources.PATH, source) if source else None,
        "topic": topic,
        "subscription_id": hub.id_of(subscriptions.PATH, subscription) if subscription else None,
        "dry_run": dry_run,
    }
    hub.show(hub.post(f"{PATH}/replay", hub.in_project(window)))


@app.command(
    epilog=examples(
        'eventyard events status 1042 complete --comment "paid by bank transfer"',
        "eventyard events status --topic orders --status error --to 7d discarded --dry-run",
        "eventyard events status --name billing --application billing --any complete",
    )
)
@remote
@filtered
def status(
    hub: Remote,
    where: dict[str, Any],
    *,
    entry: Annotated[
        list[int] | None, typer.Argument(help="Numbers of entries; or say which with options.", metavar="ENTRY...")
    ] = None,
    becomes: Annotated[str, typer.Argument(help="complete, error or discarded.", metavar="STATUS")],
    kind: Kind = None,
    comment: Annotated[str, typer.Option(help="What the history shall say.")] = "",
    everything: All = False,
    dry_run: DryRun = False,
) -> None:
    """Give entries a final status, whatever came of them."""
    body = {"status": becomes, "comment": comment}
    act(hub, PATH, "status", given({**where, "kind": kind}), entry, everything, dry_run, COLUMNS, body)


@app.command(epilog=examples("eventyard events stats", "eventyard events stats --json"))
@remote
def stats(hub: Remote) -> None:
    """Count the entries of each kind and status."""
    hub.show(
        hub.get("/v1/stats", project_id=hub.project), (("KIND", "kind"), ("STATUS", "status"), ("ENTRIES", "count"))
    )
