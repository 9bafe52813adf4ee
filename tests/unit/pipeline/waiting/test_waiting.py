from eventyard.model.schedule import Schedule, When


async def test_it_starts_and_stops_as_one_and_goes_on_where_another_was_cut_off(world, sets):
    await sets.start(compound=None, schedule=Schedule(When.CRON, "0 * * * *"))
    await sets.publish("orders")
    world.clock.now += 3_600_000
    world.waiting.start()
    made = await world.store.delayed(6, 0, None, 9)
    assert [one.entry_id for one in made] == [2]
    assert await sets.statuses([2]) == [3]
    await world.waiting.stop()
