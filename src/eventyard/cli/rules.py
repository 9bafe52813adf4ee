"""``eventyard rules``: whom to tell, and what to do, when entries end in certain statuses or are stuck."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from eventyard.cli import sources, subscriptions, targets
from eventyard.cli.bundle import bundled
from eventyard.cli.examples import examples
from eventyard.cli.inputs import duration_of
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.verbs import add_verbs, group

PATH = "/v1/rules"
COLUMNS = (
    ("ID", "id"),
    ("NAME", "name"),
    ("ENABLED", "enabled"),
    ("STATUSES", "statuses"),
    ("STUCK MS", "stuck_ms"),
    ("MAIL TO", "mail_to"),
    ("TARGET", "target_id"),
    ("ACT", "act"),
    ("DISCARD", "discard"),
)

app = group(
    "Monitoring rules: whom to tell, and what to do, when entries end or are stuck.",
    "eventyard rules create failures --all-subscriptions --mail-to ops@example.com",
    "eventyard rules list",
)
add_verbs(app, path=PATH, word="rule", columns=COLUMNS, example="failures")

Named = Annotated[str, typer.Argument(help="Name or id of the rule.", metavar="NAME")]
Description = Annotated[str | None, typer.Option(help="What it is for.")]
AllSources = Annotated[bool | None, typer.Option(help="Watch the publications of every source, those to come too.")]
AllSubscriptions = Annotated[
    bool | None, typer.Option(help="Watch the deliveries of every subscription, those to come too.")
]
Source = Annotated[list[str] | None, typer.Option(help="Watch this source; may be repeated.")]
Subscription = Annotated[list[str] | None, typer.Option(help="Watch this subscription; may be repeated.")]
Kind = Annotated[list[str] | None, typer.Option(help="Entries of this kind only; may be repeated.")]
Status = Annotated[list[str] | None, typer.Option(help="A status that is spoken of; may be repeated. Without: error.")]
StuckFor = Annotated[
    Any,
    typer.Option(parser=duration_of, metavar="DURATION", help="Speak of what stays in its status so long: 1m to 7d."),
]
MailTo = Annotated[list[str] | None, typer.Option(help="A mail address to tell; may be repeated.")]
Target = Annotated[str | None, typer.Option(help="Name or id of a target to tell.")]
Act = Annotated[str | None, typer.Option(help="pause or disable: done to the subscription, or the source.")]
Discard = Annotated[bool | None, typer.Option(help="Discard the entry.")]
Interval = Annotated[
    Any, typer.Option(parser=duration_of, metavar="DURATION", help="How long a message waits for the one before.")
]


_WISHES = (
    ("description", Description, None),
    ("all_sources", AllSources, None),
    ("all_subscriptions", AllSubscriptions, None),
    ("source", Source, None),
    ("subscription", Subscription, None),
    ("kind", Kind, None),
    ("status", Status, None),
    ("stuck_for", StuckFor, None),
    ("mail_to", MailTo, None),
    ("target", Target, None),
    ("act", Act, None),
    ("discard", Discard, None),
    ("interval", Interval, None),
)
"""The options that say what a rule is to be."""


@contextmanager
def _said(**wishes: Any) -> Iterator[dict[str, Any]]:
    yield wishes


def wishing(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function: its argument ``wishes`` is what was said with the options above."""
    return remote(bundled(command, "wishes", _WISHES, _said))


@app.command(
    epilog=examples(
        "eventyard rules create failures --all-subscriptions --mail-to ops@example.com",
        "eventyard rules create slow --subscription press --status pending --stuck-for 30m --target pager",
        "eventyard rules create fuse --subscription billing --act pause --mail-to billing@example.com",
    )
)
@wishing
def create(hub: Remote, wishes: dict[str, Any], name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Make a rule."""
    hub.show(hub.post(PATH, hub.in_project({"name": name, **fields_of(hub, wishes)})))


@app.command(
    epilog=examples(
        "eventyard rules update failures --mail-to ops@example.com --mail-to dev@example.com",
        "eventyard rules update failures --disabled",
    )
)
@wishing
def update(
    hub: Remote,
    wishes: dict[str, Any],
    name: Named,
    rename: Annotated[str | None, typer.Option(help="A new name.")] = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether it speaks at all.")] = None,
) -> None:
    """Change a rule."""
    fields = {"name": rename, "enabled": enabled, **fields_of(hub, wishes)}
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), given(fields)))


@app.command(epilog=examples("eventyard rules test failures --hours 48"))
@remote
def test(
    hub: Remote, name: Named, hours: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 24
) -> None:
    """Count what a rule would have spoken of. Nobody is told, and nothing is done."""
    hub.show(hub.post(f"{hub.one(PATH, name)}/test", {"hours": hours}))


def fields_of(hub: Remote, wishes: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body, by what was said; ``None`` where nothing was."""
    ids = {
        "source_ids": (sources.PATH, wishes["source"]),
        "subscription_ids": (subscriptions.PATH, wishes["subscription"]),
    }
    return {
        **{name: wishes[name] for name in ("description", "all_sources", "all_subscriptions", "act", "discard")},
        **{name: [hub.id_of(path, one) for one in named] for name, (path, named) in ids.items() if named},
        "kinds": wishes["kind"] or None,
        "statuses": wishes["status"] or None,
        "stuck_ms": wishes["stuck_for"],
        "mail_to": wishes["mail_to"] or None,
        "target_id": hub.id_of(targets.PATH, wishes["target"]) if wishes["target"] else None,
        "interval_ms": wishes["interval"],
    }
