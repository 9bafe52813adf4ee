"""The one thread that writes. It takes everything that waits into one transaction: group commit.

Callers hold futures; what they ask for in one turn of the event loop is handed to the thread together, so that it is
woken once and not for each. It takes all there is, writes all appends in a few statements, all recordings in a few
more, then single acts (claims, catalog, operators) one after the other; commits, which is the fsync; and answers all
futures with one call into the event loop. While it waits for the disk, the next group gathers: the busier the hub, the
larger the group, and the cheaper each event.

A task that is refused (a duplicate name, say) leaves the group, and the rest is committed without it. A fault of the
disk refuses the whole group; nothing of it was written.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from eventyard.model.errors import HubError, Unavailable
from eventyard.model.ids import Millis
from eventyard.model.journal import NewPublication, Recording
from eventyard.ports import Clock
from eventyard.stores.sql.append import Prepared, append, prepare
from eventyard.stores.sql.file import PAGE
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.record import record

Act = Callable[[sqlite3.Connection, Known], Any]
"""Something done inside a transaction of the writer."""

MOST_TOGETHER = 1_024
"""Events, recordings and acts in one transaction, so that the first does not wait long for the last. A batch that is
larger is not cut, and goes alone or last."""


class Task:
    """Something to be written, and who waits for it."""

    __slots__ = ("act", "future", "publications", "recording", "single")

    def __init__(
        self,
        future: "asyncio.Future[Any]",
        *,
        publications: Sequence[Prepared] = (),
        single: bool = False,
        recording: Recording | None = None,
        act: Act | None = None,
    ) -> None:
        self.future = future
        self.publications = publications
        self.single = single
        self.recording = recording
        self.act = act

    @property
    def size(self) -> int:
        """How many events, recordings or acts it is."""
        return len(self.publications) or 1

    @property
    def pages(self) -> int:
        """About how many pages of the log it takes."""
        return sum(1 + len(new.event.data) // PAGE for new, _ in self.publications) or 1


class Writer:
    """Owns the writing connection from :meth:`start` to :meth:`stop`.

    ``committed`` is called in the writer's thread after each commit, with about how many pages it took.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Clock,
        translate: Callable[[sqlite3.Error | OSError], Unavailable],
        committed: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._translate = translate
        self._committed = committed
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[list[Task] | None] = queue.SimpleQueue()
        self._turn: list[Task] = []
        self._known = Known(connection)
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._stopping = self._ended = False

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end the thread. Blocks until it has ended."""
        self._stopping = True
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def append(self, publication: NewPublication) -> "asyncio.Future[Any]":
        """Commit one publication."""
        prepared = (prepare(publication),)
        return self._put(Task(self._loop.create_future(), publications=prepared, single=True))

    def append_batch(self, publications: Sequence[NewPublication]) -> "asyncio.Future[Any]":
        """Commit many publications together."""
        return self._put(Task(self._loop.create_future(), publications=[prepare(new) for new in publications]))

    def record(self, recording: Recording) -> "asyncio.Future[Any]":
        """Commit the end of an attempt."""
        return self._put(Task(self._loop.create_future(), recording=recording))

    def act(self, act: Act) -> "asyncio.Future[Any]":
        """Commit anything else."""
        return self._put(Task(self._loop.create_future(), act=act))

    def _put(self, task: Task) -> "asyncio.Future[Any]":
        if self._stopping:
            raise Unavailable("shutting_down", "the journal is closed")
        self._turn.append(task)
        if len(self._turn) == 1:
            self._loop.call_soon(self._hand_over)
        return task.future

    def _hand_over(self) -> None:
        """Give the thread what came in this turn of the loop: waking it for each would make it fight for each."""
        turn, self._turn = self._turn, []
        if turn:
            self._queue.put(turn)

    # In the thread

    def _run(self) -> None:
        waiting: deque[Task] = deque()
        while self._gather(waiting):
            group: list[Task] = []
            size = 0
            while waiting and size < MOST_TOGETHER:
                group.append(waiting.popleft())
                size += group[-1].size
            self._commit(group)

    def _gather(self, waiting: deque[Task]) -> bool:
        """Take over all that was handed over, and wait if it is nothing; false when there is nothing more to come."""
        while not self._ended and not (waiting and self._queue.empty()):
            turn = self._queue.get()
            if turn is None:
                self._ended = True
            else:
                waiting.extend(turn)
        return bool(waiting)

    def _commit(self, group: list[Task]) -> None:
        try:
            answers = self._transaction(group)
        except _RefusedError as refusal:
            self._undo()
            self._answer([refusal.task], [refusal.error])
            if rest := [task for task in group if task is not refusal.task]:
                self._commit(rest)
        except (sqlite3.Error, OSError) as error:
            self._undo()
            self._answer(group, [self._translate(error)] * len(group))
        except Exception as error:
            self._undo()
            if len(group) == 1:
                self._answer(group, [error])
            for task in group if len(group) > 1 else ():
                self._commit([task])
        else:
            self._answer(group, answers)
            self._committed(sum(task.pages for task in group))

    def _transaction(self, group: list[Task]) -> list[Any]:
        connection, known = self._connection, self._known
        connection.execute("BEGIN IMMEDIATE")
        now: Millis = self._clock()
        answers: dict[Task, Any] = {}
        if appending := [task for task in group if task.publications]:
            made = iter(append(connection, known, now, [new for task in appending for new in task.publications]))
            for task in appending:
                answers[task] = next(made) if task.single else [next(made) for _ in task.publications]
        recording = [task for task in group if task.recording is not None]
        if recording:
            results = record(connection, [task.recording for task in recording if task.recording is not None])
            answers.update(zip(recording, results, strict=True))
        for task in group:
            if task.act is not None:
                try:
                    answers[task] = task.act(connection, known)
                except HubError as error:
                    raise _RefusedError(task, error) from None
        connection.execute("COMMIT")
        return [answers.get(task, []) for task in group]

    def _undo(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._known = Known(self._connection)
        except sqlite3.Error:
            # The file is beyond reading; what comes next will meet the same fault and report it.
            return

    def _answer(self, group: list[Task], answers: Sequence[Any]) -> None:
        self._loop.call_soon_threadsafe(_resolve, [task.future for task in group], answers)


class _RefusedError(Exception):
    """One task of a group cannot be done."""

    def __init__(self, task: Task, error: HubError) -> None:
        self.task = task
        self.error = error


def _resolve(futures: "list[asyncio.Future[Any]]", answers: Sequence[Any]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
