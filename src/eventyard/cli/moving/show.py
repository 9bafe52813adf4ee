"""How a move is told: the plan as tables, its progress as a bar, all of it as JSON for programs."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from eventyard.cli import talk
from eventyard.cli.moving.draft import Step, Verb, counts
from eventyard.cli.moving.identities import DELETED
from eventyard.cli.moving.move import Report

TOLD_EVERY = 10_000
"""Where there is no terminal, progress is a line for so many received events."""

_COLUMNS = (("", "kind"), *((verb.value, verb.value) for verb in Verb))


def as_json(report: Report, database: str) -> dict[str, Any]:
    """Everything about it."""
    told: dict[str, Any] = {"database": database, **msgspec.to_builtins(report)}
    return {**told, "counts": {kind: dict(by_verb) for kind, by_verb in counts(report.steps).items()}}


def tell(report: Report, database: str) -> None:
    """The plan for people, or what was done of it."""
    talk.line(f"{database} into project {report.project}\n")
    talk.table(({"kind": f"{kind}s", **by_verb} for kind, by_verb in counts(report.steps).items()), _COLUMNS)
    for verb, title in ((Verb.CHANGE, "Changed there since"), (Verb.KEEP, "Kept"), (Verb.LEAVE, "Cannot be moved")):
        told = [step for step in report.steps if step.verb is verb and step.why not in ("", DELETED)]
        _list(title, ((f"{step.kind} {step.name}", step.why) for step in told))
    _list("Deleted there, and left", ((f"{kind}s", str(n)) for kind, n in _deleted(report.steps).items()))
    _list("To be known", ((f"{note.kind} {note.name}", note.text) for note in report.notes))
    if report.log is not None:
        log = report.log
        come = "came" if report.applied else "would come"
        talk.line(f"\nLog: {log.events} received events with {log.executions} executed contracts {come}")
        talk.line(f"     {log.here} received events were here before")
    talk.say("\n" + _summary(report))


def _summary(report: Report) -> str:
    work = sum(step.verb in (Verb.MAKE, Verb.CHANGE) for step in report.steps) + (
        report.log.events if report.log else 0
    )
    if report.applied:
        return "everything that can move is here" if work else "there was nothing to do"
    return "nothing was changed; --apply carries it out" if work else "there is nothing to do"


def _list(title: str, lines: Iterator[tuple[str, str]]) -> None:
    rows = [{"what": what, "why": why} for what, why in lines]
    if rows:
        talk.line("\n" + talk.painted(title, talk.BOLD))
        talk.table(rows, (("", "what"), ("", "why")))


def _deleted(steps: Any) -> Counter[str]:
    return Counter(step.kind for step in steps if isinstance(step, Step) and step.why == DELETED)


@contextmanager
def bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar that moves as received events come, where there is a terminal; elsewhere a line now and then."""
    from rich.progress import Progress  # noqa: PLC0415

    console = talk.console(sys.stderr)
    if not console.is_terminal:
        yield _counted(total)
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("received events", total=total)
        yield lambda number: progress.advance(task, number)


def _counted(total: int) -> Callable[[int], None]:
    come = 0

    def advanced(number: int) -> None:
        nonlocal come
        before, come = come, come + number
        if come // TOLD_EVERY > before // TOLD_EVERY:
            talk.say(f"{come} of {total} received events")

    return advanced
