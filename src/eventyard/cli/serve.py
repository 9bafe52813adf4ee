"""``eventyard serve``: a hub in the foreground, until SIGTERM or Ctrl-C.

This is the one command whose start is measured: beside Typer it imports the hub and nothing else.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.failure import explained

if TYPE_CHECKING:
    from eventyard.config import Settings

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="EVENTYARD_CONFIG", metavar="FILE", help="Settings, as TOML.", show_default=False),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Journal and key file; eventyard-data by default.", show_default=False),
]
DOORS = ("http", "amqp", "stomp")
"""What the line of JSON always tells of, ``null`` where nothing listens; of AMQP over TLS only where something does."""


app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "eventyard serve",
        "eventyard serve --data /var/lib/eventyard --listen 0.0.0.0:8080",
        "eventyard serve --amqp 127.0.0.1:5672 --stomp 127.0.0.1:61613",
        "EVENTYARD_BOOTSTRAP_KEY=my-first-key eventyard serve --listen 127.0.0.1:0 --json",
    )
)
def serve(
    config: ConfigFile = None,
    data: DataDir = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="HTTP; port 0 takes a free one.", show_default=False)
    ] = None,
    amqp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="AMQP 0-9-1; none by default.", show_default=False)
    ] = None,
    stomp: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="STOMP over TCP; none by default.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Once ready, print the addresses as a line of JSON.")] = False,
) -> None:
    """Run a hub. Once it takes events it says where; SIGTERM or Ctrl-C lets it finish what it is at, and end."""
    with explained():
        import uvloop  # noqa: PLC0415 - other commands do without the hub

        from eventyard.config import load  # noqa: PLC0415
        from eventyard.server import serve as run  # noqa: PLC0415

        settings = load(config, {"data": data, "listen": listen, "amqp": amqp, "stomp": stomp})
        uvloop.run(run(settings, ready=lambda urls: announce(urls, settings, as_json=as_json)))


def announce(urls: Mapping[str, str], settings: "Settings", *, as_json: bool) -> None:
    """Say that the hub is ready: one line of JSON on stdout, or words on stderr."""
    if as_json:
        sys.stdout.write(json.dumps({**dict.fromkeys(DOORS), **urls}) + "\n")
        sys.stdout.flush()
        return
    talk.say(f"eventyard is ready at {urls['http']}")
    talk.say(f"  API     {urls['http']}/docs")
    talk.say(f"  streams {urls['http']}/asyncapi, STOMP at {urls['http'].replace('http', 'ws', 1)}/ws")
    for door in sorted(urls.keys() - {"http"}):
        talk.say(f"  {door:7} {urls[door]}")
    talk.say(f"  data    {settings.data.absolute()}")
    talk.say("  stop    Ctrl-C, or SIGTERM")
