import pytest

from eventyard.dialects.informatica.event import event_state
from eventyard.dialects.informatica.profiles import CIH, DIH
from eventyard.model.journal import EntryDetail
from eventyard.model.lifecycle import Kind, Status
from eventyard.model.outcome import Attempt, Outcome, Result
from tests.unit.dialects.informatica.placed import lines, named, place, read

TIMES = "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:06.000Z"


@pytest.mark.parametrize("profile", [DIH, CIH])
async def test_both_profiles_tell_how_an_event_stands(yard, client_of, profile):
    numbers = await named(yard, "DI_App", ["DI_Topic"], ["DSS_Pub"])
    history = lines((TIMES[0], Status.PROCESSING, ""), (TIMES[1], Status.ERROR, "The job failed."))
    names = dict(zip(("application", "topic", "name"), numbers.values(), strict=True))
    place(yard, 32011, history, counts=(1, 2, 3, 4), **names)
    told = await (await client_of(profile)).get("/event/32011")
    assert (told.status_code, told.json()) == (
        200,
        {
            "responseCode": "SUCCESS",
            "eventId": 32011,
            "eventType": "Subscription",
            "topicName": "DI_Topic",
            "subscriptionName": "DSS_Pub",
            "applicationName": "DI_App",
            "eventStatus": "Error",
            "eventStartTimeLong": 1767323045678,
            "eventEndTimeLong": 1767323046000,
            "isFinal": True,
            "isError": True,
            "sourceSuccessRows": 1,
            "sourceFailedRows": 2,
            "targetSuccessRows": 3,
            "targetFailedRows": 4,
            "failureCause": "The job failed.",
        },
    )


def detail(kind, status, comment="", *, attempts=()):
    entry = read(kind, status=status, name="x")
    return EntryDetail(
        entry=entry, event=None, children=(), history=tuple(lines((TIMES[0], status, comment))), attempts=attempts,
        due_at=None, lease_until=None,
    )  # fmt: skip


def test_an_event_under_way_has_no_end_and_no_cause():
    state = event_state(detail(Kind.PUBLICATION, Status.PROCESSING, "why"))
    assert not {"eventEndTimeLong", "failureCause", "subscriptionName", "topicName"} & state.keys()
    assert (state["isFinal"], state["isError"], state["publicationName"]) == (False, False, "x")
    assert "publicationName" in event_state(detail(Kind.COMPOUND_PUBLICATION, Status.COMPLETE))


def test_the_cause_is_what_the_last_attempt_met_if_nobody_said_anything():
    attempt = Attempt(1, 0, 1.0, Outcome(Result.FAILED, error="connection refused"))
    assert event_state(detail(Kind.SUBSCRIPTION, Status.ERROR, attempts=(attempt,)))["failureCause"] == (
        "connection refused"
    )


@pytest.mark.parametrize("event_id", ["1", "x", "9" * 30, "²", "-1"])
async def test_an_event_that_is_not_there_is_not_found(client_of, event_id):
    told = await (await client_of(DIH)).get(f"/event/{event_id}")
    assert (told.status_code, told.json()["responseCode"]) == (404, "NOT_FOUND")
