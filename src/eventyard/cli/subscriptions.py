"""``eventyard subscriptions``: standing wishes, from a source or topics to a target."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from eventyard.cli import sources, targets
from eventyard.cli.examples import examples
from eventyard.cli.inputs import header_of, json_of, retry_of
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.verbs import add_verbs, group

PATH = "/v1/subscriptions"
COLUMNS = (
    ("ID", "id"),
    ("NAME", "name"),
    ("MODE", "mode"),
    ("PATTERN", "pattern"),
    ("FILTER", "filter"),
    ("ORDER", "order"),
    ("TARGET TYPE", "target_type"),
    ("TARGET", "target_id"),
)

app = group(
    "Subscriptions: which events go to which target.",
    'eventyard subscriptions create --source github --target reviews --filter \'{"has": ["pull_request"]}\'',
    "eventyard subscriptions list",
)
add_verbs(app, path=PATH, word="subscription", columns=COLUMNS, example="reviews")

Named = Annotated[str, typer.Argument(help="Name or id of the subscription.", metavar="NAME")]
Pattern = Annotated[
    str | None, typer.Option(help="Pattern on the routing key: words, * for one of them, # for any number.")
]
Filter = Annotated[
    Any,
    typer.Option(
        parser=json_of,
        metavar="JSON|@FILE|-",
        help="Condition on the data: lists under eq and ne of [path, value], has of path.",
    ),
]
Retry = Annotated[
    str | None, typer.Option(metavar="WAITS", help="Waits between attempts, as 1s,10s,5m; none: one attempt.")
]

Order = Annotated[
    int | None,
    typer.Option(help="An event's deliveries are made in groups of the same order, one after another, lowest first."),
]
StopOnError = Annotated[
    bool | None, typer.Option(help="When its delivery fails, those of the event's higher orders are discarded.")
]
MailTo = Annotated[
    list[str] | None, typer.Option(help="A mail address to tell when its delivery fails for good; may be repeated.")
]
Notify = Annotated[
    str | None, typer.Option(metavar="TARGET", help="A target to tell when something waits to be fetched.")
]
Mode = Annotated[str | None, typer.Option(help="enabled, paused or disabled.")]
Backlog = Annotated[str | None, typer.Option(help="Whether what comes while it is paused waits: keep, or not: skip.")]
Cron = Annotated[
    str | None,
    typer.Option(metavar="FIELDS", help="Make its deliveries at these moments: minute hour day month weekday."),
]
TimeZone = Annotated[str | None, typer.Option(metavar="NAME", help="The time zone of the moments, as Europe/Berlin.")]
SkipMissed = Annotated[bool, typer.Option("--skip-missed", help="Do not make up for moments that were missed.")]
OnDemand = Annotated[bool, typer.Option("--on-demand", help="Make its deliveries when it is run.")]
After = Annotated[
    str | None, typer.Option(metavar="NAME", help="Make its deliveries when one of this subscription is complete.")
]
WhenReady = Annotated[bool, typer.Option("--when-ready", help="Make its deliveries at once.")]
DeliveryScope = Annotated[
    str | None,
    typer.Option(
        "--deliver", help="Of what waited: all; the latest, and discard the others; or aggregated: all as one."
    ),
]
Compound = Annotated[bool, typer.Option("--compound", help="Make its deliveries in sets, with a part of each topic.")]
OptionalTopic = Annotated[
    list[str] | None, typer.Option(help="A topic of which a set may lack a part; may be repeated. Needs --compound.")
]
WaitMinutes = Annotated[
    int | None, typer.Option(help="How long a set may be incomplete before the hub says so. Needs --compound.")
]
Unbound = Annotated[
    bool | None,
    typer.Option(
        "--unbound/--bound", help="Have no single events delivered; tell with each run what there is to read."
    ),
]
Overlap = Annotated[
    str | None, typer.Option(help="While a bundle of it is under way, have the next one wait; or allow, or discard it.")
]
Title = Annotated[str | None, typer.Option(help="What people call it.")]
Label = Annotated[
    list[Any] | None,
    typer.Option(parser=header_of, metavar="NAME=VALUE", help="A word to file it under; may be repeated."),
]


def compound_of(compound: bool, optional: Sequence[str] | None, wait_minutes: int | None) -> dict[str, Any] | None:
    """The sets that the options say, if they say any."""
    if not compound and (optional or wait_minutes is not None):
        raise typer.BadParameter(
            "it belongs to --compound", param_hint="--optional-topic" if optional else "--wait-minutes"
        )
    return {"optional_topics": list(optional or ()), "wait_minutes": wait_minutes} if compound else None


def schedule_of(
    hub: Remote, cron: str | None, time_zone: str | None, skip_missed: bool, after: str | None, *named: str
) -> dict[str, Any] | None:
    """The schedule that the options say, if any does; ``named`` are those that need no more than to be named."""
    chosen = [*(["cron"] if cron else []), *(["after"] if after else []), *named]
    if len(chosen) > 1:
        raise typer.BadParameter("one schedule at a time", param_hint="--cron")
    if (time_zone or skip_missed) and not cron:
        raise typer.BadParameter("it belongs to --cron", param_hint="--time-zone" if time_zone else "--skip-missed")
    if not chosen:
        return None
    fields = {
        "when": chosen[0],
        "cron": cron,
        "time_zone": time_zone,
        "missed": "skip" if skip_missed else None,
        "after": hub.id_of(PATH, after) if after else None,
    }
    return given(fields)


@app.command(
    epilog=examples(
        "eventyard subscriptions create --source github --target audit",
        "eventyard subscriptions create --topic orders --target billing --pattern 'order.#'",
        "eventyard subscriptions create --source shop --target ledger --order 1 --stop-on-error",
        "eventyard subscriptions create --source shop --target reports --cron '30 2 * * *' --time-zone Europe/Berlin",
        "eventyard subscriptions create --topic orders --topic prices --target books --compound --wait-minutes 30",
        "eventyard subscriptions create --source github --target reviews "
        '--filter \'{"eq": [["action", "opened"]], "has": ["pull_request"]}\'',
    )
)
@remote
def create(
    hub: Remote,
    target: Annotated[str, typer.Option(help="Name or id of the target.")],
    source: Annotated[str | None, typer.Option(help="Name or id of the source; or name topics.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Name or id of a topic; may be repeated.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    pattern: Pattern = None,
    filter: Filter = None,
    retry: Retry = None,
    application: Annotated[str | None, typer.Option(help="Whose wish it is.")] = None,
    order: Order = None,
    stop_on_error: StopOnError = None,
    mail_to: MailTo = None,
    notify: Notify = None,
    backlog: Backlog = None,
    cron: Cron = None,
    time_zone: TimeZone = None,
    skip_missed: SkipMissed = False,
    on_demand: OnDemand = False,
    after: After = None,
    deliver: DeliveryScope = None,
    compound: Compound = False,
    optional_topic: OptionalTopic = None,
    wait_minutes: WaitMinutes = None,
    unbound: Unbound = None,
    overlap: Overlap = None,
    title: Title = None,
    label: Label = None,
) -> None:
    """Make a subscription."""
    if source is None and not topic:
        raise typer.BadParameter("name a source or a topic", param_hint="--source")
    fields = {
        "target_id": hub.id_of(targets.PATH, target),
        "source_id": hub.id_of(sources.PATH, source) if source else None,
        "topics": topic or None,
        "name": name,
        "description": description,
        "pattern": pattern,
        "filter": filter,
        "retry": retry_of(retry),
        "application": application,
        "order": order,
        "stop_on_error": stop_on_error,
        "mail_to": mail_to or None,
        "notify": hub.id_of(targets.PATH, notify) if notify else None,
        "backlog": backlog,
        "schedule": schedule_of(hub, cron, time_zone, skip_missed, after, *(["on_demand"] if on_demand else [])),
        "delivery_scope": deliver,
        "compound": compound_of(compound, optional_topic, wait_minutes),
        "unbound": unbound,
        "overlap": overlap,
        "title": title,
        "labels": dict(label) if label else None,
    }
    hub.show(hub.post(PATH, hub.in_project(fields)))


@app.command(
    epilog=examples(
        "eventyard subscriptions update reviews --mode paused",
        'eventyard subscriptions update reviews --filter \'{"has": ["issue"]}\'',
    )
)
@remote
def update(
    hub: Remote,
    name: Named,
    rename: Annotated[str | None, typer.Option(help="A new name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    pattern: Pattern = None,
    filter: Filter = None,
    retry: Retry = None,
    mode: Mode = None,
    order: Order = None,
    unordered: Annotated[bool, typer.Option("--unordered", help="Have it wait for nobody, and nobody for it.")] = False,
    stop_on_error: StopOnError = None,
    mail_to: MailTo = None,
    notify: Notify = None,
    unnotified: Annotated[bool, typer.Option("--unnotified", help="Have nobody told that something waits.")] = False,
    backlog: Backlog = None,
    cron: Cron = None,
    time_zone: TimeZone = None,
    skip_missed: SkipMissed = False,
    on_demand: OnDemand = False,
    when_ready: WhenReady = False,
    after: After = None,
    deliver: DeliveryScope = None,
    compound: Compound = False,
    optional_topic: OptionalTopic = None,
    wait_minutes: WaitMinutes = None,
    unbound: Unbound = None,
    overlap: Overlap = None,
    title: Title = None,
    label: Label = None,
) -> None:
    """Change a subscription."""
    named = [word for word, meant in (("on_demand", on_demand), ("when_ready", when_ready)) if meant]
    fields = {
        "name": rename,
        "description": description,
        "pattern": pattern,
        "filter": filter,
        "retry": retry_of(retry),
        "mode": mode,
        "order": order,
        "stop_on_error": stop_on_error,
        "mail_to": mail_to or None,
        "notify": hub.id_of(targets.PATH, notify) if notify else None,
        "backlog": backlog,
        "schedule": schedule_of(hub, cron, time_zone, skip_missed, after, *named),
        "delivery_scope": deliver,
        "compound": compound_of(compound, optional_topic, wait_minutes),
        "unbound": unbound,
        "overlap": overlap,
        "title": title,
        "labels": dict(label) if label else None,
    }
    loose = {**({"order": None} if unordered else {}), **({"notify": None} if unnotified else {})}
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), given(fields) | loose))


@app.command(epilog=examples("eventyard subscriptions run reports"))
@remote
def run(
    hub: Remote,
    name: Named,
    force: Annotated[bool, typer.Option("--force", help="Also if it is disabled.")] = False,
) -> None:
    """Make the deliveries that wait for a subscription, which is paused or has a schedule."""
    hub.show(hub.post(f"{hub.one(PATH, name)}/run", {"force": force}))
