"""What is asked of a backlog, and how who asked hears of it. ``backlogs.py`` does it."""

import asyncio

from msgspec import Struct

from eventyard.model.ids import Millis
from eventyard.pipeline.waiting.bundles import Released


class Ask(Struct, eq=False):
    """What somebody wants of a backlog: that it be released, as it is then or what came until a moment; or, without a
    comment, that what follows from the catalog be done.
    """

    comment: str | None = None
    actor: str | None = None
    until: Millis | None = None
    heard: "asyncio.Future[Released] | None" = None


def answer(ask: Ask, answer: Released | Exception) -> bool:
    """Tell who waits for it, if anybody does."""
    if ask.heard is None:
        return False
    if not ask.heard.done():
        if isinstance(answer, Exception):
            ask.heard.set_exception(answer)
        else:
            ask.heard.set_result(answer)
    return True
