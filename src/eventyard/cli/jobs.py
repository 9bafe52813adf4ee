"""``eventyard jobs``: targets that workers claim runs of."""

from typing import Annotated

import typer

from eventyard.cli.examples import examples
from eventyard.cli.inputs import duration_of, retry_of
from eventyard.cli.remote import Remote, remote
from eventyard.cli.verbs import Limit, add_verbs, group

PATH = "/v1/jobs"
COLUMNS = (
    ("ID", "id"),
    ("NAME", "name"),
    ("ENABLED", "enabled"),
    ("CONCURRENCY", "concurrency"),
    ("LEASE MS", "timeout_ms"),
    ("CREATED", "created_at"),
)
RUNS = (
    ("RUN", "entry_id"),
    ("STATUS", "status"),
    ("CREATED", "created_at"),
    ("COMPLETED", "completed_at"),
    ("RUN ID", "run_id"),
    ("EVENT", "event_id"),
)

app = group(
    "Jobs: runs wait for workers, which claim them.",
    "eventyard jobs create book-orders",
    "eventyard jobs runs book-orders",
)
add_verbs(app, path=PATH, word="job", columns=COLUMNS, example="book-orders")


@app.command(epilog=examples("eventyard jobs create book-orders --lease 30s --concurrency 4"))
@remote
def create(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Annotated[str | None, typer.Option(help="What its workers do.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Runs in workers' hands at once, at most.")] = None,
    lease: Annotated[
        int | None,
        typer.Option(parser=duration_of, metavar="DURATION", help="How long a worker has between heartbeats, as 30s."),
    ] = None,
    retry: Annotated[
        str | None, typer.Option(metavar="WAITS", help="Waits between attempts, as 1s,10s,5m; none: one attempt.")
    ] = None,
) -> None:
    """Make a job."""
    fields = {
        "name": name,
        "description": description,
        "concurrency": concurrency,
        "timeout_ms": lease,
        "retry": retry_of(retry),
    }
    hub.show(hub.post(PATH, hub.in_project(fields)))


@app.command(epilog=examples("eventyard jobs runs book-orders", "eventyard jobs runs book-orders --json"))
@remote
def runs(
    hub: Remote,
    name: Annotated[str, typer.Argument(help="Name or id of the job.", metavar="NAME")],
    limit: Limit = 50,
) -> None:
    """List the runs of a job, newest first."""
    hub.show(hub.list(f"{hub.one(PATH, name)}/runs", limit), RUNS)
