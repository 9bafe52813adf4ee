"""``eventyard topics``: the named channels of a project, and their schema versions."""

from typing import Annotated, Any

import typer

from eventyard.cli.examples import examples
from eventyard.cli.inputs import json_of
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.verbs import add_verbs, group

PATH = "/v1/topics"
COLUMNS = (
    ("ID", "id"),
    ("NAME", "name"),
    ("SCHEMA VERSION", "schema_version"),
    ("LOCKED", "locked"),
    ("KEPT DAYS", "retention.consumed_days"),
    ("DESCRIPTION", "description"),
    ("CREATED", "created_at"),
)

app = group(
    "Topics: named channels, with schema versions.", "eventyard topics create orders --schema @order.schema.json"
)
add_verbs(app, path=PATH, word="topic", columns=COLUMNS, example="orders")

schemas = group("The schema versions of a topic.", "eventyard topics schema add orders @order.schema.json")
app.add_typer(schemas, name="schema")

Consumed = Annotated[
    int | None, typer.Option("--consumed", metavar="DAYS", help="How long what is consumed is kept; unset: for ever.")
]
Unconsumed = Annotated[
    int | None, typer.Option("--unconsumed", metavar="DAYS", help="And what somebody has not consumed.")
]
Payload = Annotated[
    int | None, typer.Option("--payload", metavar="DAYS", help="And the events themselves, whose record stays.")
]
Named = Annotated[str, typer.Argument(help="Name or id of the topic.", metavar="NAME")]


@app.command(
    epilog=examples(
        "eventyard topics create orders",
        "eventyard topics create orders --schema @order.schema.json --consumed 30 --unconsumed 90",
    )
)
@remote
def create(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Annotated[str | None, typer.Option(help="What travels in it.")] = None,
    schema: Annotated[
        Any, typer.Option(parser=json_of, metavar="JSON|@FILE|-", help="Version 1 of its JSON Schema (2020-12).")
    ] = None,
    consumed: Consumed = None,
    unconsumed: Unconsumed = None,
    payload: Payload = None,
    category: Annotated[list[str] | None, typer.Option(help="Who holds it may see the topic; may be repeated.")] = None,
) -> None:
    """Make a topic."""
    retention = _periods(consumed, unconsumed, payload)
    body = {"name": name, "description": description, "schema": schema, "retention": retention or None}
    body["categories"] = category or None
    hub.show(hub.post(PATH, hub.in_project(body)))


@app.command(
    epilog=examples(
        "eventyard topics keep orders --consumed 30 --unconsumed 90 --payload 7", "eventyard topics keep orders"
    )
)
@remote
def keep(
    hub: Remote, name: Named, consumed: Consumed = None, unconsumed: Unconsumed = None, payload: Payload = None
) -> None:
    """Say how long what is in a topic is kept; what is not given is kept for ever."""
    retention = _periods(consumed, unconsumed, payload)
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), {"retention": retention}))


@app.command(epilog=examples("eventyard topics purge orders --dry-run", "eventyard topics purge orders"))
@remote
def purge(
    hub: Remote, name: Named, dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False
) -> None:
    """Let what is over in a topic go now; the hub does so by itself every few minutes."""
    path = f"{hub.one(PATH, name)}/purge"
    hub.show(hub.client.call("POST", path, query={"dry_run": dry_run}))


def _periods(consumed: int | None, unconsumed: int | None, payload: int | None) -> dict[str, Any]:
    return given({"consumed_days": consumed, "unconsumed_days": unconsumed, "payload_days": payload})


@app.command(epilog=examples("eventyard topics lock orders", "eventyard topics lock orders --off"))
@remote
def lock(hub: Remote, name: Named, off: Annotated[bool, typer.Option("--off", help="Unlock it.")] = False) -> None:
    """Let a topic take no new sources and subscriptions."""
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), {"locked": not off}))


@schemas.command("add", epilog=examples("eventyard topics schema add orders @order.schema.json"))
@remote
def add_schema(
    hub: Remote,
    name: Named,
    schema: Annotated[Any, typer.Argument(parser=json_of, metavar="JSON|@FILE|-", help="JSON Schema (2020-12).")],
) -> None:
    """Add the next schema version, and enforce it from now on."""
    hub.show(hub.post(f"{hub.one(PATH, name)}/schemas", {"schema": schema}))


@schemas.command("list", epilog=examples("eventyard topics schema list orders --json"))
@remote
def list_schemas(hub: Remote, name: Named) -> None:
    """List the schema versions of a topic."""
    columns = (("VERSION", "version"), ("CREATED", "created_at"), ("SCHEMA", "schema"))
    hub.show(hub.get(f"{hub.one(PATH, name)}/schemas"), columns)
