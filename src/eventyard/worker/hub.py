"""What a worker and the hub say to each other: claim, heartbeat, complete and fail.

The paths are ``/v1/jobs/{job}/runs/claim`` and ``/v1/job-runs/{id}/…``. Times are the hub's: how long a lease lasts is
reckoned from the ``Date`` of its answer, so that a worker's clock may be wrong.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct, structs
from yarl import URL

WAIT_MS = 30_000
"""How long one claim waits at the hub for a run."""

CALL_S = 30.0
"""How long any other call may take."""

LONGEST_NAME = 255
"""Characters of a run's own id that the hub takes: an outcome is worth more than a name that does not fit."""

LONGEST_ERROR = 4096
"""Characters of an error that the hub takes; what is longer is cut in its midst, as both of its ends may matter."""


class Counts(Struct, frozen=True):
    """Rows or files a run read and wrote."""

    source_success: int = 0
    source_failed: int = 0
    target_success: int = 0
    target_failed: int = 0


class Done(Struct, frozen=True):
    """What a handler may return: counts, and an id the run has elsewhere (both optional)."""

    counts: Counts | None = None
    run_id: str | None = None


class Fail(Exception):
    """Raised by a handler that failed: why, whether the hub shall try again, and what was done until then."""

    def __init__(
        self, error: str = "the handler failed", *, retry: bool = True, counts: Counts | None = None,
        run_id: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(error)
        self.error = error
        self.retry = retry
        self.counts = counts
        self.run_id = run_id


class Run(Struct, frozen=True):
    """One run in this worker's hands: ``event`` is the CloudEvent in its JSON format, ``attempt`` counts from 1.

    ``lease_expires_at`` is an RFC 3339 time; the worker keeps the lease alive by itself.
    """

    id: int
    job_id: str
    attempt: int
    lease_expires_at: str
    event: dict[str, Any]
    lease_s: float = 20.0
    """How long the lease lasted when it was given."""

    @property
    def data(self) -> Any:
        """The event's JSON data; ``None`` when its data is not JSON (see ``event["data_base64"]``)."""
        return self.event.get("data")


class LeaseLost(Exception):
    """The run is no longer ours: its lease ran out, or an operator ended it."""


class HubProblem(Exception):
    """The hub refused a call for a reason that asking again does not change: a wrong key, an unknown job."""


class HubAway(Exception):
    """The hub cannot be reached, or cannot answer now."""


class Hub:
    """The calls of a worker, over one pooled HTTP client."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self._base = URL(url.rstrip("/") + "/v1/")
        self._headers = {"Authorization": f"Bearer {key}"}

    async def claim(self, job: str, worker: str, limit: int, wait_ms: int = WAIT_MS) -> list[Run]:
        """Up to ``limit`` runs of a job (its name or id); waits for the first at the hub."""
        body = {"worker": worker, "limit": limit, "wait_ms": wait_ms}
        answer, date = await self._post(self._base / "jobs" / job / "runs" / "claim", body, CALL_S + wait_ms / 1000)
        runs = msgspec.json.decode(answer, type=list[Run], strict=False)
        return [structs.replace(run, lease_s=_lease_s(run, date)) for run in runs]

    async def heartbeat(self, run: Run) -> None:
        """Keep the lease alive. Raises :class:`LeaseLost`."""
        await self._about(run, "heartbeat", {})

    async def complete(self, run: Run, done: Done) -> None:
        """The run ended well. Raises :class:`LeaseLost`."""
        await self._about(run, "complete", _given(done.counts, done.run_id))

    async def fail(self, run: Run, failure: Fail) -> None:
        """The run failed. Raises :class:`LeaseLost`."""
        more = _given(failure.counts, failure.run_id)
        await self._about(run, "fail", {"error": _fitting(failure.error), "retry": failure.retry, **more})

    async def _about(self, run: Run, verb: str, more: Mapping[str, Any]) -> None:
        url = self._base / "job-runs" / str(run.id) / verb
        await self._post(url, {"attempt": run.attempt, **more}, CALL_S)

    async def _post(self, url: URL, body: Any, timeout_s: float) -> tuple[bytes, str | None]:
        headers = self._headers | {"Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.post(
                url, data=msgspec.json.encode(body), headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise HubAway(str(error) or type(error).__name__) from error
        if response.status < 300:
            return answer, response.headers.get("Date")
        said = _problem(response.status, answer)
        if response.status == 409:
            raise LeaseLost(said)
        if response.status == 429 or response.status >= 500:
            raise HubAway(said)
        raise HubProblem(said)


def _fitting(error: str) -> str:
    """An error as the hub takes it: Unicode, and not too long."""
    text = error.encode(errors="backslashreplace").decode()
    half = LONGEST_ERROR // 2 - 1
    return text if len(text) <= LONGEST_ERROR else f"{text[:half]}…{text[-half:]}"


def _given(counts: Counts | None, run_id: str | None) -> dict[str, Any]:
    name = None if run_id is None else "".join(c if c.isprintable() else "?" for c in run_id[:LONGEST_NAME]) or None
    return {field: value for field, value in (("counts", counts), ("run_id", name)) if value is not None}


def _lease_s(run: Run, date: str | None) -> float:
    """How long the lease lasts: from the answer's date, whole seconds and perhaps one behind, to its end."""
    if date is None:
        return run.lease_s
    return max((datetime.fromisoformat(run.lease_expires_at) - parsedate_to_datetime(date)).total_seconds() - 1, 1.0)


def _problem(status: int, answer: bytes) -> str:
    """The sentence of an RFC 9457 problem, or the bare status."""
    try:
        said = msgspec.json.decode(answer)
        return f"{status} {said['detail']}"
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"the hub answered {status}"
