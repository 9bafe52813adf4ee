"""``eventyard subscriptions``: standing wishes, from a source or topics to a target."""

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
Title = Annotated[str | None, typer.Option(help="What people call it.")]
Label = Annotated[
    list[Any] | None,
    typer.Option(parser=header_of, metavar="NAME=VALUE", help="A word to file it under; may be repeated."),
]


@app.command(
    epilog=examples(
        "eventyard subscriptions create --source github --target audit",
        "eventyard subscriptions create --topic orders --target billing --pattern 'order.#'",
        "eventyard subscriptions create --source shop --target ledger --order 1 --stop-on-error",
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
    mode: Annotated[str | None, typer.Option(help="enabled, paused or disabled.")] = None,
    order: Order = None,
    unordered: Annotated[bool, typer.Option("--unordered", help="Have it wait for nobody, and nobody for it.")] = False,
    stop_on_error: StopOnError = None,
    mail_to: MailTo = None,
    title: Title = None,
    label: Label = None,
) -> None:
    """Change a subscription."""
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
        "title": title,
        "labels": dict(label) if label else None,
    }
    loose = {"order": None} if unordered else {}
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), given(fields) | loose))
