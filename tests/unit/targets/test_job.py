from eventyard.model.ids import EntryId
from eventyard.model.outcome import Result
from eventyard.ports import Delivery
from eventyard.targets.job import JobTarget
from eventyard.testing import builders
from eventyard.testing.builders import NOW


async def test_a_job_is_pulled_and_never_sent() -> None:
    job = JobTarget()
    target = builders.target(type="job")
    outcome = await job.send(Delivery(EntryId(2), EntryId(1), "s", 1, builders.event(), target, {}, NOW))
    assert job.pull
    assert (outcome.result, outcome.error) == (Result.REFUSED, "a job's runs are claimed by workers, not sent")
