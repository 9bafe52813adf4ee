"""Mappings: expressions in JSONata that make a request's body of an event, where templates are not enough.

JSONata can express everything, work without end too. So an expression is read here when a target is written, which
costs next to nothing whatever it says, but it is only evaluated in a process of its own (``targets/mappings/``),
with the bounds below and harder ones around them. Why this language, and this engine: ADR 0019.

What would make two attempts differ is not there: ``$now()`` and ``$millis()`` say when the attempt began, ``$random``,
``$shuffle`` and ``$eval`` are refused.
"""

from functools import lru_cache
from typing import Any, NoReturn

from eventyard.model.errors import Invalid
from eventyard.model.ids import Millis

MAX_CHARS = 16_384
"""How long an expression may be."""

EVALUATE_MS = 500
"""How long one evaluation may take, by the engine's own watch."""

STACK_DEPTH = 200
"""How deep functions of an expression may call each other."""

SEQUENCE_LENGTH = 100_000
"""How many values a sequence within an expression may have."""

_REFUSED = ("random", "shuffle", "eval")
_FROM_HOST = "host function raised ValueError: "


class MappingError(Exception):
    """The mapping makes nothing of this event. The text says why."""


class Mapping:
    """A compiled expression."""

    def __init__(self, expression: str) -> None:
        """Raises ``ValueError`` for what is no expression; its text says what is wrong with it."""
        self._now: Millis = 0
        self._compiled = _compile(expression)
        self._compiled.register_override("millis", lambda: self._now)
        self._compiled.register_override("now", self._date)
        for name in _REFUSED:
            self._compiled.register_override(name, _refuse(name))

    def evaluate(self, document: str, now: Millis) -> str | None:
        """What it makes of a JSON document, as JSON too; ``None`` when that is nothing, as a path that leads nowhere.

        Raises :class:`MappingError`. Takes no longer than ``EVALUATE_MS`` for most hostile expressions, but not for
        all, and any amount of memory.
        """
        self._now = now
        try:
            made: str | None = self._compiled.evaluate_json_or_none(
                document, timeout=EVALUATE_MS, max_stack_depth=STACK_DEPTH, max_sequence_length=SEQUENCE_LENGTH
            )
            return made
        except (ValueError, TypeError, RecursionError) as error:
            raise MappingError(str(error).removeprefix(_FROM_HOST)[:500]) from None

    def _date(self, *pictures: Any) -> str:
        if pictures:
            raise ValueError("$now takes no picture here; write $fromMillis($millis(), picture)")
        return str(_date_of().evaluate(self._now))


def check_mapping(expression: str, at: str) -> None:
    """Raise :class:`Invalid` (``invalid_settings``) for what is no mapping."""
    try:
        Mapping(expression)
    except ValueError as error:
        message = str(error).removeprefix("Parse error: ")[:500]
        raise Invalid(
            "invalid_settings",
            f"mapping: {message}",
            pointer=at,
            hint="it is an expression in JSONata, like {'order': body.id, 'total': $sum(body.lines.price)}",
        ) from None


def _compile(expression: str) -> Any:
    import jsonatapy  # noqa: PLC0415 - it takes a tenth of an idle hub's memory, and many hubs have no mapping

    return jsonatapy.compile(expression)


@lru_cache(maxsize=1)
def _date_of() -> Any:
    return _compile("$fromMillis($)")


def _refuse(name: str) -> Any:
    def refuse(*_: Any) -> NoReturn:
        raise ValueError(f"${name} is not to be had here")

    return refuse
