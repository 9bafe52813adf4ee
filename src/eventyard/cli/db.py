"""``eventyard db``: the journal file itself."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eventyard.cli import journal, talk
from eventyard.cli.examples import examples
from eventyard.cli.failure import Failure, explained
from eventyard.cli.serve import ConfigFile, DataDir
from eventyard.cli.verbs import group

if TYPE_CHECKING:
    from eventyard.config import Settings

app = group(
    "The journal file: its schema, its soundness, what is over in it.",
    "eventyard db status",
    "eventyard db check --data /var/lib/eventyard",
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.")]


@app.command(epilog=examples("eventyard db status", "eventyard db status --json"))
def status(config: ConfigFile = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """Show where the journal is, its schema, and whether a hub has it."""
    path, _ = _journal(config, data)
    state = journal.state_of(path)
    _show(
        {
            "path": str(path.absolute()),
            "bytes": state.bytes,
            "revision": state.revision,
            "newest": state.newest,
            "current": state.current,
            "held": state.held,
        },
        as_json,
    )


@app.command(epilog=examples("eventyard db check", "eventyard db check --data backup/"))
def check(config: ConfigFile = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """Read the whole journal and say whether it is sound; also while a hub runs."""
    path, _ = _journal(config, data)
    if not path.exists():
        raise Failure(f"there is no journal at {path.absolute()}", hint="make one with: eventyard init")
    faults = journal.faults_of(path, thorough=True)
    _show({"path": str(path.absolute()), "sound": not faults, "faults": faults}, as_json)
    if faults:
        raise Failure("the journal is damaged", hint="restore it from a backup", code="store_corrupt")


@app.command(epilog=examples("eventyard db upgrade", "eventyard db upgrade --data /var/lib/eventyard"))
def upgrade(config: ConfigFile = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the journal to the schema of this version; `eventyard serve` does the same at its start."""
    path, settings = _journal(config, data)
    before = journal.state_of(path).revision
    with explained():
        asyncio.run(_upgrade(settings))
    after = journal.state_of(path).revision
    _show({"path": str(path.absolute()), "before": before, "after": after}, as_json)


async def _upgrade(settings: "Settings") -> None:
    from eventyard.app import open_store  # noqa: PLC0415 - other commands do without the hub

    wanted = settings.model_copy(update={"store": settings.store.model_copy(update={"upgrade": True})})
    async with AsyncExitStack() as stack:
        await open_store(wanted).start(stack)


@app.command(epilog=examples("eventyard db purge --dry-run", "eventyard db purge --data /var/lib/eventyard"))
def purge(
    config: ConfigFile = None,
    data: DataDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let go of what is over by the retention of topics, in a journal no hub has; a hub does so by itself."""
    path, settings = _journal(config, data)
    if not path.exists():
        raise Failure(f"there is no journal at {path.absolute()}", hint="make one with: eventyard init")
    with explained():
        purged = asyncio.run(_purge(settings, dry_run=dry_run))
    _show({**purged, "dry_run": dry_run}, as_json)


async def _purge(settings: "Settings", *, dry_run: bool) -> dict[str, int]:
    from msgspec.structs import asdict  # noqa: PLC0415 - other commands do without the hub

    from eventyard.app import open_hub  # noqa: PLC0415
    from eventyard.telemetry.log import make_log  # noqa: PLC0415

    async with open_hub(settings, make_log("error")) as hub:
        return asdict(await hub.retain.purge_all(dry_run=dry_run))


def _journal(config: Path | None, data: Path | None) -> "tuple[Path, Settings]":
    with explained():
        from eventyard.app import journal_path  # noqa: PLC0415
        from eventyard.config import load  # noqa: PLC0415

        settings = load(config, {"data": data})
        return journal_path(settings), settings


def _show(value: dict[str, Any], as_json: bool) -> None:
    if as_json:
        talk.data(value)
    else:
        talk.record(value)
