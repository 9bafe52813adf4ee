import asyncio
from itertools import count

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Mode, Subscription
from eventyard.model.errors import HubError, Invalid
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.match import LOOKS, Matcher
from eventyard.pipeline.turns import TURN_MS
from eventyard.testing import builders


def arrivals(world, *data):
    return [Arrival(world.doors.of("source-shop"), builders.event(one)) for one in data]


@pytest.fixture
def hasty(world):
    """A matcher whose turns end with each event."""
    return Matcher(world.catalog.index, count(builders.NOW, TURN_MS).__next__)


@pytest.fixture
def subscribe(world):
    async def subscribe(**changes):
        await world.catalog.save(replace(world.catalog.get(Subscription, "subscription-fulfilment"), **changes))

    return subscribe


def names(matched):
    return [one.code if isinstance(one, HubError) else [each.name for each in one] for one in matched]


async def test_data_is_read_where_a_filter_or_a_schema_looks_at_it(world, hasty, subscribe):
    [arrival] = arrivals(world, b"{}")
    assert not hasty.reads(arrival)
    assert hasty.reads(replace(arrival, door=replace(arrival.door, schemas=("one",))))
    await subscribe(filter={"has": ["order"]})
    assert hasty.reads(arrival)


async def test_of_many_each_has_its_own_answer_and_others_have_their_turns(world, hasty, subscribe):
    await subscribe(filter={"has": ["order"]})
    wrong = Invalid("invalid_http", "not even an event")
    matching = asyncio.create_task(hasty.match_in_turns([*arrivals(world, b'{"order": 1}', b"{}", b"{"), wrong]))
    turns = 0
    while not matching.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 4
    assert names(await matching) == [["fulfilment"], [], "invalid_json", "invalid_http"]


@pytest.mark.parametrize("after", range(1, 4))
async def test_what_is_subscribed_to_meanwhile_counts_for_all_of_them(world, hasty, subscribe, after):
    matching = asyncio.create_task(hasty.match_in_turns(arrivals(world, b'{"order": 1}', b"{}", b"{}")))
    for _ in range(after):
        await asyncio.sleep(0)
    assert not matching.done()
    await subscribe(filter={"has": ["order"]})
    assert names(await matching) == [["fulfilment"], [], []]


async def test_with_subscriptions_that_change_all_the_time_it_comes_to_an_end(world, hasty, subscribe):
    modes = [Mode.DISABLED, Mode.ENABLED]
    looks = world.catalog.index.version
    matching = asyncio.create_task(hasty.match_in_turns(arrivals(world, b"{}", b"{}")))
    while not matching.done():
        await subscribe(mode=modes[0])
        modes.reverse()
        await asyncio.sleep(0)
    enabled = world.catalog.get(Subscription, "subscription-fulfilment").mode is Mode.ENABLED
    assert world.catalog.index.version - looks >= LOOKS
    assert names(await matching) == [["fulfilment"] if enabled else []] * 2
