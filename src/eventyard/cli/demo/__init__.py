"""``eventyard demo``: the main job on real events, watched from outside.

``story.py`` is what happens, ``scene.py`` what is set up for it, ``report.py`` what is said at the end. The hub is a
child process (``child.py``); the receivers and the worker are this one.
"""

import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventyard.cli import talk
from eventyard.cli.examples import examples
from eventyard.cli.failure import Failure

if TYPE_CHECKING:
    from eventyard.cli.demo.child import Child
    from eventyard.cli.demo.report import Report
    from eventyard.cli.demo.story import Story


app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples("eventyard demo", "eventyard demo --exit", "eventyard demo --data ./demo --listen 127.0.0.1:8080")
)
def demo(
    end: Annotated[
        bool, typer.Option("--exit", help="End after the summary, with status 0 if every step happened.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the journal there; by default it goes with the demo.", show_default=False
        ),
    ] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the hub is to listen.")] = "127.0.0.1:0",
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON on stdout.")] = False,
) -> None:
    """Send real GitHub webhooks through a hub: signed, checked, routed, delivered, retried, on record."""
    from eventyard.cli.client import Client  # noqa: PLC0415
    from eventyard.cli.demo import child, crew, progress, receivers, samples, scene, story  # noqa: PLC0415

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # whatever the shell made of them, the hub must be stopped
    teller = progress.Teller()
    teller.title("Eventyard: webhooks, from the signature to the journal")
    with ExitStack() as stack:
        folder = stack.enter_context(directory(data))
        with teller.doing("fetching GitHub's sample webhooks"):
            found = samples.samples(folder / "samples")
        teller.step("payloads", True, f"{len(found.items)} {found.origin}")
        with teller.doing("starting a hub"):
            hub = stack.enter_context(child.Child(folder / "hub", listen))
        teller.step("hub", True, f"{hub.url}, process {hub.pid}, journal in {hub.data}")
        inboxes = {
            wish.name: receivers.Inbox(wish.name, scene.FAILURES if wish.fails_first else 0)
            for wish in scene.WISHES
            if not wish.job
        }
        for inbox in inboxes.values():
            stack.enter_context(inbox.receiver)
        run = story.Story(teller, stack.enter_context(Client(hub.url, hub.key)), inboxes)
        run.set_up()
        job = next(wish.name for wish in scene.WISHES if wish.job)
        worker = stack.enter_context(crew.Crew(hub.url, hub.key, job))
        run.send(found.items)
        run.send_badly(found.items)
        report = run.watch(worker)
        summarize(report, hub, run, as_json=as_json, end=end)
        if teller.missing:
            raise Failure(
                "not every step happened: " + "; ".join(teller.missing),
                hint=f"the hub's last words: {hub.last_words()}",
            )
        if not end:
            worker.watch = talk.say
            for inbox in inboxes.values():
                inbox.watch = talk.say
            stay(hub)


def summarize(report: "Report", hub: "Child", run: "Story", *, as_json: bool, end: bool) -> None:
    """The journal in numbers, and how to go on."""
    from eventyard.cli.demo.report import facts, next_steps, rows  # noqa: PLC0415

    if as_json:
        talk.data(facts(report))
        return
    talk.line("\n" + talk.painted("The journal", talk.BOLD))
    counts = [{"kind": kind, "status": status, "entries": number} for kind, status, number in report.counts]
    talk.table(counts, (("KIND", "kind"), ("STATUS", "status"), ("ENTRIES", "entries")))
    talk.line("\n" + talk.painted("The summary", talk.BOLD))
    talk.table(rows(report), (("", "what"), ("", "how much")))
    talk.line("\n" + talk.painted("To go on", talk.BOLD))
    if end:
        talk.line("Without --exit (make demo without EXIT=1) the hub stays up, and here are calls to play with.")
        return
    for line in next_steps(hub.url, hub.key, run.source["id"], 1):
        talk.line(line)
    talk.line(f"\nThe API with a page to try it: {hub.url}/docs")


def stay(hub: "Child") -> None:
    """Leave everything running until Ctrl-C, or until the hub ends."""
    try:
        talk.say("\nThe hub, the receivers and the worker stay up, and say what they get; Ctrl-C ends them.")
        status = hub.wait()
    except KeyboardInterrupt:
        talk.say("\nbye")
        return
    raise Failure(f"the hub ended with status {status}: {hub.last_words()}")


@contextmanager
def directory(data: Path | None) -> Iterator[Path]:
    """Where the demo keeps its files: an empty directory that was named, or one that goes with the demo."""
    if data is not None:
        if data.exists() and any(data.iterdir()):
            raise Failure(f"{data} is not empty", hint="name another directory with --data, or none")
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="eventyard-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
