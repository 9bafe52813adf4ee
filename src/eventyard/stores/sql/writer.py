"""The one who writes: everything that waits goes into one transaction. Group commit.

Callers hold futures. What they ask for in one turn of the event loop, and while the disk is busy, becomes a group: all
appends in a few statements, all recordings in a few more, then single acts (claims, catalog, operators) one after the
other; then the commit, which is the fsync; then the watchers are told and all futures are answered at once. The busier
the hub, the larger the group, and the cheaper each event.

A thread does what takes long: the commit always; the statements of acts and of much data too. The statements of a light
group (events and recordings, some microseconds each) run on the loop: in the thread each of them would have to win the
interpreter back from a busy loop, which costs more than the statement does, and events would wait for it meanwhile.

A task that is refused (a duplicate name, say) before it wrote anything harms nobody; one that wrote leaves the group,
and the rest is written again without it. A fault of the disk refuses the whole group; nothing of it was written.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from eventyard.model.errors import HubError, Unavailable
from eventyard.model.ids import Millis
from eventyard.model.journal import Appended, NewPublication, Recording
from eventyard.ports import Clock
from eventyard.stores.sql.append import Prepared, append, prepare
from eventyard.stores.sql.file import BUSY_MS, PAGE
from eventyard.stores.sql.known import Known
from eventyard.stores.sql.record import record
from eventyard.stores.watchers import Watchers

Act = Callable[[sqlite3.Connection, Known], Any]
"""Something done inside a transaction of the writer."""

MOST_TOGETHER = 1_024
"""Events, recordings and acts in one transaction, so that the first does not wait long for the last. A batch that is
larger is not cut, and goes alone or last."""

LIGHT = 1_024
"""Pages of the log, at most, of a group whose statements the loop runs itself: ten milliseconds of work."""


class Task:
    """Something to be written, and who waits for it."""

    __slots__ = ("act", "future", "pages", "publications", "recording", "single")

    def __init__(
        self,
        future: "asyncio.Future[Any]",
        *,
        publications: Sequence[Prepared] = (),
        single: bool = False,
        recording: Recording | None = None,
        act: Act | None = None,
        thick: int = 1,
    ) -> None:
        self.future = future
        self.publications = publications
        self.single = single
        self.recording = recording
        self.act = act
        pages = 0
        for one in publications:
            pages += 1 + len(one.new.event.data) // PAGE
        self.pages = pages or thick
        """About how many pages of the log it takes."""

    @property
    def size(self) -> int:
        """How many events, recordings or acts it is."""
        return len(self.publications) or 1


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
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._waiting: deque[Task] = deque()
        self._group: list[Task] = []
        self._broken: str | None = None
        self.watchers = Watchers()
        """Told on the loop, after each commit, of the publications it brought."""
        self._known = Known(connection)
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._stopping = False
        self._busy = True

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()
        self._busy = False
        self._begin()

    def stop(self) -> None:
        """Write what waits, then end the thread. Blocks until it has ended; not to be called on the loop."""
        self._stopping = True
        self._loop.call_soon_threadsafe(self._begin_unless_busy)
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

    def act(self, act: Act, publications: Sequence[NewPublication] = (), *, pages: int = 1) -> "asyncio.Future[Any]":
        """Commit anything else, of about so many pages; together with publications, if there are any, whose answers it
        then has.
        """
        prepared = [prepare(new) for new in publications]
        return self._put(Task(self._loop.create_future(), publications=prepared, act=act, thick=pages))

    def _put(self, task: Task) -> "asyncio.Future[Any]":
        if self._stopping:
            raise Unavailable("shutting_down", "the journal is closed")
        if self._broken:
            raise self._unavailable()
        if not self._waiting and not self._busy:
            self._loop.call_soon(self._begin_unless_busy)
        self._waiting.append(task)
        return task.future

    # On the loop

    def _begin_unless_busy(self) -> None:
        if not self._busy:
            self._begin()

    def _begin(self) -> None:
        """Write the next group, if anything waits; what takes long of it in the thread, which then calls here again."""
        self._group = group = self._next_group()
        self._busy = bool(group)
        if group:
            self._jobs.put(self._written(group) if _is_light(group) else partial(self._commit, group))
        elif self._stopping:
            self._jobs.put(None)

    def _break(self, error: Exception) -> None:
        """The thread has died of something nobody thought of: say so to all who wait, and to all who come."""
        self._broken = f"the journal's writer has died: {error!r}"
        for task in (*self._group, *self._waiting):
            if not task.future.done():
                task.future.set_exception(self._unavailable())

    def _unavailable(self) -> Unavailable:
        return Unavailable(
            "store_unavailable", self._broken or "", hint="restart the hub; nothing acknowledged is lost"
        )

    def _next_group(self) -> list[Task]:
        group: list[Task] = []
        size = 0
        while self._waiting and size < MOST_TOGETHER:
            group.append(self._waiting.popleft())
            size += group[-1].size
        return group

    def _written(self, group: list[Task]) -> Callable[[], None]:
        """Run a group's statements; what is left is its commit, or to sort out in the thread what went wrong."""
        try:
            answers = self._statements(group)
        except Exception:
            self._undo()
            return partial(self._commit, group)
        return partial(self._finish, group, answers)

    # In the thread

    def _run(self) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                job()
                self._loop.call_soon_threadsafe(self._begin)
        except Exception as error:
            self._loop.call_soon_threadsafe(self._break, error)

    def _finish(self, group: list[Task], answers: list[Any]) -> None:
        """Commit what was written, and answer."""
        try:
            self._connection.commit()  # gives the interpreter away and takes it back once, a statement does so twice
        except (sqlite3.Error, OSError) as error:
            self._undo()
            self._answer(group, [self._translate(error)] * len(group))
        else:
            self._answer(group, answers)
            self._committed(sum(task.pages for task in group))

    def _commit(self, group: list[Task]) -> None:
        """Write and commit a group, without those that are refused."""
        while group:
            try:
                self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
                answers = self._statements(group)
                self._connection.execute("PRAGMA busy_timeout = 0")
            except _RefusedError as refusal:
                self._undo()
                self._answer([refusal.task], [refusal.error])
                group = [task for task in group if task is not refusal.task]
                continue
            except sqlite3.IntegrityError as error:
                self._each_alone(group, error)
            except (sqlite3.Error, OSError) as error:
                self._undo()
                self._answer(group, [self._translate(error)] * len(group))
            except Exception as error:
                self._each_alone(group, error)
            else:
                self._finish(group, answers)
            return

    def _each_alone(self, group: list[Task], error: Exception) -> None:
        """A fault of ours in one task of a group harms no other."""
        self._undo()
        if len(group) == 1:
            self._answer(group, [error])
        for task in group if len(group) > 1 else ():
            self._commit([task])

    # Either

    def _statements(self, group: list[Task]) -> list[Any]:
        """Write a group in a transaction that is left open; the answers, one for each task."""
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
                changes = connection.total_changes
                try:
                    answers.setdefault(task, task.act(connection, known))
                except HubError as error:
                    if connection.total_changes != changes or task.publications:
                        raise _RefusedError(task, error) from None
                    answers[task] = error
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
        self._loop.call_soon_threadsafe(self._resolve, group, answers)

    def _resolve(self, group: list[Task], answers: Sequence[Any]) -> None:
        if self.watchers:
            self.watchers.tell(_appended(group, answers))
        for task, answer in zip(group, answers, strict=True):
            if task.future.done():
                continue
            if isinstance(answer, Exception):
                task.future.set_exception(answer)
            else:
                task.future.set_result(answer)


class _RefusedError(Exception):
    """One task of a group cannot be done, and has written something already."""

    def __init__(self, task: Task, error: HubError) -> None:
        self.task = task
        self.error = error


def _is_light(group: Sequence[Task]) -> bool:
    """Whether writing the group takes so little that the loop can do it (see the module)."""
    return all(task.act is None for task in group) and sum(task.pages for task in group) <= LIGHT


def _appended(group: Sequence[Task], answers: Sequence[Any]) -> list[tuple[NewPublication, Appended]]:
    """The publications of a group, each with what became of it; none of what was refused."""
    appended: list[tuple[NewPublication, Appended]] = []
    for task, answer in zip(group, answers, strict=True):
        if task.publications and not isinstance(answer, Exception):
            given = [answer] if task.single else answer
            appended += zip([prepared.new for prepared in task.publications], given, strict=True)
    return appended
