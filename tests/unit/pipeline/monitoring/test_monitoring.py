from tests.unit.pipeline.monitoring.conftest import REFUSED


async def test_at_the_end_what_waits_is_told_and_nothing_is_begun_any_more(scene):
    await scene.rule()
    await scene.publish(REFUSED)
    await scene.publish(REFUSED)
    await scene.monitoring.stop(1_000)
    await scene.hub.mails.stop(1_000)
    assert scene.subjects() == ["failures: 1 entry", "failures: 1 entry"]
