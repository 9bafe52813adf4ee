"""Commands that act on many things: on those that are named, or on all that a search finds, step by step."""

from typing import Annotated, Any

import typer

from eventyard.cli import talk
from eventyard.cli.client import Refused, segment
from eventyard.cli.failure import Failure
from eventyard.cli.remote import Remote, given
from eventyard.cli.talk import Columns

STEP = 1_000
"""How many a bulk call acts on, before the next one goes on; what is stopped in between goes no further."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")]
All = Annotated[bool, typer.Option("--all", help="All that the status allows it for.")]


def act(
    hub: Remote,
    path: str,
    verb: str,
    where: dict[str, Any],
    named: list[int] | None,
    everything: bool,
    dry_run: bool,
    columns: Columns,
    body: dict[str, Any] | None = None,
) -> None:
    """Act on each of the ``named`` ones, or on all that ``where`` finds; ``body`` is sent in either case.

    Either, not both: beside names, options that say which would go unheard. Ends with 1 where one of them is refused.
    """
    if named and (where or everything):
        raise typer.BadParameter("name some, or say which with options; not both")
    if named:
        _each(hub, path, verb, named, dry_run, columns, body)
        return
    if not where and not everything:
        raise typer.BadParameter("name some, or say which with options, or --all")
    filter_ = given({"project_id": hub.project, **where})
    asked = {**(body or {}), "filter": filter_, "dry_run": dry_run, "limit": STEP}
    matched = changed = 0
    cursor = None
    while True:
        told = hub.post(f"{path}/{verb}", {**asked, "cursor": cursor})
        matched, changed, cursor = matched + told["matched"], changed + told["changed"], told["next"]
        if cursor is None:
            hub.show({"matched": matched, "changed": changed})
            return
        hub.say(f"{matched} so far, {changed} changed")


def _each(
    hub: Remote, path: str, verb: str, ids: list[int], dry_run: bool, columns: Columns, body: dict[str, Any] | None
) -> None:
    """Act on one after the other; what the hub refuses of them is told, and ends the command with 1 behind the rest."""
    if dry_run:
        hub.show({"matched": len(ids), "changed": 0})
        return
    done = []
    for entry_id in ids:
        try:
            done.append(hub.post(f"{path}/{segment(entry_id)}/{verb}", body))
        except Refused as refused:
            talk.complain(Failure(f"{entry_id}: {refused.message}", hint=refused.hint, code=refused.code))
    if done or hub.as_json:
        hub.show(done, columns)
    if len(done) < len(ids):
        raise typer.Exit(1)
