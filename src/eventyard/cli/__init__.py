"""The command line: one module per command or group of commands, put together here.

Data goes to stdout and talk to stderr. Most commands are clients: they ask a running hub over HTTP (``client.py``,
``remote.py``) and know nothing of its inside; ``serve``, ``init``, ``doctor``, ``db`` and ``secrets`` work on a data
directory themselves, by way of ``app.py``. What a command needs beyond Typer is imported when it runs, so that
``eventyard serve`` pays for nothing but the hub.
"""

from typing import Annotated

import typer

from eventyard import __version__
from eventyard.cli import (
    applications,
    db,
    deliveries,
    demo,
    doctor,
    events,
    init,
    jobs,
    keys,
    listen,
    projects,
    secrets,
    send,
    serve,
    sources,
    subscriptions,
    tail,
    targets,
    topics,
)
from eventyard.cli.examples import examples
from eventyard.cli.tree import Root

app = typer.Typer(
    name="eventyard",
    cls=Root,
    help="A self-hosted event integration hub: signed events in; committed, routed, delivered, on record.",
    epilog=examples(
        "eventyard demo                     # see the whole of it on real events",
        "eventyard init && eventyard serve  # a hub of your own, in ./eventyard-data",
        "eventyard send orders --data '{\"id\": 1}'",
        "eventyard tail",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _eventyard(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


for module in (serve, init, demo, doctor):
    module.add_to(app, panel="A hub of your own")
for module in (send, tail, listen):
    module.add_to(app, panel="Events")
app.add_typer(events.app, name="events", rich_help_panel="Events")
app.add_typer(deliveries.app, name="deliveries", rich_help_panel="Events")
for name, group in (
    ("sources", sources.app),
    ("subscriptions", subscriptions.app),
    ("targets", targets.app),
    ("jobs", jobs.app),
    ("topics", topics.app),
    ("projects", projects.app),
    ("applications", applications.app),
    ("keys", keys.app),
):
    app.add_typer(group, name=name, rich_help_panel="Catalog")
for name, group in (("db", db.app), ("secrets", secrets.app)):
    app.add_typer(group, name=name, rich_help_panel="A hub of your own")


def main() -> None:
    """What the ``eventyard`` script runs."""
    app()
