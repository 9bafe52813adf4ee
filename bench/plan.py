"""How long to measure: in full, or in a hurry."""

from collections.abc import Callable

from msgspec import Struct

Say = Callable[[str], None]
"""Progress, for people."""


class Plan(Struct, frozen=True):
    """Figure and yardstick are taken ``rounds`` times each, in turns, for ``seconds`` at a time."""

    rounds: int = 5
    seconds: float = 2.5
    warm_up: float = 0.5
    subscriptions: tuple[int, ...] = (10, 1_000, 10_000)
    journals: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    searches: int = 41
    """How often each search is asked: so often that p95 is not the worst."""
    starts: int = 5
    replayed: int = 1_000_000
    """Entries of the past that are read again."""
    idle: float = 15.0
    """Seconds at a time in which a hub that is asked nothing is watched."""
    delayed: int = 1_000
    """Events at a time that are published for a subscription that waits."""


QUICK = Plan(
    rounds=2, seconds=1.0, warm_up=0.3, journals=(10_000, 100_000), searches=21, starts=2, replayed=100_000, idle=0.5,
    delayed=500,
)  # fmt: skip
