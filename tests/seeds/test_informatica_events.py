"""DIH's and CIH's events as their pages show them, from a running hub: both examples, key for key."""

import json
import re
from collections.abc import Iterator

import pytest

from eventyard.cli.demo.child import Child
from tests.seeds.planted import SETTINGS, Client, planted_hub

REQUEST = {
    "applicationName": "CompoundSub",
    "timeFrame": {
        "fromDate": "2021-03-02T15:00:00.000+05:30",
        "toDate": "2021-04-02T18:30:00.000+05:30",
        "range": "CUSTOM",
    },
    "useExactMatch": "false",
    "maxResults": "2",
}

DIH_EXAMPLE = json.loads(
    """[
{"eventId": 9275, "eventTypeName": "Subscription", "eventStatusName": "Complete",
 "applicationName": "TestCompoundSub", "topicName": "ReprocessTest", "pubSubName": "CompoundSub",
 "startTime": "2021-04-01T08:55:09.486Z", "completedTime": "2021-04-01T08:56:52.607Z", "delayedTime": 80729,
 "parentEventId": 10079, "descendantsEventState": "NONE", "childEvents": [],
 "eventHistory": [
  {"eventId": 9275, "timeStamp": "2021-04-01T08:55:09.486Z", "eventStatusName": "Processing", "comments": ""},
  {"eventId": 9275, "timeStamp": "2021-04-01T08:55:09.548Z", "eventStatusName": "Delayed",
   "comments": "Compound subscription."},
  {"eventId": 9275, "timeStamp": "2021-04-01T08:56:30.293Z", "eventStatusName": "Processing",
   "comments": "This event is a part of a compound subscription."},
  {"eventId": 9275, "timeStamp": "2021-04-01T08:56:52.607Z", "eventStatusName": "Complete",
   "comments": "reflected by event 9278"}]},
{"eventId": 9278, "eventTypeName": "Compound Subscription", "eventStatusName": "Complete",
 "applicationName": "TestCompoundSub", "topicName": "(multiple)", "pubSubName": "CompoundSub",
 "startTime": "2021-04-01T08:56:30.293Z", "completedTime": "2021-04-01T08:56:52.622Z", "delayedTime": 0,
 "descendantsEventState": "NONE", "childEvents": [],
 "eventHistory": [
  {"eventId": 9278, "timeStamp": "2021-04-01T08:56:30.293Z", "eventStatusName": "New", "comments": ""},
  {"eventId": 9278, "timeStamp": "2021-04-01T08:56:30.308Z", "eventStatusName": "Processing", "comments": "Released"},
  {"eventId": 9278, "timeStamp": "2021-04-01T08:56:52.622Z", "eventStatusName": "Complete",
   "comments": "Subscription to topic completed successfully"}]}]"""
)

CIH_EXAMPLE = json.loads(
    """{
"eventId": 32010, "createTime": "2023-04-20T02:45:58.094Z", "completionTime": "2023-04-20T02:46:40.130Z",
"eventType": "PUBLICATION", "eventStatus": "Complete", "descendantState": "ERROR",
"applicationName": "DI_App", "pubSubName": "DSS_Pub", "topicName": "DI_Topic",
"sourceSuccessCount": 1, "sourceFailedCount": 0, "targetSuccessCount": 1, "targetFailedCount": 0, "runId": "28",
"childEvents": [
 {"eventId": 32011, "createTime": "2023-04-20T02:46:40.157Z", "completionTime": "2023-04-20T02:47:04.801Z",
  "parentEventId": 32010, "eventType": "SUBSCRIPTION", "eventStatus": "Error", "descendantState": "NONE",
  "applicationName": "DI_App", "pubSubName": "DSS_Sub", "topicName": "DI_Topic",
  "sourceSuccessCount": 0, "sourceFailedCount": 0, "targetSuccessCount": 0, "targetFailedCount": 0, "runId": "9",
  "eventHistory": [
   {"eventId": 32011, "timeStamp": "2023-04-20T02:46:40.158Z", "eventStatusName": "Processing", "comments": ""},
   {"eventId": 32011, "timeStamp": "2023-04-20T02:47:04.801Z", "eventStatusName": "Error",
    "comments": "Subscription to topic failed. The job failed."}]}],
"eventHistory": [
 {"eventId": 32010, "timeStamp": "2023-04-20T02:45:58.095Z", "eventStatusName": "Processing", "comments": ""},
 {"eventId": 32010, "timeStamp": "2023-04-20T02:46:40.130Z", "eventStatusName": "Complete",
  "comments": "Publishing to topic completed successfully"}]}"""
)

TICK_MS = 20
"""By so much the example's own delayedTime may be off what its history says."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with planted_hub(tmp_path_factory.mktemp("informatica") / "data") as client:
        yield client


def test_the_request_of_dihs_page_finds_what_the_page_shows(client: Client) -> None:
    found = client.search(REQUEST)
    assert [event["eventId"] for event in found] == [9275, 9278]
    delays = [(event["delayedTime"], shown["delayedTime"]) for event, shown in zip(found, DIH_EXAMPLE, strict=True)]
    assert all(abs(one - other) <= TICK_MS for one, other in delays)
    assert found == [{**shown, "delayedTime": delay} for shown, (delay, _) in zip(DIH_EXAMPLE, delays, strict=True)]
    assert [list(event) for event in found] == [list(shown) for shown in DIH_EXAMPLE]


def test_a_name_that_matches_in_part_does_not_match_exactly(client: Client) -> None:
    assert client.ids({**REQUEST, "useExactMatch": True}) == []
    assert client.ids({**REQUEST, "applicationName": "testcompoundsub", "useExactMatch": "TRUE"}) == [9275, 9278]


def test_the_second_page_has_the_second_event(client: Client) -> None:
    assert client.ids({**REQUEST, "maxResults": 1, "firstResult": 1}) == [9278]


def test_any_criterion_will_do_without_match_all(client: Client) -> None:
    assert client.ids({**REQUEST, "eventType": "SYSTEM"}) == []
    assert client.ids({**REQUEST, "eventType": "SYSTEM", "matchAll": False}) == [9275, 9278]


def test_the_event_of_cihs_page_is_shown_as_there(client: Client) -> None:
    [found] = client.search({"eventId": 32010}, "/cih/dih-console")
    assert found == CIH_EXAMPLE
    assert list(found) == list(CIH_EXAMPLE)
    assert list(found["childEvents"][0]) == list(CIH_EXAMPLE["childEvents"][0])


def test_an_event_is_found_by_the_state_of_its_descendants(client: Client) -> None:
    always = {"timeFrame": "NO_RANGE", "eventType": "PUBLICATION", "applicationName": "DI_App"}
    for profile in ("/dih-console", "/cih/dih-console"):
        assert client.ids({**always, "descendantsEventState": "ERROR"}, profile) == [32010]
        assert client.ids({**always, "descendantsEventState": "FINAL"}, profile) == []


def test_both_profiles_show_the_same_journal(client: Client) -> None:
    [as_dih] = client.search({"eventId": 32010})
    assert [child["eventId"] for child in as_dih["childEvents"]] == [32011]
    assert as_dih["childEvents"][0]["childEvents"] == []
    by_time = client.search({"timeframe": "NO_RANGE", "applicationName": "TestCompoundSub"}, "/cih/dih-console")
    assert [event["eventId"] for event in by_time] == [9278, 9275]
    assert not any("childEvents" in event or "delayedTime" in event for event in by_time)


@pytest.mark.parametrize("profile", ["/dih-console", "/cih/dih-console"])
def test_an_event_by_its_id_in_words_and_milliseconds(client: Client, profile: str) -> None:
    told = client.http.get(f"{profile}/api/v1/event/32011").json()
    assert told == {
        "responseCode": "SUCCESS", "eventId": 32011, "eventType": "Subscription", "topicName": "DI_Topic",
        "subscriptionName": "DSS_Sub", "applicationName": "DI_App", "eventStatus": "Error",
        "eventStartTimeLong": 1681958800157, "eventEndTimeLong": 1681958824801, "isFinal": True, "isError": True,
        "sourceSuccessRows": 0, "sourceFailedRows": 0, "targetSuccessRows": 0, "targetFailedRows": 0,
        "failureCause": "Subscription to topic failed. The job failed.",
    }  # fmt: skip


def test_the_same_events_are_found_under_v1(client: Client) -> None:
    found = client.http.get("/v1/events", params={"application": "DI_App"}).json()
    assert [entry["entry_id"] for entry in found] == [32011, 32010]
    assert client.http.get("/v1/events/9278").json()["topic"] == "(multiple)"


def test_the_sixth_search_of_a_minute_is_one_too_many_for_cih(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        Child(tmp_path_factory.mktemp("limited") / "data", "127.0.0.1:0", SETTINGS) as hub,
        Client(hub.url) as client,
    ):
        answers = [client.http.post("/cih/dih-console/api/v1/events") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert re.fullmatch("[1-9][0-9]?", answers[-1].headers["retry-after"])
        assert answers[-1].json()["responseCode"] == "TOO_MANY_REQUESTS"
        assert [len(client.search()) for _ in range(6)] == [0] * 6
