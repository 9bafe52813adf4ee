"""``eventyard sources``: the doors that events come in by."""

from typing import Annotated, Any

import typer

from eventyard.cli.examples import examples
from eventyard.cli.inputs import KeepOld, json_of, setting_of, text_of
from eventyard.cli.remote import Remote, given, remote
from eventyard.cli.signing import SIGNERS
from eventyard.cli.verbs import add_verbs, group

PATH = "/v1/sources"
COLUMNS = (
    ("ID", "id"),
    ("NAME", "name"),
    ("SCHEME", "scheme"),
    ("ENABLED", "enabled"),
    ("URL", "ingest_url"),
    ("CREATED", "created_at"),
)

app = group(
    "Sources: the doors that events come in by, each with its URL and its way to prove the sender.",
    "eventyard sources create github --scheme github-sha256 --secret it5-a-secret",
    "eventyard sources list",
)
add_verbs(app, path=PATH, word="source", columns=COLUMNS, example="github")

Named = Annotated[str, typer.Argument(help="Name or id of the source.", metavar="NAME")]
Description = Annotated[str | None, typer.Option(help="What comes in by it.")]
Scheme = Annotated[
    str | None,
    typer.Option(help=f"How senders prove themselves: {', '.join(SIGNERS)}."),
]
Secret = Annotated[
    str | None,
    typer.Option(parser=text_of, metavar="TEXT|@FILE|-", help="The secret of the scheme.", show_default=False),
]
Schema = Annotated[
    Any, typer.Option(parser=json_of, metavar="JSON|@FILE|-", help="JSON Schema (2020-12) that events must match.")
]
Settings = Annotated[
    list[Any] | None,
    typer.Option("--set", parser=setting_of, metavar="NAME=VALUE", help="A setting of the scheme; may be repeated."),
]


@app.command(
    epilog=examples(
        "eventyard sources create orders",
        "eventyard sources create github --scheme github-sha256 --secret it5-a-secret",
        "eventyard sources create shop --scheme hmac-sha256 --secret @secret.txt --set header=X-Shop-Signature",
    )
)
@remote
def create(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Description = None,
    scheme: Scheme = None,
    secret: Secret = None,
    schema: Schema = None,
    setting: Settings = None,
    topic: Annotated[
        str | None, typer.Option(help="The topic it publishes into; by default one of its own name.")
    ] = None,
    application: Annotated[str | None, typer.Option(help="Whose door it is.")] = None,
) -> None:
    """Make a source."""
    fields = {
        "name": name,
        "description": description,
        "scheme": scheme,
        "secret": secret,
        "schema": schema,
        "settings": dict(setting) if setting else None,
        "topic": topic,
        "application": application,
    }
    hub.show(hub.post(PATH, hub.in_project(fields)))


@app.command(
    epilog=examples(
        "eventyard sources update github --disable",
        "eventyard sources update orders --schema @order.schema.json",
    )
)
@remote
def update(
    hub: Remote,
    name: Named,
    rename: Annotated[str | None, typer.Option(help="A new name.")] = None,
    description: Description = None,
    scheme: Scheme = None,
    secret: Secret = None,
    schema: Schema = None,
    setting: Settings = None,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it takes events.")] = None,
) -> None:
    """Change a source."""
    fields = {
        "name": rename,
        "description": description,
        "scheme": scheme,
        "secret": secret,
        "schema": schema,
        "settings": dict(setting) if setting else None,
        "enabled": enable,
    }
    hub.show(hub.client.call("PATCH", hub.one(PATH, name), given(fields)))


@app.command("rotate-secret", epilog=examples("eventyard sources rotate-secret github n3w-secret --keep-old 2h"))
@remote
def rotate_secret(
    hub: Remote,
    name: Named,
    secret: Annotated[str, typer.Argument(parser=text_of, metavar="TEXT|@FILE|-", help="The new secret.")],
    keep_old: KeepOld = "24h",  # type: ignore[assignment]
) -> None:
    """Put a new secret in front; for a while the old one counts too."""
    body = {"secret": secret, "keep_old_seconds": keep_old // 1000}
    hub.show(hub.post(f"{hub.one(PATH, name)}/rotate-secret", body))
