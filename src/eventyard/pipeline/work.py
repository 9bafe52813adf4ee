"""Work: job runs, which nobody is sent; workers claim them, keep their lease alive, and say how they ended.

The deliveries of a job wait in the store. Here wait the workers, first come first served, each in one long poll; a
doorbell (:meth:`JobRuns.due`) or a moment on the agenda wakes the first of them. A worker that goes away without a word
loses its lease: the run is recorded as lost and tried again by the retry policy, as any failed attempt.

The leases are known to this process alone. After a restart every run under way is handed out again, and its former
worker is told so (``lease_lost``) the next time it speaks.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush

from msgspec import Struct, structs

from eventyard.model.catalog import Target
from eventyard.model.errors import Conflict, Unavailable
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import CLAIM_BYTES, Claimed, Recording
from eventyard.model.outcome import Attempt, Counts, Outcome, Result
from eventyard.pipeline.attempt import Attempter, Concluded, Directory, hand_back
from eventyard.pipeline.recorder import Recorder
from eventyard.pipeline.timing import Agenda, Alarm
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log

CLAIM_LIMIT = 100
"""Runs one worker may claim at once."""

PAUSE_MS = 1_000
"""How long to leave the store alone after it failed to answer."""


class Run(Struct):
    """A run in a worker's hands."""

    claimed: Claimed
    worker: str
    started_at: Millis
    lease_until: Millis


class _Poll(Struct, eq=False):
    """A worker that waits for runs."""

    worker: str
    limit: int
    patient: bool
    answer: "asyncio.Future[list[Run]]"


class Still(asyncio.Lock):
    """Held while runs of one job are claimed, or taken otherwise; ``claimed`` counts those that workers got."""

    claimed = 0


class _Board:
    """One job: its waiting workers, and what is known of its runs."""

    __slots__ = ("agenda", "backlog", "held", "number", "polls", "serving", "still")

    def __init__(self, number: int) -> None:
        self.number = number
        self.polls: deque[_Poll] = deque()
        self.agenda = Agenda()
        self.backlog = True
        """The store may hold runs that are due; true until it was asked."""
        self.held = 0
        self.serving: asyncio.Task[None] | None = None
        self.still = Still()


class JobRuns:
    """The runs of all jobs."""

    def __init__(
        self, store: Store, directory: Directory, attempter: Attempter, recorder: Recorder, log: Log, clock: Clock
    ) -> None:
        self._store = store
        self._directory = directory
        self._attempter = attempter
        self._recorder = recorder
        self._log = log
        self._clock = clock
        self._boards: dict[int, _Board] = {}
        self._held: dict[EntryId, Run] = {}
        self._ends: list[tuple[Millis, EntryId]] = []
        self._alarm = Alarm(clock, self.tick)
        self._stopped = False

    # Workers

    async def claim(self, job: Target, worker: str, limit: int, wait_ms: int) -> list[Run]:
        """Up to ``limit`` runs of a job, leased for its time-out; waits up to ``wait_ms`` for the first one.

        Returns nothing at the end of the wait, while the job is disabled, while as many runs as the job's concurrency
        allows are in workers' hands, and while the hub stops.
        """
        board = self._board(job.number)
        if self._stopped:
            return []
        loop = asyncio.get_running_loop()
        poll = _Poll(worker, max(1, min(limit, CLAIM_LIMIT)), wait_ms > 0, loop.create_future())
        board.polls.append(poll)
        end = loop.call_later(wait_ms / 1000, _resolve, poll, []) if wait_ms > 0 else None
        self._serve(board)
        try:
            return await poll.answer
        except asyncio.CancelledError:
            if poll.answer.done() and not poll.answer.cancelled():
                self._return(poll.answer.result())
            raise
        finally:
            if end is not None:
                end.cancel()
            if poll in board.polls:
                board.polls.remove(poll)

    async def heartbeat(self, entry_id: EntryId, attempt: int) -> Millis:
        """Prolong the lease on a run; until when it lasts. Raises ``Conflict`` (``lease_lost``)."""
        run, now = self._mine(entry_id, attempt), self._clock()
        target = self._directory.target(run.claimed.target_number)
        if target is None:
            raise lost(entry_id, "the job was deleted")
        until = now + target.timeout_ms
        if not await self._store.extend(entry_id, until, now):
            self._drop(run)
            raise lost(entry_id, "it was ended or handed to somebody else")
        run.lease_until = until
        return until

    async def complete(
        self, entry_id: EntryId, attempt: int, *, run_id: str | None = None, counts: Counts | None = None
    ) -> None:
        """A run ended well. Raises ``Conflict`` (``lease_lost``), ``Unavailable`` (tell us again)."""
        await self._end(entry_id, attempt, Outcome(Result.DELIVERED, run_id=run_id, counts=counts), final=True)

    async def fail(
        self,
        entry_id: EntryId,
        attempt: int,
        error: str,
        *,
        retry: bool = True,
        run_id: str | None = None,
        counts: Counts | None = None,
    ) -> None:
        """A run failed; with ``retry`` the policy decides what follows. Raises as :meth:`complete`."""
        outcome = Outcome(Result.FAILED, error=error, run_id=run_id, counts=counts)
        await self._end(entry_id, attempt, outcome, final=not retry)

    def run(self, entry_id: EntryId) -> Run | None:
        """The run in a worker's hands under that id."""
        return self._held.get(entry_id)

    # What comes in

    def due(self, job_number: int, at: Millis) -> None:
        """The store holds a run of that job, due at ``at``, without a lease."""
        board, now = self._board(job_number), self._clock()
        if at <= now:
            board.backlog = True
        else:
            board.agenda.add(at)
        self._look(board, now)

    def learn(self, job_number: int, first_due_at: Millis) -> None:
        """As :meth:`due`, said of the first of perhaps many runs."""
        board = self._board(job_number)
        board.agenda.learn(first_due_at)
        self._look(board, self._clock())

    def still(self, job_number: int) -> Still:
        """Whoever holds it may take what is due: no worker claims a run of that job meanwhile."""
        return self._board(job_number).still

    def changed(self, job: Target) -> None:
        """A job's record changed: enabled again, or more runs at once."""
        if (board := self._boards.get(job.number)) is not None:
            self._serve(board)

    def tick(self) -> None:
        """Take back what was lost, and serve every job whose time has come."""
        now = self._clock()
        while self._ends and self._ends[0][0] <= now:
            _, entry_id = heappop(self._ends)
            run = self._held.get(entry_id)
            if run is None:
                continue
            if run.lease_until > now:
                heappush(self._ends, (run.lease_until, entry_id))
            else:
                self._lose(run)
        if self._ends:
            self._alarm.set(self._ends[0][0])
        for board in self._boards.values():
            self._look(board, now)

    def stop(self) -> None:
        """Answer every waiting worker with nothing, and hand out no more."""
        self._stopped = True
        self._alarm.stop()
        for board in self._boards.values():
            for poll in board.polls:
                _resolve(poll, [])
            if board.serving is not None:
                board.serving.cancel()

    # Handing out

    def _board(self, number: int) -> _Board:
        board = self._boards.get(number)
        if board is None:
            board = self._boards[number] = _Board(number)
        return board

    def _look(self, board: _Board, now: Millis) -> None:
        if board.agenda.reached(now):
            board.backlog = True
        self._alarm.set(board.agenda.next())
        self._serve(board)

    def _room(self, board: _Board) -> int:
        """How many runs may be handed out now, by the job's record."""
        job = self._directory.target(board.number)
        return 0 if job is None or not job.enabled else job.concurrency - board.held

    def _serve(self, board: _Board) -> None:
        if board.serving is not None or not board.polls or self._stopped:
            return
        if (board.backlog and self._room(board) > 0) or not all(poll.patient for poll in board.polls):
            board.serving = asyncio.create_task(self._hand_out(board))

    async def _hand_out(self, board: _Board) -> None:
        """Claim for the workers that wait, until none waits or nothing is due."""
        try:
            while board.backlog and board.polls and (room := self._room(board)) > 0:
                await self._recorder.sound()
                wanted = min(room, CLAIM_LIMIT, sum(poll.limit for poll in board.polls))
                board.backlog = False
                async with board.still:
                    claimed = await self._claim(board, wanted)
                    board.still.claimed += len(claimed)
                if len(claimed) == wanted or sum(len(one.event.data) for one in claimed) >= CLAIM_BYTES:
                    board.backlog = True
                self._distribute(board, claimed)
            for poll in [poll for poll in board.polls if not poll.patient]:
                self._answer(board, poll, [])
            if board.agenda.uncertain and not board.backlog:
                await self._survey(board)
        finally:
            board.serving = None
            self._serve(board)

    async def _claim(self, board: _Board, wanted: int) -> Sequence[Claimed]:
        job = self._directory.target(board.number)
        now = self._clock()
        if job is None or wanted <= 0:
            return ()
        try:
            return await self._store.claim({board.number: wanted}, now + job.timeout_ms, now)
        except Exception as error:  # whatever it is, the workers must be served again
            self._log.error("claim_failed", error=str(error), job=job.id)
            board.agenda.add(now + PAUSE_MS)
            self._alarm.set(now + PAUSE_MS)
            return ()

    def _distribute(self, board: _Board, claimed: Sequence[Claimed]) -> None:
        """Give what was claimed to the workers, in the order in which they came."""
        now = self._clock()
        fresh = deque(self._take(board, one, now) for one in claimed if not self._was_lost(one, now))
        while fresh and board.polls:
            poll = board.polls[0]
            share = [fresh.popleft() for _ in range(min(poll.limit, len(fresh)))]
            for run in share:
                run.worker = poll.worker
            if not self._answer(board, poll, share):
                fresh.extendleft(reversed(share))
        self._return(list(fresh))

    def _answer(self, board: _Board, poll: _Poll, runs: list[Run]) -> bool:
        board.polls.remove(poll)
        return _resolve(poll, runs)

    def _take(self, board: _Board, claimed: Claimed, now: Millis) -> Run:
        run = self._held[claimed.entry_id] = Run(claimed, "", now, claimed.lease_until)
        board.held += 1
        heappush(self._ends, (run.lease_until, claimed.entry_id))
        self._alarm.set(run.lease_until)
        return run

    def _return(self, runs: list[Run]) -> None:
        """Runs that were claimed for workers that are gone are due again at once."""
        for run in runs:
            self._drop(run)
            self._record(run, hand_back(run.claimed))

    def _drop(self, run: Run) -> None:
        if self._held.pop(run.claimed.entry_id, None) is not None:
            board = self._board(run.claimed.target_number)
            board.held -= 1
            self._serve(board)

    async def _survey(self, board: _Board) -> None:
        try:
            waiting = await self._store.waiting()
        except Unavailable:
            board.agenda.learn(self._clock() + PAUSE_MS)
        else:
            board.agenda.learn(next((w.first_due_at for w in waiting if w.target_number == board.number), None))
        self._alarm.set(board.agenda.next())

    # Ends

    def _mine(self, entry_id: EntryId, attempt: int) -> Run:
        run = self._held.get(entry_id)
        if run is None or run.claimed.attempt != attempt or run.lease_until <= self._clock():
            raise lost(entry_id)
        return run

    async def _end(self, entry_id: EntryId, attempt: int, outcome: Outcome, *, final: bool) -> None:
        run = self._mine(entry_id, attempt)
        target = self._directory.target(run.claimed.target_number)
        if target is None:
            raise lost(entry_id, "the job was deleted")
        del self._held[entry_id]  # from here on it is nobody else's to end or to lose
        concluded = self._conclude(run, target, outcome, final=final)
        try:
            recorded = await self._recorder.write(concluded.recording)
        except Unavailable:
            self._held[entry_id] = run
            raise
        board = self._board(run.claimed.target_number)
        board.held -= 1
        if concluded.recording.due_at is not None:
            self.due(board.number, concluded.recording.due_at)
        self._serve(board)
        if not recorded:
            raise lost(entry_id, "an operator ended the run")

    def _was_lost(self, claimed: Claimed, now: Millis) -> bool:
        """Whether a former lease ran out before anybody noticed. The store counted that attempt; the policy decides."""
        if not claimed.lost:
            return False
        former = self._held.get(claimed.entry_id)
        if former is not None:
            self._drop(former)
        lost = structs.replace(claimed, attempt=claimed.attempt - 1)
        self._record_loss(Run(lost, former.worker if former else "", now, now))
        return True

    def _lose(self, run: Run) -> None:
        self._drop(run)
        self._record_loss(run)

    def _record_loss(self, run: Run) -> None:
        target = self._directory.target(run.claimed.target_number)
        if target is None:
            return
        who = f"worker {run.worker!r}" if run.worker else "the worker"
        outcome = Outcome(Result.LOST, error=f"{who} let its lease run out")
        self._record(run, self._conclude(run, target, outcome, final=False).recording)

    def _record(self, run: Run, recording: Recording) -> None:
        due_at, number = recording.due_at, run.claimed.target_number
        if due_at is None:
            self._recorder.put(recording)
        else:
            self._recorder.put(recording, lambda _: self.due(number, due_at))

    def _conclude(self, run: Run, target: Target, outcome: Outcome, *, final: bool) -> Concluded:
        attempt = Attempt(run.claimed.attempt, run.started_at, float(self._clock() - run.started_at), outcome)
        return self._attempter.conclude(run.claimed, target, attempt, final=final)


def _resolve(poll: _Poll, runs: list[Run]) -> bool:
    """Answer a worker; false when it no longer waits."""
    if poll.answer.done():
        return False
    poll.answer.set_result(runs)
    return True


def lost(entry_id: EntryId, why: str = "it ran out, or the run has ended") -> Conflict:
    """What a worker is told of a run that is not, or no longer, its own."""
    return Conflict(
        "lease_lost", f"the lease on run {entry_id} is over: {why}", hint="stop working on it and claim anew"
    )
