"""While the store cannot write, because the disk is full or the like: what must be done is tried until it is.

For work that nobody waits for who could be told. Recordings have a way of their own (``recorder.py``), as have answers
to clients, who are told ``Unavailable`` and may come again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from eventyard.model.errors import Unavailable
from eventyard.pipeline.recorder import FIRST_PAUSE, LONGEST_PAUSE

T = TypeVar("T")


async def persist(work: Callable[[], Awaitable[T]], pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> T:
    """Do it, and do it again for as long as it raises ``Unavailable``; what it comes to, or raises else.

    ``pause`` waits so many seconds, which grow from try to try.
    """
    wait = FIRST_PAUSE
    while True:
        try:
            return await work()
        except Unavailable:
            await pause(wait)
            wait = min(wait * 2, LONGEST_PAUSE)
