"""Queues live among the queues of a hub as they do among the lists of a test."""

from eventyard.pipeline.streams.surroundings import Surroundings
from eventyard.testing.hub import Yard
from tests.unit.pipeline.streams.around import Around


def verbs(surroundings: type) -> set[str]:
    return {name for name, value in vars(surroundings).items() if callable(value) and not name.startswith("_")}


async def test_whatever_surrounds_a_queue_does_all_it_needs(yard: Yard) -> None:
    around: list[Surroundings] = [yard.hub.streams.queues, Around()]
    for one in around:
        assert all(callable(getattr(one, verb)) for verb in verbs(Surroundings))
        assert one.feed.head >= 0
