"""``eventyard apply``: make a hub have what files declare. Plans first, then changes."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from eventyard.cli import talk
from eventyard.cli.declared.carry import carry
from eventyard.cli.declared.documents import read
from eventyard.cli.declared.plan import Plan, plan
from eventyard.cli.declared.state import State
from eventyard.cli.examples import examples
from eventyard.cli.remote import Remote, remote

app = typer.Typer(add_completion=False)

TO_DO = 2
"""The exit status of a dry run that finds something to do."""


@app.command(
    epilog=examples(
        "eventyard apply -f hub.yaml --dry-run", "eventyard apply -f catalog/ --prune",
        "eventyard export | eventyard apply -f - --url https://other.example",
    )
)  # fmt: skip
@remote
def apply(
    hub: Remote,
    file: Annotated[
        list[str], typer.Option("--file", "-f", metavar="FILE|DIR|-", help="YAML or JSON; may be given several times.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only plan; exit status 2 if there is something to do.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what is not declared, of those kinds that the files mention.")
    ] = False,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Set every secret again; else those that are set already stay.")
    ] = False,
) -> None:
    """Make the hub have what the files declare. What they do not name stays as it is."""
    state = State(hub)
    planned = plan(read(file, list(state.fields)), state.has, state.fields, secrets=secrets)
    to_do = bool(planned.made or planned.changed or (prune and planned.removed))
    if dry_run:
        from eventyard.cli.declared.faults import check  # noqa: PLC0415 - pulls in the hub's compilers

        check(planned, state.has, hub)
    else:
        carry(planned, state, hub, prune=prune)
    if hub.as_json:
        talk.data(shown(planned, prune=prune, applied=not dry_run))
    else:
        for line in lines(planned, prune=prune, applied=not dry_run):
            talk.line(line)
    if dry_run and to_do:
        raise typer.Exit(TO_DO)


def shown(planned: Plan, *, prune: bool, applied: bool) -> dict[str, Any]:
    """The plan as data."""
    removed = [{"kind": kind, "name": name} for kind, name in planned.removed]
    return {
        "applied": applied,
        "created": [{"kind": step.declared.kind, "name": step.declared.name} for step in planned.made],
        "changed": [
            {
                "kind": step.declared.kind,
                "name": step.declared.name,
                "fields": {change.field: {"from": change.before, "to": change.after} for change in step.changes},
            }
            for step in planned.changed
        ],
        "unchanged": [{"kind": one.kind, "name": one.name} for one in planned.unchanged],
        "removed": removed if prune else [],
        "not_declared": [] if prune else removed,
    }


def lines(planned: Plan, *, prune: bool, applied: bool) -> Iterator[str]:
    """The plan for people: ``+`` is made, ``~`` changed, ``-`` removed, ``?`` would be with ``--prune``."""
    for step in planned.made:
        yield f"+ {step.declared.kind} {step.declared.name}"
    for step in planned.changed:
        yield f"~ {step.declared.kind} {step.declared.name}"
        for change in step.changes:
            yield f"    {change.field}: {talk.plain(change.before)} -> {talk.plain(change.after)}"
    for kind, name in planned.removed:
        yield f"{'-' if prune else '?'} {kind} {name}"
    done = ("created", "changed", "removed") if applied else ("to create", "to change", "to remove")
    counts = (len(planned.made), len(planned.changed), len(planned.removed) if prune else 0)
    numbers = ", ".join(f"{count} {word}" for count, word in zip(counts, done, strict=True))
    yield f"{numbers}, {len(planned.unchanged)} unchanged"
