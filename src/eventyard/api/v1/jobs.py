"""``/v1/jobs`` and ``/v1/job-runs``: targets whose deliveries are runs that workers claim, and what workers tell.

A job is a target of type ``job``. A worker claims runs by long poll, keeps the lease alive with heartbeats, and says
how the run ended; ``eventyard.worker`` is the client for that. The leases are kept by ``pipeline/work.py``.
"""

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request, Response
from msgspec import Meta, Struct
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE, number_in
from eventyard.api.v1.answers import Id, Number, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Description, Name, ProjectRef, Retry, unset
from eventyard.api.v1.call import Asked, Call, Cursor, InProject, Limit
from eventyard.api.v1.entries import Entry
from eventyard.api.v1.events import paged
from eventyard.api.v1.targets import Concurrency, Target, Timeout, shown
from eventyard.model import catalog, journal
from eventyard.model.access import Scope
from eventyard.model.errors import NotFound
from eventyard.model.ids import EntryId
from eventyard.model.lifecycle import DELIVERIES
from eventyard.model.outcome import Counts
from eventyard.pipeline.search import MAX_ENTRY_ID
from eventyard.pipeline.work import CLAIM_LIMIT, Run, lost
from eventyard.wire.cloudevents import to_json

router = APIRouter(prefix="/v1", tags=["Jobs"])

JOB = "job"
MOST_WAIT_MS = 30_000

RunNumber = Annotated[int, Path(ge=1, le=MAX_ENTRY_ID, description="The run: the journal's id of the delivery.")]


class JobRun(Struct):
    """A run in a worker's hands."""

    id: Number
    job_id: Id
    attempt: Annotated[int, Meta(description="From 1. To be named with every call about this run.")]
    lease_expires_at: Time
    event: Annotated[dict[str, Any], Meta(description="CloudEvents in the JSON format.")]


class Lease(Struct):
    """How long a run stays in the worker's hands."""

    lease_expires_at: Time


class NewJob(Body):
    """A job to be made."""

    name: Name
    project_id: ProjectRef = None
    description: Description = ""
    concurrency: Concurrency = 16
    timeout_ms: Timeout = 20_000
    retry: Retry | None = None


class JobChange(Change):
    """What to change of a job."""

    name: Name = unset()
    description: Description = unset()
    enabled: bool = unset()
    concurrency: Concurrency = unset()
    timeout_ms: Timeout = unset()
    retry: Retry = unset()


class Claim(Body):
    """A worker that wants runs."""

    worker: Name
    limit: Annotated[int, Field(ge=1, le=CLAIM_LIMIT)] = 1
    wait_ms: Annotated[int, Field(ge=0, le=MOST_WAIT_MS)] = Field(default=0, description="For the first one.")


AttemptNumber = Annotated[int, Field(ge=1, le=1_000_000, description="As it was claimed.")]
Count = Annotated[int, Field(ge=0, le=MAX_ENTRY_ID)]


class RunCounts(Body):
    """Rows or files read and written."""

    source_success: Count = 0
    source_failed: Count = 0
    target_success: Count = 0
    target_failed: Count = 0


class Heartbeat(Body):
    """A worker that goes on."""

    attempt: AttemptNumber


class Completion(Body):
    """A run that ended well."""

    attempt: AttemptNumber
    run_id: Name | None = Field(default=None, description="What the worker calls this run.")
    counts: RunCounts | None = None


class FailedRun(Completion):
    """A run that failed."""

    error: Annotated[str, Field(max_length=4096)]
    retry: bool = Field(default=True, description="Whether the retry policy shall decide; else this was the last try.")


@router.get("/jobs", operation_id="list_jobs", summary="List jobs", **shows(list[Target], "Newest first.", paged=True))
async def list_jobs(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The jobs of a project."""
    jobs = [target for target in call.listed(catalog.Target, project_id) if target.type == JOB]
    return call.page(jobs, lambda job: shown(call, job), limit, cursor)


@router.post("/jobs", operation_id="create_job", summary="Make a job", **shows(Target, "The new job.", 201))
async def create_job(call: Asked, body: NewJob) -> Response:
    """A job: a target of type `job`."""
    made, _ = await call.hub.targets.create(
        call.who,
        project_id=body.project_id,
        name=body.name,
        type_=JOB,
        description=body.description,
        concurrency=body.concurrency,
        timeout_ms=body.timeout_ms,
        retry=body.retry,
    )
    return reply(shown(call, made), 201)


@router.get("/jobs/{job_id}", operation_id="get_job", summary="Show a job", **shows(Target, "The job."))
async def get_job(call: Asked, job_id: str, project_id: InProject = None) -> Response:
    """One job, by id, or by its name in a project."""
    return reply(shown(call, _job(call, Scope.CATALOG_READ, job_id, project_id)))


@router.patch("/jobs/{job_id}", operation_id="change_job", summary="Change a job", **shows(Target, "The job."))
async def change_job(call: Asked, job_id: str, body: JobChange, project_id: InProject = None) -> Response:
    """Change what is named."""
    job = _job(call, Scope.CATALOG_WRITE, job_id, project_id)
    return reply(shown(call, await call.hub.targets.change(call.who, job.id, body.given())))


@router.delete("/jobs/{job_id}", operation_id="delete_job", summary="Delete a job", **silent("It is gone."))
async def delete_job(call: Asked, job_id: str, project_id: InProject = None) -> Response:
    """Delete a job that no subscription drives."""
    await call.hub.targets.remove(call.who, _job(call, Scope.CATALOG_WRITE, job_id, project_id).id)
    return done()


@router.get(
    "/jobs/{job_id}/runs", operation_id="list_job_runs", summary="List the runs of a job",
    **shows(list[Entry], "Newest first.", paged=True),
)  # fmt: skip
async def list_job_runs(
    call: Asked, job_id: str, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The deliveries for the subscriptions that drive the job now. A page may be short; Link says if one follows."""
    job = _job(call, Scope.CATALOG_READ, job_id, project_id)
    before = EntryId(number_in(cursor)) if cursor is not None else None
    drivers = {s.id: s.name for s in call.hub.catalog.all(catalog.Subscription) if s.target_id == job.id}
    page = await _runs(call, job, set(drivers.values()), limit, before)
    return paged(call, page, lambda entry: entry.name_id in drivers)


@router.post(
    "/jobs/{job_id}/runs/claim", operation_id="claim_job_runs", summary="Claim runs of a job",
    **shows(list[JobRun], "The runs, oldest first; none when the wait is over."),
)  # fmt: skip
async def claim_job_runs(call: Asked, job_id: str, body: Claim, project_id: InProject = None) -> Response:
    """Take runs under a lease of the job's `timeout_ms`, waiting up to `wait_ms` for the first one."""
    job = _job(call, Scope.JOBS_WORK, job_id, project_id)
    claiming = asyncio.ensure_future(call.hub.runs.claim(job, body.worker, body.limit, body.wait_ms))
    gone = asyncio.ensure_future(_gone(call.request))
    try:
        await asyncio.wait({claiming, gone}, return_when=asyncio.FIRST_COMPLETED)
        return reply([_run_shown(job, run) for run in claiming.result()] if claiming.done() else [])
    finally:
        claiming.cancel()
        gone.cancel()


@router.post(
    "/job-runs/{run_number}/heartbeat", operation_id="keep_job_run", summary="Keep a run",
    **shows(Lease, "The lease from now on."),
)  # fmt: skip
async def keep_job_run(call: Asked, run_number: RunNumber, body: Heartbeat) -> Response:
    """Prolong the lease on a run."""
    until = await call.hub.runs.heartbeat(_held(call, run_number), body.attempt)
    return reply(Lease(time_of(until)))


@router.post(
    "/job-runs/{run_number}/complete", operation_id="complete_job_run", summary="Complete a run",
    **silent("It is on record."),
)  # fmt: skip
async def complete_job_run(call: Asked, run_number: RunNumber, body: Completion) -> Response:
    """Say that a run ended well."""
    held = _held(call, run_number)
    await call.hub.runs.complete(held, body.attempt, run_id=body.run_id, counts=_counts(body.counts))
    return done()


@router.post(
    "/job-runs/{run_number}/fail", operation_id="fail_job_run", summary="Fail a run", **silent("It is on record.")
)
async def fail_job_run(call: Asked, run_number: RunNumber, body: FailedRun) -> Response:
    """Say that a run failed; with `retry` the job's policy decides what follows."""
    held = _held(call, run_number)
    await call.hub.runs.fail(
        held, body.attempt, body.error, retry=body.retry, run_id=body.run_id, counts=_counts(body.counts)
    )
    return done()


def _job(call: Call, scope: Scope, job_id: str, project_id: str | None) -> catalog.Target:
    job = call.view(scope).get(catalog.Target, call.id_of(catalog.Target, job_id, project_id, JOB))
    if job.type != JOB:
        raise NotFound(
            "not_found", f"there is no job {job_id!r}", hint=f"{job.name!r} is a target of type {job.type!r}"
        )
    return job


async def _runs(call: Call, job: catalog.Target, names: set[str], limit: int, before: EntryId | None) -> journal.Page:
    """A page of deliveries by the names of their subscriptions, put together from a page of each."""
    entries: list[journal.Entry] = []
    more = False
    for name in names:
        asked = {"kinds": DELIVERIES, "name": name, "before": before, "limit": limit}
        page = await call.hub.search.find(call.who, job.project_id, asked)
        entries += page.entries
        more |= page.more
    entries.sort(key=lambda entry: entry.id, reverse=True)
    return journal.Page(tuple(entries[:limit]), more or len(entries) > limit)


def _held(call: Call, run_number: int) -> EntryId:
    """The run, if the caller may work on it. One that they may not see is as lost to them as one that ended."""
    view = call.view(Scope.JOBS_WORK)
    run = call.hub.runs.run(EntryId(run_number))
    job = None if run is None else call.hub.catalog.numbered(catalog.Target, run.claimed.target_number)
    if run is not None and (job is None or not view.sees(job.project_id) or not view.shows(job)):
        raise lost(EntryId(run_number))
    return EntryId(run_number)


def _run_shown(job: catalog.Target, run: Run) -> JobRun:
    claimed = run.claimed
    return JobRun(claimed.entry_id, job.id, claimed.attempt, time_of(run.lease_until), to_json(claimed.event))


def _counts(counts: RunCounts | None) -> Counts | None:
    return None if counts is None else msgspec.convert(counts.model_dump(), Counts)


async def _gone(request: Request) -> None:
    """Return when the client went away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
