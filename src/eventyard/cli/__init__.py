"""The command line: one module per command or group of commands, put together here.

Data goes to stdout and talk to stderr. Most commands are clients: they ask a running hub over HTTP (``client.py``,
``remote.py``) and know nothing of its inside; ``serve``, ``init``, ``doctor``, ``db`` and ``secrets`` work on a data
directory themselves, by way of ``app.py``. A module is imported when its command runs, and so is what the command needs
beyond Typer: ``eventyard serve`` pays for nothing but the hub.
"""

from typing import Annotated

import typer

from eventyard import __version__
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


def main() -> None:
    """What the ``eventyard`` script runs."""
    app()
