"""``eventyard keys``: who may do what."""

from typing import Annotated

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.remote import Remote, remote
from eventyard.cli.verbs import Limit, group

PATH = "/v1/keys"
COLUMNS = (
    ("ID", "id"),
    ("NAME", "name"),
    ("BEGINS", "hint"),
    ("SCOPES", "scopes"),
    ("CREATED", "created_at"),
    ("EXPIRES", "expires_at"),
    ("REVOKED", "revoked_at"),
)

app = group(
    "API keys: who may do what.",
    "eventyard keys create ci --scope events:publish",
    "eventyard keys list",
)


@app.command("list", epilog=examples("eventyard keys list"))
@remote
def list_(hub: Remote, limit: Limit = 100) -> None:
    """List keys, never their text."""
    hub.show(hub.list(PATH, limit), COLUMNS)


@app.command(
    epilog=examples(
        "eventyard keys create ci --scope events:publish",
        "eventyard keys create ops --scope events:read --scope events:manage --rate-limit 20",
        "eventyard keys create shop-screen --scope events:read --application shop",
    )
)
@remote
def create(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Its name.")],
    scope: Annotated[list[str], typer.Option(help="A right, such as events:publish or admin; may be repeated.")],
    application: Annotated[
        str | None, typer.Option(help="The one application it is good for, by name or id.", show_default=False)
    ] = None,
    rate_limit: Annotated[float | None, typer.Option(min=0.001, help="Calls a second, at most.")] = None,
    expires_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends, as 2027-01-31T00:00:00Z.")
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(help="It may see what bears one of these, or none; may be repeated.", show_default="all"),
    ] = None,
) -> None:
    """Make a key, for one project or application if that is named, and print its text, which is shown this once."""
    fields = {
        "name": name,
        "scopes": scope,
        "project_id": hub.project,
        "application_id": application,
        "rate_limit": rate_limit,
        "expires_at": expires_at,
        "categories": category or None,
    }
    made = hub.post(PATH, fields)
    if hub.as_json:
        talk.data(made)
    else:
        talk.say(f"key {made['name']!r} with {', '.join(made['scopes'])}; its text is shown this once:")
        talk.line(made["key"])


@app.command(epilog=examples("eventyard keys revoke 0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"))
@remote
def revoke(hub: Remote, name: Annotated[str, typer.Argument(help="Name or id of the key.", metavar="NAME")]) -> None:
    """End a key for good."""
    hub.client.call("DELETE", hub.one(PATH, name))
    hub.say(f"key {name} is revoked")
