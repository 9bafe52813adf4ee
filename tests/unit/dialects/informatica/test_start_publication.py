import pytest

from eventyard.dialects.informatica.profiles import CIH, DIH, PROFILES
from eventyard.dialects.informatica.start_publication import run_data
from eventyard.model.access import Scope
from eventyard.model.errors import Invalid

ORDERS = {"publicationName": "orders"}


async def data_of(native, event):
    return (await native("GET", f"events/{event}"))["event"]["data"]


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_start_is_an_event_of_the_publication_and_runs_who_subscribes(client_of, native, billing, profile):
    told = await (await client_of(profile)).post("/publication/start", json={**ORDERS, "runDisabled": "false"})
    event = told.json()["eventId"]
    message = f"publication 'orders' was started as event {event}"
    assert (told.status_code, told.json()) == (
        200, {"responseCode": "SUCCESS", "eventId": event, "message": message},
    )  # fmt: skip
    entry = await native("GET", f"events/{event}")
    assert (entry["kind"], entry["event"]["data"]) == ("publication", {})
    assert [child["name"] for child in entry["children"]] == ["billing"]


async def test_what_dih_gives_to_the_run_is_the_data_of_the_event(client_of, native, billing):
    given = {
        "parameters": [{"name": "$$Region", "value": "EMEA"}, {"name": "$$Full"}],
        "paramFileContent": "[Global]\n$$Day=1",
        "runPreprocess": "true",
    }
    told = await (await client_of(DIH)).post("/publication/start", json={**ORDERS, **given})
    assert await data_of(native, told.json()["eventId"]) == {
        "$$Region": "EMEA", "$$Full": None, "paramFileContent": "[Global]\n$$Day=1", "runPreprocess": True,
    }  # fmt: skip
    told = await (await client_of(CIH)).post("/publication/start", json={**ORDERS, **given})
    assert await data_of(native, told.json()["eventId"]) == {}


async def test_a_disabled_one_is_started_only_where_the_call_says_so(client_of, native, billing):
    client = await client_of(CIH)
    await client.post("/publication/changemode", json={**ORDERS, "mode": "disable"})
    refused = await client.post("/publication/start", json=ORDERS)
    assert (refused.status_code, refused.json()) == (
        409,
        {
            "responseCode": "FAILED",
            "message": "publication 'orders' is disabled; enable it, or start it with runDisabled",
        },
    )
    started = await client.post("/publication/start", json={**ORDERS, "runDisabled": "true"})
    assert started.json()["responseCode"] == "SUCCESS"
    refused = await client.post("/publication/start", json={"publicationName": "nobody"})
    assert (refused.status_code, refused.json()["responseCode"]) == (404, "FAILED")


async def test_who_may_not_publish_starts_nothing(yard, client_of, billing):
    reader = await client_of(DIH, await yard.key_for(Scope.EVENTS_READ))
    refused = await reader.post("/publication/start", json=ORDERS)
    assert (refused.status_code, refused.json()["responseCode"]) == (403, "INSUFFICIENT_PRIVILEGES")
    stranger = await client_of(DIH, await yard.stranger_key())
    assert (await stranger.post("/publication/start", json=ORDERS)).status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        {"parameters": {"a": 1}},
        {"parameters": ["a"]},
        {"parameters": [{"value": 1}]},
        {"parameters": [{"name": "a"}, {"name": "a"}]},
        {"parameters": [{"name": "runPreprocess"}], "runPreprocess": "true"},
        {"runPreprocess": "perhaps"},
        {"paramFileContent": 7},
    ],
)
def test_what_makes_no_parameters_is_refused(given):
    with pytest.raises(Invalid):
        run_data(given)


@pytest.mark.parametrize("body", [{}, {**ORDERS, "parameters": 7}])
async def test_a_call_that_cannot_be_read_is_no_start_that_failed(client_of, billing, body):
    refused = await (await client_of(DIH)).post("/publication/start", json=body)
    assert (refused.status_code, refused.json()["responseCode"]) == (400, "BAD_REQUEST")
