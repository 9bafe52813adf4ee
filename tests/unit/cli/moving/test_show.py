import pytest

from eventyard.cli.moving import show
from eventyard.cli.moving.draft import Note, Step, Verb
from eventyard.cli.moving.move import Log, Report

STEPS = [
    Step(Verb.MAKE, "system", "shop"),
    Step(Verb.CHANGE, "system", "crm", "title"),
    Step(Verb.LEAVE, "system", "old", "deleted in eventhos"),
    Step(Verb.KEEP, "event", "order", "changed here since"),
    Step(Verb.LEAVE, "action", "bill", "it is encrypted: needs --crypto-key"),
]
NOTES = [Note("client", "crm", "it needs another token")]


def test_a_plan_is_told_with_counts_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    show.tell(Report("default", False, STEPS, NOTES, Log(5, 6, 2)), "eventhos at db:3306")
    told = capsys.readouterr()
    lines = [" ".join(line.split()) for line in told.out.splitlines() if line]
    assert lines == [
        "eventhos at db:3306 into project default",
        "make change keep leave",
        "systems 1 1 0 1",
        "events 0 0 1 0",
        "actions 0 0 0 1",
        "Changed there since",
        "system crm title",
        "Kept",
        "event order changed here since",
        "Cannot be moved",
        "action bill it is encrypted: needs --crypto-key",
        "Deleted there, and left",
        "systems 1",
        "To be known",
        "client crm it needs another token",
        "Log: 5 received events with 6 executed contracts would come",
        "2 received events were here before",
    ]
    assert told.err == "\nnothing was changed; --apply carries it out\n"


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report("default", True, STEPS, []), "everything that can move is here"),
        (Report("default", True, STEPS[2:], []), "there was nothing to do"),
        (Report("default", False, STEPS[2:], []), "there is nothing to do"),
        (Report("default", False, [], [], Log(1, 0, 0)), "nothing was changed; --apply carries it out"),
    ],
)
def test_at_the_end_it_is_said_what_happened(report: Report, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    show.tell(report, "there")
    assert capsys.readouterr().err.strip().splitlines()[-1] == said


def test_programs_are_told_everything() -> None:
    told = show.as_json(Report("default", True, STEPS[:1], NOTES, Log(5, 6, 2)), "there")
    assert told == {
        "database": "there",
        "project": "default",
        "applied": True,
        "steps": [{"verb": "make", "kind": "system", "name": "shop", "why": ""}],
        "notes": [{"kind": "client", "name": "crm", "text": "it needs another token"}],
        "log": {"events": 5, "executions": 6, "here": 2},
        "counts": {"system": {"make": 1, "change": 0, "keep": 0, "leave": 0}},
    }


def test_progress_is_a_line_now_and_then_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with show.bar(25_000) as advanced:
        for _ in range(50):
            advanced(500)
    assert capsys.readouterr().err == "10000 of 25000 received events\n20000 of 25000 received events\n"
