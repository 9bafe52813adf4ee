"""``eventyard applications``: the systems that publish and subscribe."""

from typing import Annotated

import typer

from eventyard.cli.examples import examples
from eventyard.cli.remote import Remote, remote
from eventyard.cli.verbs import add_verbs, group

PATH = "/v1/applications"
COLUMNS = (("ID", "id"), ("NAME", "name"), ("DESCRIPTION", "description"), ("CREATED", "created_at"))

app = group("Applications: the systems that publish and subscribe.", "eventyard applications create billing")
add_verbs(app, path=PATH, word="application", columns=COLUMNS, example="billing")


@app.command(epilog=examples("eventyard applications create billing --project shop"))
@remote
def create(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Annotated[str | None, typer.Option(help="What it is.")] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="Who holds it may see the application; may be repeated.")
    ] = None,
) -> None:
    """Make an application."""
    body = {"name": name, "description": description, "categories": category or None}
    hub.show(hub.post(PATH, hub.in_project(body)))
