"""What was answered before: the queues that a routing key reaches from an exchange, within a bound on memory."""

from collections.abc import Iterable
from typing import Generic, TypeVar

Q = TypeVar("Q")

MEMO_KEYS = 65_536
"""How many answers are remembered at most; past that, all are forgotten and learnt again."""

MEMO_QUEUES = 16
"""An answer of more queues than this takes the place of several."""

MAX_KEY_CHARS = 255
"""A longer routing key is asked each time, so that the memory stays small in bytes too."""


class Memo(Generic[Q]):
    """Answers by exchange and routing key. Read ``answers``; write through the methods."""

    __slots__ = ("answers", "learnt")

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, tuple[Q, ...]]] = {}
        self.learnt = 0
        """Places taken since all was forgotten. What was forgotten singly gives none back."""

    def learn(self, exchange_id: str, key: str, queues: tuple[Q, ...]) -> None:
        """Remember an answer."""
        if len(key) > MAX_KEY_CHARS:
            return
        self.learnt += 1 + len(queues) // MEMO_QUEUES
        if self.learnt > MEMO_KEYS:
            self.answers.clear()
            self.learnt = 1 + len(queues) // MEMO_QUEUES
        self.answers.setdefault(exchange_id, {})[key] = queues

    def unlearn(self, exchange_ids: Iterable[str], key: str | None) -> None:
        """Forget what was answered of these exchanges, about one routing key or about all."""
        for exchange_id in exchange_ids:
            if key is None:
                self.answers.pop(exchange_id, None)
            elif answers := self.answers.get(exchange_id):
                answers.pop(key, None)
