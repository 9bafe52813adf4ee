import pytest

from eventyard.model.catalog import Mode
from eventyard.model.schedule import Backlog, Schedule, When
from eventyard.testing.builders import subscription

NIGHTLY = Schedule(When.CRON, "0 2 * * *")


@pytest.mark.parametrize(
    ("fields", "takes_part", "waits"),
    [
        ({}, True, False),
        ({"mode": Mode.PAUSED}, True, True),
        ({"mode": Mode.PAUSED, "backlog": Backlog.SKIP}, False, True),
        ({"mode": Mode.DISABLED}, False, True),
        ({"schedule": NIGHTLY}, True, True),
        ({"schedule": NIGHTLY, "backlog": Backlog.SKIP}, True, True),
        ({"schedule": NIGHTLY, "mode": Mode.DISABLED}, False, True),
    ],
)
def test_a_subscription_takes_part_by_its_mode_and_waits_by_its_schedule_too(fields, takes_part, waits):
    made = subscription(**fields)
    assert (made.takes_part, made.waits) == (takes_part, waits)
