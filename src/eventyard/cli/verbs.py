"""The verbs that every group of the catalog has: list, show, delete."""

from typing import Annotated, Any

import typer

from eventyard.cli.examples import examples
from eventyard.cli.remote import Remote, remote
from eventyard.cli.talk import Columns

Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]


def group(help: str, *lines: str) -> typer.Typer:
    """An empty group of commands, with its own examples."""
    app = typer.Typer(help=help, epilog=examples(*lines), no_args_is_help=True, add_completion=False)
    app.callback()(lambda: None)  # so that it stays a group with one command in it
    return app


def add_verbs(app: typer.Typer, *, path: str, word: str, columns: Columns, example: str) -> None:
    """Give a group ``list``, ``show`` and ``delete`` for the records under ``path``."""
    named = Annotated[str, typer.Argument(help=f"Name or id of the {word}.", metavar="NAME")]

    def list_(hub: Remote, limit: Limit = 100) -> None:
        hub.show(hub.list(path, limit), columns)

    def show(hub: Remote, name: named) -> None:
        hub.show(hub.get(hub.one(path, name)))

    def delete(hub: Remote, name: named) -> None:
        hub.client.call("DELETE", hub.one(path, name))
        hub.say(f"{word} {name!s} is deleted")

    command = f"eventyard {word}s"
    verbs: tuple[tuple[str, Any, str, tuple[str, ...]], ...] = (
        ("list", list_, f"List {word}s.", (f"{command} list", f"{command} list --json | jq -r '.[].id'")),
        ("show", show, f"Show one {word}.", (f"{command} show {example}",)),
        ("delete", delete, f"Delete a {word}. What the journal has of it stays.", (f"{command} delete {example}",)),
    )
    for name, function, help, lines in verbs:
        app.command(name, help=help, epilog=examples(*lines))(remote(function))
