import pytest

from eventyard.dialects.informatica import events
from eventyard.dialects.informatica.profiles import CIH, DIH
from eventyard.model.lifecycle import Status
from eventyard.testing.builders import NOW
from eventyard.wire.rfc3339 import format_millis
from tests.unit.dialects.informatica.placed import lines, place


def journal(yard, count):
    """So many entries, the first now and each a millisecond before the one in front of it."""
    for n in range(count):
        place(yard, n + 1, lines((format_millis(NOW - n), Status.PROCESSING, "")))


def ids(found):
    assert found.status_code == 200, found.text
    return [event["eventId"] for event in found.json()]


async def test_each_profile_has_its_order(yard, client_of):
    journal(yard, 3)
    assert ids(await (await client_of(DIH)).post("/events")) == [1, 2, 3]
    assert ids(await (await client_of(CIH)).post("/events")) == [1, 2, 3]
    assert ids(await (await client_of(CIH)).post("/events", json={"sort": "-eventId"})) == [3, 2, 1]


async def test_a_page_says_how_many_there_are(yard, client_of, monkeypatch):
    journal(yard, 3)
    client = await client_of(DIH)
    found = await client.post("/events", json={"firstResult": "1", "maxResults": "1"})
    assert (ids(found), found.headers["x-total-count"], found.headers["x-total-count-relation"]) == ([2], "3", "eq")
    assert ids(await client.post("/events", json={"maxResults": 0})) == []
    monkeypatch.setattr(events, "COUNTED", 2)
    found = await client.post("/events", json={"maxResults": 1})
    assert (found.headers["x-total-count"], found.headers["x-total-count-relation"]) == ("2", "gte")


async def test_what_no_event_has_is_an_empty_array(yard, client_of):
    journal(yard, 1)
    client = await client_of(DIH)
    for body in ({"eventId": 99}, {"eventId": 10**19}, {"eventStatus": "PRE_PROCESSING"}, {"topicName": "none"}):
        found = await client.post("/events", json=body)
        assert (ids(found), found.headers["x-total-count"]) == ([], "0")


async def test_cih_takes_five_calls_a_minute_of_an_organization_and_dih_any_number(yard, client_of):
    client = await client_of(CIH)
    answers = [await client.post("/events", content=body) for body in (b"", b"{}", b"[", b"", b"", b"")]
    assert [one.status_code for one in answers] == [200, 200, 400, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "60"
    assert answers[-1].json()["responseCode"] == "TOO_MANY_REQUESTS"
    assert (await (await client_of(CIH, await yard.stranger_key())).post("/events")).status_code == 200
    assert [(await (await client_of(DIH)).post("/events")).status_code for _ in range(9)] == [200] * 9
    yard.clock.now += 60_000
    assert (await client.post("/events")).status_code == 200


@pytest.mark.parametrize("profile", [DIH, CIH])
async def test_nobody_finds_what_they_may_not_read(yard, client_of, profile):
    journal(yard, 1)
    assert ids(await (await client_of(profile, await yard.stranger_key())).post("/events")) == []
