"""What the pages of DIH and CIH leave open, as resolved: each question as a request against a running hub."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.seeds.planted import Client, planted_hub

CIH = "/cih/dih-console"
PROFILES = ("/dih-console", CIH)
ALL = {"timeFrame": "NO_RANGE"}
SEEDS = [9275, 9278, 32010, 32011]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with planted_hub(tmp_path_factory.mktemp("rows") / "data") as client:
        yield client


@pytest.fixture(scope="module")
def now(client: Client) -> list[int]:
    """A publication of just now, and its delivery, which waits for a worker."""
    job = client.http.post("/v1/jobs", json={"name": "load"}).json()
    assert client.http.post("/v1/topics", json={"name": "sales"}).status_code == 201
    source = client.http.post("/v1/sources", json={"name": "till", "topic": "sales"}).json()
    wish = {"name": "books", "source_id": source["id"], "target_type": "job", "target_id": job["id"]}
    assert client.http.post("/v1/subscriptions", json=wish).status_code == 201
    sent = client.http.post("/v1/events/dispatch", json={"source": source["id"], "payload": {"total": 1}}).json()
    return [sent["entry_id"], sent["entry_id"] + 1]


def test_1_match_all_is_and_otherwise_or_and_the_time_frame_always_holds(client: Client) -> None:
    both = {**ALL, "pubSubName": "DSS_Pub", "topicName": "ReprocessTest"}
    assert client.ids(both) == client.ids({**both, "matchAll": True}) == []
    assert client.ids({**both, "matchAll": False}) == [9275, 32010]
    in_2023 = {"fromDate": "2023-01-01T00:00:00Z", "toDate": "2024-01-01T00:00:00Z"}
    assert client.ids({**both, "matchAll": False, "timeFrame": in_2023}) == [32010]
    assert client.ids({"matchAll": False, "timeFrame": in_2023}) == [32010, 32011]


@pytest.mark.parametrize("profile", PROFILES)
def test_2_names_match_in_part_or_as_a_whole_whatever_the_case_and_have_no_wildcards(
    client: Client, profile: str
) -> None:
    def found(exact: bool, name: str) -> list[int]:
        return sorted(client.ids({**ALL, "pubSubName": name, "useExactMatch": exact}, profile))

    assert found(False, "dss_") == [32010, 32011]
    assert found(True, "dss_pub") == [32010]
    assert found(True, "dss_") == found(False, "DSS%") == found(False, "D__") == []
    assert sorted(client.ids({**ALL, "topicName": "(MULTI"}, profile)) == [9278]


def test_3_numbers_are_equal_or_they_are_not(client: Client, now: list[int]) -> None:
    assert client.ids({"eventId": 3201}) == []
    [default] = [one for one in client.http.get("/v1/applications").json() if one["name"] == "default"]
    numbers = [n for n in range(1, 40) if client.ids({**ALL, "partnerId": n, "eventId": now[0]})]
    assert len(numbers) == 1
    found = client.search({"partnerId": str(numbers[0])})
    assert {event["applicationName"] for event in found} == {default["name"]}


@pytest.mark.parametrize("profile", PROFILES)
def test_4_5_6_a_time_frame_is_an_object_a_name_or_a_moment_in_either_spelling(client: Client, profile: str) -> None:
    for field in ("timeFrame", "timeframe"):
        assert sorted(client.ids({field: {"range": "NO_RANGE"}, "applicationName": "DI_App"}, profile)) == SEEDS[2:]
        assert sorted(client.ids({field: "no_range", "applicationName": "DI_App"}, profile)) == SEEDS[2:]
        since = {field: "2023-04-20T02:46:40.157Z", "applicationName": "DI_App"}
        assert client.ids(since, profile) == [32011]
    assert client.post({"timeFrame": "NO_RANGE", "timeframe": "TODAY"}, profile).status_code == 400


def test_7_without_a_time_frame_it_is_the_profiles_own_unless_an_id_is_given(client: Client, now: list[int]) -> None:
    for profile in PROFILES:
        assert set(now) <= set(client.ids(None, profile))
        assert not set(SEEDS) & set(client.ids({"timeFrame": None}, profile))
        assert client.ids({"eventId": 9275}, profile) == [9275]
        assert client.ids({"eventId": 9275, "timeFrame": "TODAY"}, profile) == []


def test_8_9_dates_alone_are_custom_and_both_are_needed(client: Client) -> None:
    moment = "2021-04-01T08:55:09.486Z"
    assert client.ids({"timeFrame": {"fromDate": moment, "toDate": moment}}) == [9275]
    for frame in ({"range": "CUSTOM"}, {"fromDate": moment}, {"range": "CUSTOM", "toDate": moment}, "CUSTOM"):
        assert client.post({"timeFrame": frame}).status_code == 400
    backwards = {"fromDate": "2021-04-02T00:00:00Z", "toDate": moment}
    assert client.post({"timeFrame": backwards}).status_code == 500


@pytest.mark.parametrize(
    "moment",
    [
        "2021-04-01T08:55:09.486Z", "2021-04-01T14:25:09.486+05:30", "2021-04-01T14:25:09.486+0530",
        "2021-04-01T08:55:09.486", "2021-04-01T01:55:09.486-0700",
    ],
)  # fmt: skip
def test_10_dates_have_any_offset_or_none(client: Client, moment: str) -> None:
    assert client.ids({"timeFrame": {"range": "CUSTOM", "fromDate": moment, "toDate": moment}}) == [9275]


def test_11_days_are_of_the_calendar_and_the_last_hours_reach_back_from_now(client: Client, now: list[int]) -> None:
    [sent] = client.search({"eventId": now[0]})
    day = datetime.fromisoformat(sent["startTime"]).astimezone(UTC).date()
    that_day = "TODAY" if datetime.now(UTC).date() == day else "YESTERDAY"
    for frame in (that_day, "LAST_24_HOURS", "LAST_7_DAYS", "LAST_30_DAYS"):
        assert now[0] in client.ids({"timeFrame": frame})
    for frame in ("LAST_HOUR", "LAST_TWO_HOURS"):
        assert now[0] in client.ids({"timeframe": frame}, CIH)
        assert client.post({"timeFrame": frame}).status_code == 500


def test_12_it_is_the_start_that_counts_and_both_ends_belong_to_it(client: Client) -> None:
    start, end = "2021-04-01T08:55:09.486Z", "2021-04-01T08:56:52.607Z"

    def within(since: str, until: str) -> list[int]:
        return client.ids({"timeFrame": {"fromDate": since, "toDate": until}, "topicName": "ReprocessTest"})

    assert within(start, start) == [9275]
    assert within("2021-04-01T08:55:09.487Z", end) == within("2021-04-01T08:55:00Z", "2021-04-01T08:55:09.485Z") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"useExactMatch": "TRUE"}, 200), ({"matchAll": "false"}, 200), ({"maxResults": "2"}, 200),
        ({"useExactMatch": "yes"}, 400), ({"matchAll": 1}, 400), ({"maxResults": 2.5}, 400),
        ({"firstResult": True}, 400), ({"eventId": ""}, 400), ({"applicationName": 7}, 400), ({"timeFrame": 7}, 400),
    ],
)  # fmt: skip
def test_13_14_booleans_and_numbers_may_be_texts_and_nothing_else(
    client: Client, body: dict[str, Any], status: int
) -> None:
    assert client.post(body).status_code == status


def test_15_16_pages_are_of_top_level_events_in_each_profiles_order(client: Client) -> None:
    seeds = {**ALL, "applicationName": "p"}
    assert client.ids({**seeds, "maxResults": 3}) == SEEDS[:3]
    assert client.ids({**seeds, "firstResult": 1, "maxResults": 2}) == SEEDS[1:3]
    assert client.ids({**seeds, "maxResults": 2}, CIH) == [32011, 32010]
    assert client.ids({**seeds, "maxResults": 0}) == client.ids({**seeds, "firstResult": 99}) == []
    assert client.post({"maxResults": -1}).status_code == client.post({"firstResult": "-1"}).status_code == 500
    page = client.post({**seeds, "maxResults": 1})
    assert (page.headers["x-total-count"], len(page.json())) == ("4", 1)
    assert client.ids({**seeds, "sort": "-eventId"}) == SEEDS[::-1]


@pytest.mark.parametrize("profile", PROFILES)
def test_17_what_cannot_be_read_is_400_and_what_makes_no_sense_500(client: Client, profile: str) -> None:
    for body in (b"{", b"[]", b"7", b'"x"', {"eventStatus": 7}):
        refused = client.post(body, profile)
        assert (refused.status_code, refused.json()["responseCode"]) == (400, "BAD_REQUEST")
    for body in ({"eventType": "FILE"}, {"eventStatus": "FINE"}, {"timeFrame": "SOON"}, {"descendantState": "OPEN"}):
        refused = client.post(body, profile)
        assert (refused.status_code, refused.json()["responseCode"]) == (500, "INTERNAL_SERVER_ERROR")
    assert client.http.post(f"{profile}/api/v1/eventz").status_code == 404
    assert client.ids({"eventId": 99_999}, profile) == []


def test_17_an_operator_may_want_400_for_both(tmp_path_factory: pytest.TempPathFactory) -> None:
    chosen = {"EVENTYARD_INFORMATICA__INVALID_FILTER_STATUS": "400"}
    with planted_hub(tmp_path_factory.mktemp("chosen") / "data", **chosen) as client:
        assert client.post({"eventType": "FILE"}).status_code == 400


@pytest.mark.parametrize("profile", PROFILES)
def test_18_another_method_is_405_and_nobody_401(client: Client, profile: str) -> None:
    refused = client.http.get(f"{profile}/api/v1/events")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    refused = client.http.post(f"{profile}/api/v1/events", auth=("admin", "wrong"))
    assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
    key = client.http.post("/v1/keys", json={"name": f"none {profile}", "scopes": ["catalog:read"]}).json()["key"]
    assert client.http.post(f"{profile}/api/v1/events", auth=("any", key)).status_code == 403


def test_19_20_21_words_in_any_case_or_as_displayed_empty_ones_and_unknown_fields(client: Client) -> None:
    for word in ("compound_subscription", "Compound Subscription"):
        assert client.ids({**ALL, "eventType": word}) == [9278]
    nothing: dict[str, Any] = {"applicationName": "", "eventType": None, "topicName": None, "colour": "red"}
    assert set(SEEDS) <= set(client.ids({**ALL, **nothing}))
    assert 9275 in client.ids({"timeframe": "NO_RANGE", "matchAll": "x", "partnerId": "x"}, CIH)


def test_22_23_hits_may_be_children_and_children_are_shown_whole(client: Client) -> None:
    found = client.search({**ALL, "applicationName": "DI_App"})
    assert [event["eventId"] for event in found] == [32010, 32011]
    assert [child["eventId"] for child in found[0]["childEvents"]] == [32011]
    [parent] = client.search({**ALL, "applicationName": "DI_App", "eventStatus": "COMPLETE"})
    assert parent["childEvents"][0]["eventStatusName"] == "Error"


@pytest.mark.parametrize("profile", PROFILES)
def test_24_25_the_state_of_descendants_by_either_name_and_statuses_beyond_the_list(
    client: Client, profile: str, now: list[int]
) -> None:
    for field in ("descendantsEventState", "descendantState"):
        assert client.ids({**ALL, field: "error"}, profile) == [32010]
    assert client.ids({"eventStatus": "PENDING"}, profile) == [now[1]]
    for status in ("NEW", "PRE_PROCESSING", "Post-processing"):
        assert client.ids({**ALL, "eventStatus": status}, profile) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_26_27_no_body_is_an_empty_one_and_the_answer_always_an_array(
    client: Client, profile: str, now: list[int]
) -> None:
    assert client.ids(b"", profile) == client.ids({}, profile) != []
    assert isinstance(client.post({"eventId": 32010}, profile).json(), list)


def test_what_is_published_now_reads_the_same_in_both(client: Client, now: list[int]) -> None:
    [dih] = client.search({"eventId": now[0]})
    [cih] = client.search({"eventId": now[0]}, CIH)
    assert (dih["eventTypeName"], cih["eventType"]) == ("Publication", "PUBLICATION")
    assert (dih["descendantsEventState"], cih["descendantState"]) == ("IN_PROCESS", "IN_PROCESS")
    assert (dih["topicName"], dih["pubSubName"]) == (cih["topicName"], cih["pubSubName"]) == ("sales", "till")
    assert dih["startTime"] == cih["createTime"] == dih["eventHistory"][0]["timeStamp"]
    [delivery] = dih["childEvents"]
    assert (delivery["pubSubName"], delivery["eventStatusName"], delivery["parentEventId"]) == (
        "books", "Pending", now[0],
    )  # fmt: skip
    assert "completedTime" not in delivery
    assert datetime.fromisoformat(dih["startTime"]) > datetime.now(UTC) - timedelta(hours=1)
