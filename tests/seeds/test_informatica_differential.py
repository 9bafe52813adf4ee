"""DIH's and CIH's search, asked thousands of times at random, finds what a plain reading of the exported journal finds.

What a search means is written here once more, as plainly as it can be, from what was resolved of the pages of both. The
journal is exported through ``/v1/events``, all that the caller may read of it, and every answer is compared: the events
and their order, their fields and children, and how many there are in all.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from eventyard.model.lifecycle import Descendants, Kind, Status
from tests.seeds.asking import Asking, Body
from tests.seeds.planted import KEY, Client
from tests.seeds.wide import DAY, ENTRIES, HOUR, SENT, wide_hub

DIH, CIH = "/dih-console", "/cih/dih-console"
SEED = 20_210_401
SEARCHES = 1_500
"""So many of each profile; one in so many is at fault."""
FAULTY = 20
REACHES = {
    "LAST_HOUR": HOUR, "LAST_TWO_HOURS": 2 * HOUR, "LAST_24_HOURS": DAY, "LAST_7_DAYS": 7 * DAY,
    "LAST_30_DAYS": 30 * DAY,
}  # fmt: skip

Item = Mapping[str, Any]


class Journal:
    """All entries that a caller may read, as ``/v1/events`` shows them, oldest first."""

    def __init__(self, client: Client, numbers: Mapping[str, int], auth: tuple[str, str]) -> None:
        self.auth = auth
        self.numbers = numbers
        self.entries = exported(client, auth)
        self.by_id = {entry["entry_id"]: entry for entry in self.entries}
        self.starts = {entry["entry_id"]: millis(entry["created_at"]) for entry in self.entries}
        self.children: dict[int, list[Item]] = {}
        for entry in self.entries:
            self.children.setdefault(entry["parent_id"] or 0, []).append(entry)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Mapping[str, int]]]:
    now = time.time_ns() // 1_000_000
    with wide_hub(tmp_path_factory.mktemp("wide") / "data", SEED, now) as found:
        yield found


def exported(client: Client, auth: tuple[str, str]) -> list[Item]:
    entries: list[Item] = []
    page: str | None = "/v1/events?limit=500"
    while page:
        answer = client.http.get(page, auth=auth)
        entries += answer.json()
        page = answer.links.get("next", {}).get("url")
    return entries[::-1]


def millis(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


# What a search means


def expected(body: Body, dih: bool, journal: Journal, now: int) -> list[Item]:
    """All events that a search finds, in their order."""
    since, until = within(body, dih, now)
    wanted = wants(body, dih, journal.numbers)
    holds = any if dih and not true(body, "matchAll", True) and wanted else all
    found = [
        entry
        for entry in journal.entries
        if since <= journal.starts[entry["entry_id"]] <= until and holds(want(entry) for want in wanted)
    ]
    sort = (body.get("sort") or ("eventid" if dih else "-time")).lower()
    if sort.endswith("time"):
        found.sort(key=lambda entry: (journal.starts[entry["entry_id"]], entry["entry_id"]))
    return found[::-1] if sort.startswith("-") else found


def wants(body: Body, dih: bool, numbers: Mapping[str, int]) -> list[Callable[[Item], bool]]:
    """The criteria, without the time: each says whether an entry meets it."""
    exact = true(body, "useExactMatch", False)
    wanted: list[Callable[[Item], bool]] = []

    def named(field: str, text: str) -> Callable[[Item], bool]:
        text = text.casefold()
        return lambda entry: text == called(entry, field) if exact else text in called(entry, field)

    for field, own in (("applicationName", "application"), ("topicName", "topic"), ("pubSubName", "name")):
        if body.get(field) not in (None, ""):
            wanted.append(named(own, body[field]))
    if body.get("eventId") is not None:
        wanted.append(lambda entry: entry["entry_id"] == int(body["eventId"]))
    if dih and body.get("partnerId") is not None:
        wanted.append(lambda entry: numbers.get(entry["application"]) == int(body["partnerId"]))
    for fields, own in (
        (("eventType",), "kind"), (("eventStatus",), "status"),
        (("descendantsEventState", "descendantState"), "descendants"),
    ):  # fmt: skip
        words = [body[field].strip().lower().replace(" ", "_").replace("-", "_") for field in fields if body.get(field)]
        if words and words != ["all"]:
            wanted.append(lambda entry, own=own, word=words[0]: entry[own] == word)  # type: ignore[misc]
    for field in ("runId", "runID"):
        if body.get(field) is not None:
            wanted.append(lambda entry, run=str(body[field]): entry["run_id"] == run)  # type: ignore[misc]
    return wanted


def called(entry: Item, field: str) -> str:
    return str(entry[field] or "").casefold()


def true(body: Body, field: str, default: bool) -> bool:
    return default if body.get(field) is None else str(body[field]).lower() == "true"


def within(body: Body, dih: bool, now: int) -> tuple[float, float]:
    """From when to when an event may have started."""
    frame = next((body[field] for field in ("timeFrame", "timeframe") if body.get(field) not in (None, "")), {})
    default = "NO_RANGE" if body.get("eventId") is not None else "TODAY" if dih else "LAST_24_HOURS"
    if isinstance(frame, str):
        if frame[0].isdigit():
            return millis(frame), now
        frame = {"range": frame}
    named = (frame.get("range") or ("CUSTOM" if frame.get("fromDate") else default)).upper().replace(" ", "_")
    if named == "CUSTOM":
        return millis(frame["fromDate"]), millis(frame["toDate"])
    if named == "NO_RANGE":
        return float("-inf"), float("inf")
    midnight = now - now % DAY
    if named == "TODAY":
        return midnight, now
    return (midnight - DAY, midnight - 1) if named == "YESTERDAY" else (now - REACHES[named], now)


# How events look


def shown(entry: Item, dih: bool, journal: Journal) -> Body:
    """An event as a profile has it, but for its history."""
    kind, status = (entry[field].replace("_", " ").title() for field in ("kind", "status"))
    children = [shown(child, dih, journal) for child in journal.children.get(entry["entry_id"], ())]
    event = {
        "eventId": entry["entry_id"],
        "eventTypeName" if dih else "eventType": kind if dih else entry["kind"].upper(),
        "eventStatusName" if dih else "eventStatus": status,
        "applicationName": entry["application"],
        "topicName": entry["topic"],
        "pubSubName": entry["name"],
        "startTime" if dih else "createTime": entry["created_at"],
        "completedTime" if dih else "completionTime": entry["completed_at"],
        "parentEventId": entry["parent_id"],
        "descendantsEventState" if dih else "descendantState": entry["descendants"].upper(),
        "childEvents": children if children or dih else None,
    }
    if dih:
        event["delayedTime"] = entry["delayed_ms"]
    else:
        counts = entry["counts"]
        event |= {f"{side}SuccessCount": counts[f"{side}_success"] for side in ("source", "target")}
        event |= {f"{side}FailedCount": counts[f"{side}_failed"] for side in ("source", "target")}
        event["runId"] = entry["run_id"]
    return {field: value for field, value in event.items() if value is not None}


def bare(event: Body) -> Body:
    """An event without its history, whose last line has its status."""
    history = event.pop("eventHistory")
    assert history[-1]["eventStatusName"] == event.get("eventStatusName", event.get("eventStatus")), event
    assert {line["eventId"] for line in history} == {event["eventId"]}
    for child in event.get("childEvents", ()):
        bare(child)
    return event


def page_of(found: Sequence[Item], body: Body) -> Sequence[Item]:
    skipped = int(body.get("firstResult") or 0)
    most = 2_000 if body.get("maxResults") is None else int(body["maxResults"])
    return found[skipped : skipped + most]


def answers(body: Body, dih: bool, journal: Journal, now: int) -> tuple[int, list[int]]:
    """How many a search finds in all, and the ids of its page."""
    found = expected(body, dih, journal, now)
    return len(found), [entry["entry_id"] for entry in page_of(found, body)]


# The searches


def compared(client: Client, profile: str, body: Body, journal: Journal) -> tuple[bool, str]:
    """Whether a search should find anything, and in what the answer is not as it should be."""
    dih = profile == DIH
    before = time.time_ns() // 1_000_000
    answer = client.http.post(f"{profile}/api/v1/events", json=body, auth=journal.auth)
    after = time.time_ns() // 1_000_000
    total, ids = answers(body, dih, journal, before)
    if answer.status_code != 200:
        return total > 0, answer.text
    events = answer.json()
    found = (int(answer.headers["x-total-count"]), [event["eventId"] for event in events])
    if found != (total, ids) and found != answers(body, dih, journal, after):  # an entry left a range in between
        return total > 0, f"found {found}, not {(total, ids)}"
    for event in events:
        if bare(event) != (wanted := shown(journal.by_id[event["eventId"]], dih, journal)):
            return total > 0, f"showed {event}, not {wanted}"
    return total > 0, ""


@pytest.fixture(scope="module")
def journals(hub: tuple[Client, Mapping[str, int]]) -> tuple[Journal, Journal]:
    """As an administrator reads it, and somebody who may read one project."""
    client, numbers = hub
    key = {"name": "reader", "scopes": ["events:read"], "project_id": "north"}
    reader = client.http.post("/v1/keys", json=key).json()["key"]
    everything, north = (Journal(client, numbers, ("any", one)) for one in (KEY, reader))
    assert len(everything.entries) >= ENTRIES + SENT
    assert 0 < len(north.entries) < len(everything.entries) / 3
    for field, values in (("kind", Kind), ("status", Status), ("descendants", Descendants)):
        assert {entry[field] for entry in everything.entries} == {value.name.lower() for value in values}
    return everything, north


@pytest.mark.parametrize("profile", [DIH, CIH])
def test_a_search_finds_what_plain_reading_finds(
    hub: tuple[Client, Mapping[str, int]], journals: tuple[Journal, Journal], profile: str
) -> None:
    client, numbers = hub
    everything, north = journals
    asking = Asking(random.Random(f"{SEED} {profile}"), everything.entries, list(numbers.values()))
    found = 0
    for number in range(SEARCHES):
        body = asking.body(profile == DIH)
        some, fault = compared(client, profile, body, north if number % 10 == 0 else everything)
        assert not fault, f"search {number}, {json.dumps(body)}: {fault}"
        found += some
        if number % FAULTY == 0:
            status, body = asking.faulty(profile == DIH)
            refused = client.post(body, profile)
            assert refused.status_code == status, f"search {number}, {json.dumps(body)}: {refused.text}"
    assert SEARCHES / 3 < found < SEARCHES * 0.95
    for journal in journals:
        assert exported(client, journal.auth) == journal.entries
