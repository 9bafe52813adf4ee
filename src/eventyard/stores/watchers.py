"""Who is told of each commit, and what they are told: the publications it brought, in commit order, without duplicates.

Both stores lean on this. It runs on the event loop, between a commit and the answers to those who waited for it.
"""

import asyncio
from collections.abc import Iterable

from eventyard.model.journal import Appended, Committed, NewPublication
from eventyard.ports import Watcher


class Watchers:
    """Watchers, in the order they came. False while there are none, so that nothing is gathered for nobody."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []

    def __bool__(self) -> bool:
        return bool(self._watchers)

    def add(self, watcher: Watcher) -> None:
        """Tell one more, of later commits."""
        self._watchers.append(watcher)

    def tell(self, appended: Iterable[tuple[NewPublication, Appended]]) -> None:
        """Tell of one commit. What a watcher raises goes to the loop's handler; store and callers are not at fault."""
        committed = [
            Committed(
                answer.entry_id, answer.committed_at, new.project_number, new.application_number, new.topic_number,
                new.source.number, new.event,
            )
            for new, answer in appended
            if answer.key is None
        ]  # fmt: skip
        if not committed:
            return
        for watcher in tuple(self._watchers):
            try:
                watcher(committed)
            except Exception as error:
                message = "a watcher of the journal failed"
                asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})
