"""``eventyard projects``: the isolation boundaries of an organization."""

from typing import Annotated

import typer

from eventyard.cli.examples import examples
from eventyard.cli.remote import Remote, remote
from eventyard.cli.verbs import add_verbs, group

PATH = "/v1/projects"
COLUMNS = (("ID", "id"), ("NAME", "name"), ("DESCRIPTION", "description"), ("CREATED", "created_at"))

app = group("Projects: nothing in one sees anything in another.", "eventyard projects create shop")
add_verbs(app, path=PATH, word="project", columns=COLUMNS, example="shop")


@app.command(epilog=examples("eventyard projects create shop --description 'the web shop'"))
@remote
def create(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Make a project, with an application 'default' in it."""
    hub.show(hub.post(PATH, {"name": name, "description": description}))
