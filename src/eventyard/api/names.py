"""Names that somebody sent and nobody knows: how a refusal repeats them, and what may have been meant."""

import difflib
from collections.abc import Sequence

_SHOWN = 80
"""Characters of a name that are worth repeating."""


def shortened(name: str) -> str:
    """As much of a name as is worth repeating."""
    return name if len(name) <= _SHOWN else name[:_SHOWN] + "…"


def meant(name: str, known: Sequence[str], things: str) -> str:
    """A guess at which of the ``known`` names was meant, or else the ``things`` that there are."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"{things} here: {', '.join(known) or 'none'}"
