"""``eventyard init``: a data directory with a key file, an empty journal, and the first API key."""

import asyncio
from typing import Annotated

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.failure import Failure, explained
from eventyard.cli.serve import ConfigFile, DataDir

app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "eventyard init",
        "eventyard init --data /var/lib/eventyard",
        "EVENTYARD_KEY=$(eventyard init) && export EVENTYARD_KEY",
        "EVENTYARD_BOOTSTRAP_KEY=my-first-key eventyard init",
    )
)
def init(
    config: ConfigFile = None,
    data: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.")] = False,
) -> None:
    """Make a data directory, and print the first administrator's API key, which is shown this once."""
    with explained():
        from eventyard.app import init as run  # noqa: PLC0415 - other commands do without the hub
        from eventyard.config import load  # noqa: PLC0415

        settings = load(config, {"data": data})
        key = asyncio.run(run(settings))
    if key is None:
        raise Failure(
            f"{settings.data} holds a hub already",
            hint="start it with: eventyard serve; or name another directory with --data",
        )
    talk.say(f"{settings.data.absolute()} holds an empty hub: organization, project and application are called default")
    if as_json:
        talk.data({"data": str(settings.data.absolute()), "key": key})
    else:
        talk.say("the first API key, with every right, shown this once:")
        talk.line(key)
