import pytest

from eventyard.dialects.informatica.profiles import DIH, PROFILES
from eventyard.model.access import Scope


@pytest.mark.parametrize("profile", PROFILES)
async def test_an_operator_gives_a_status_and_the_history_keeps_why_and_who(client_of, native, sent, profile):
    client = await client_of(profile)
    asked = {"eventId": str(sent), "eventStatusName": "Complete", "comment": "Loaded by hand."}
    told = await client.post("/event/changestatus", json=asked)
    assert (told.status_code, told.json()) == (200, {"responseCode": "SUCCESS"})
    [found] = (await client.post("/events", json={"eventId": sent})).json()
    last = found["eventHistory"][-1]
    assert (last["eventStatusName"], last["comments"]) == ("Complete", "Loaded by hand.")
    assert (await native("GET", f"events/{sent}"))["history"][-1]["actor"] == "bootstrap"


async def test_a_publication_is_given_one_too(client_of, sent):
    client = await client_of(DIH)
    await client.post("/event/changestatus", json={"eventId": sent - 1, "eventStatusName": "error"})
    assert (await client.get(f"/event/{sent - 1}")).json()["isError"] is True


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"eventStatusName": "Complete"}, 400, "BAD_REQUEST"),
        ({"eventId": 0, "eventStatusName": "Complete"}, 404, "NOT_FOUND"),
        ({"eventId": 99, "eventStatusName": "Complete"}, 404, "NOT_FOUND"),
        ({"eventId": 2}, 400, "BAD_REQUEST"),
        ({"eventId": 2, "eventStatusName": "Processing"}, 400, "BAD_REQUEST"),
        ({"eventId": 2, "eventStatusName": "Reprocessed"}, 400, "BAD_REQUEST"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_word(client_of, sent, asked, status, code):
    refused = await (await client_of(DIH)).post("/event/changestatus", json=asked)
    assert (refused.status_code, refused.json()["responseCode"]) == (status, code)


async def test_a_status_is_not_given_twice_nor_by_who_may_only_read(yard, client_of, sent):
    asked = {"eventId": sent, "eventStatusName": "Discarded"}
    client = await client_of(DIH)
    codes = [(await client.post("/event/changestatus", json=asked)).json()["responseCode"] for _ in range(2)]
    assert codes == ["SUCCESS", "CONFLICT"]
    reader = await client_of(DIH, await yard.key_for(Scope.EVENTS_READ))
    refused = (await reader.post("/event/changestatus", json=asked)).json()
    assert refused.keys() == {"responseCode", "message"}
    assert refused["responseCode"] == "INSUFFICIENT_PRIVILEGES"
