import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.model.access import Scope


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("status", ["Error", "Complete", "Discarded"])
async def test_what_is_over_is_reprocessed_by_a_new_event_and_the_code_is_a_number(
    client_of, native, sent, profile, status
):
    client = await client_of(profile)
    await client.post("/event/changestatus", json={"eventId": sent, "eventStatusName": status})
    told = await client.post("/event/reprocess", json={"eventId": str(sent), "comment": "once more"})
    new = told.json()["reprocessEventId"]
    assert (told.status_code, told.json()) == (200, {"responseCode": 0, "reprocessEventId": new, "message": None})
    old = await native("GET", f"events/{sent}")
    assert (old["status"], old["history"][-1]["comment"]) == ("reprocessed", f"once more; superseded by entry {new}")
    made = await native("GET", f"events/{new}")
    assert (made["status"], made["history"][0]["comment"]) == ("pending", f"once more; in place of entry {sent}")


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"eventId": "x"}, 400), ({"eventId": 99}, 404)])
async def test_a_refusal_has_a_number_above_0_no_event_and_the_reason(client_of, body, status):
    refused = await (await client_of(DIH)).post("/event/reprocess", json=body)
    told = refused.json()
    assert (refused.status_code, told["responseCode"], told["reprocessEventId"]) == (status, status, None)
    assert told["message"]


async def test_what_is_under_way_is_not_reprocessed_nor_by_who_may_only_read(yard, client_of, sent):
    refused = await (await client_of(CIH)).post("/event/reprocess", json={"eventId": sent})
    assert (refused.status_code, refused.json()["responseCode"]) == (409, 409)
    reader = await client_of(CIH, await yard.key_for(Scope.EVENTS_READ))
    refused = await reader.post("/event/reprocess", json={"eventId": sent})
    assert (refused.status_code, refused.json()["responseCode"]) == (403, 403)
