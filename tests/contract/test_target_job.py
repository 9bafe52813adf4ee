"""A job keeps what every target type keeps."""

import pytest

from eventyard.model.ids import EntryId
from eventyard.ports import Delivery
from eventyard.targets.job import JobTarget
from eventyard.testing import builders
from eventyard.testing.builders import NOW
from eventyard.testing.contracts.target import TargetContract


@pytest.fixture
def kind() -> JobTarget:
    return JobTarget()


@pytest.fixture
def deliveries() -> list[Delivery]:
    return [Delivery(EntryId(2), EntryId(1), "s", 1, builders.event(), builders.target(type="job"), {}, NOW)]


class TestJobTarget(TargetContract):
    pass
