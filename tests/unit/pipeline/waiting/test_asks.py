import asyncio

import pytest

from eventyard.model.errors import Unavailable
from eventyard.pipeline.waiting.asks import Ask, answer
from eventyard.pipeline.waiting.bundles import Released


async def test_who_waits_for_an_answer_hears_it_once():
    heard = asyncio.get_running_loop().create_future()
    assert answer(Ask("by hand", heard=heard), Released(3))
    assert answer(Ask("by hand", heard=heard), Released(4))
    assert (await heard).released == 3


async def test_a_refusal_is_raised_where_somebody_waits_and_nowhere_else():
    heard = asyncio.get_running_loop().create_future()
    assert answer(Ask("by hand", heard=heard), Unavailable("store_full", "no room"))
    with pytest.raises(Unavailable, match="no room"):
        await heard
    assert not answer(Ask("on time"), Released(3))
