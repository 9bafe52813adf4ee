"""Categories: words on applications and topics, and on whoever may see only what bears one of theirs.

``held`` is what a caller holds, and ``None`` is all there are. What bears no category is for all to see. What a caller
then sees of the rest of the catalog, and of the journal, is the business of ``pipeline/sight.py``.
"""

from collections.abc import Collection, Iterable

from eventyard.model.errors import Forbidden

POINTER = "/categories"


def sees(held: frozenset[str] | None, borne: Collection[str]) -> bool:
    """Whether who holds these may see what bears those."""
    return held is None or not borne or not held.isdisjoint(borne)


def covers(held: frozenset[str] | None, others: frozenset[str] | None) -> bool:
    """Whether who holds these may see all that those others show."""
    return held is None or (others is not None and held >= others)


def given(held: frozenset[str] | None, wanted: Iterable[str] | None) -> tuple[str, ...] | None:
    """The categories of a key, user or client that is made: those wanted, or else the maker's own.

    Raises ``Forbidden`` for more than the maker holds.
    """
    if wanted is None:
        return None if held is None else tuple(sorted(held))
    return widened(held, wanted)


def widened(held: frozenset[str] | None, wanted: Iterable[str] | None) -> tuple[str, ...] | None:
    """The categories that somebody is to hold from now on. Raises ``Forbidden`` for more than the giver holds."""
    if wanted is None:
        if held is not None:
            raise Forbidden("forbidden", "all categories are more than you hold", pointer=POINTER)
        return None
    return borne(held, wanted)


def borne(held: frozenset[str] | None, wanted: Iterable[str]) -> tuple[str, ...]:
    """The categories of a new record, each once. Raises ``Forbidden`` for one that its maker does not hold."""
    words = tuple(dict.fromkeys(wanted))
    _need(held, words)
    return words


def changed(held: frozenset[str] | None, before: Collection[str], after: Iterable[str]) -> tuple[str, ...]:
    """The categories of a record from now on, each once.

    Raises ``Forbidden`` for who holds some categories only, where that would hide the record from others, or open it
    to them, beyond what they hold: what is added and what is taken away must be theirs, some of it must stay, and what
    bore none bears none.
    """
    words = tuple(dict.fromkeys(after))
    if held is None or set(words) == set(before):
        return words
    _need(held, set(before) ^ set(words))
    if not before or held.isdisjoint(words):
        raise Forbidden(
            "forbidden", "that would hide it from others, or open it to them, beyond the categories that you hold",
            pointer=POINTER,
        )  # fmt: skip
    return words


def _need(held: frozenset[str] | None, words: Iterable[str]) -> None:
    missing = [] if held is None else sorted(set(words) - held)
    if missing:
        raise Forbidden("forbidden", f"you do not hold the category {missing[0]!r}", pointer=POINTER)
