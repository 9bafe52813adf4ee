"""Match: which subscriptions an arrival concerns, once its schemas take it; of many, while others have their turns.

What is found out counts for as long as the subscriptions are what they were, so whoever asks commits at once.
"""

from collections.abc import Sequence

from eventyard.matching.index import Candidates, SubscriptionIndex
from eventyard.model.catalog import Subscription
from eventyard.model.errors import HubError
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.turns import Turn
from eventyard.ports import Clock

LOOKS = 3
"""How often a batch is matched in turns. If subscriptions go on changing meanwhile, it is then matched in one go."""

Matched = Sequence[Subscription] | HubError
"""What an event concerns, or what is wrong with it."""


class Matcher:
    """Asks the index. One per hub."""

    def __init__(self, index: SubscriptionIndex, clock: Clock) -> None:
        self._index = index
        self._clock = clock

    def match(self, arrival: Arrival) -> Sequence[Subscription]:
        """What an event concerns. Raises ``Invalid`` (``schema_mismatch``, ``invalid_json``)."""
        candidates = self._candidates(arrival)
        if arrival.door.schemas:
            return candidates.match(arrival.checked())
        return candidates.match(arrival.seen(looked_at=candidates.need_data))

    def reads(self, arrival: Arrival) -> bool:
        """Whether matching takes reading the data: where it is long, all others would wait."""
        return bool(arrival.door.schemas) or self._candidates(arrival).need_data

    async def match_in_turns(self, arrivals: Sequence[Arrival | HubError]) -> Sequence[Matched]:
        """What each event concerns, by the subscriptions as they are on return. An arrival that failed is passed on.

        Others, who have their turns meanwhile, may change the subscriptions; then all is matched anew.
        """
        turn = Turn(self._clock)
        for _ in range(LOOKS):
            await turn.pass_on()
            version = self._index.version
            matched = []
            for arrival in arrivals:
                if turn.over():
                    await turn.pass_on()
                matched.append(self._matched(arrival))
            if self._index.version == version:
                return matched
        return [self._matched(arrival) for arrival in arrivals]

    def _candidates(self, arrival: Arrival) -> Candidates:
        source = arrival.door.source
        return self._index.candidates(source.topic_id, source.id, arrival.event.routing_key)

    def _matched(self, arrival: Arrival | HubError) -> Matched:
        try:
            return arrival if isinstance(arrival, HubError) else self.match(arrival)
        except HubError as error:
            return error.kept()
