"""``eventyard doctor``: what is wrong with a hub's machine and directory, in sentences that say what to do."""

from typing import TYPE_CHECKING, Annotated

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.serve import ConfigFile, DataDir

if TYPE_CHECKING:
    from eventyard.cli.checks import Check

_MARKS = {"ok": ("✓", talk.GREEN), "warn": ("!", talk.YELLOW), "fail": ("✗", talk.RED)}


app = typer.Typer(add_completion=False)


@app.command(epilog=examples("eventyard doctor", "eventyard doctor --data /var/lib/eventyard --json"))
def doctor(
    config: ConfigFile = None,
    data: DataDir = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where it is to listen.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.")] = False,
) -> None:
    """Check settings, directory, key file, journal and port. Changes nothing; exits with 1 if something is wrong."""
    from eventyard.cli import checks  # noqa: PLC0415 - other commands do without the hub's modules

    found = checks.run(config, {"data": data, "listen": listen})
    if as_json:
        talk.data([check._asdict() for check in found])
    else:
        for check in found:
            show(check)
    if any(check.state == "fail" for check in found):
        raise typer.Exit(1)


def show(check: "Check") -> None:
    """A line for a check, and one for what to do."""
    mark, colour = _MARKS[check.state]
    talk.line(f"{talk.painted(mark, colour)} {check.name}: {check.detail}")
    if check.remedy:
        talk.line(f"    {check.remedy}")
