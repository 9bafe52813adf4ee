"""The log: lists, filters, pages, one received event, one executed contract."""

import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Target
from eventyard.model.outcome import Result
from eventyard.pipeline.arrivals import Arrival
from eventyard.testing import builders as b
from tests.unit.dialects.eventhos.calls import faults, items
from tests.unit.dialects.eventhos.sending import shop

DAY = 24 * 3_600_000


@pytest.fixture
async def sold(yard):
    return await shop(yard)


async def ids(admin, **query):
    """The ids of a page, after a look at its totals."""
    answer = await admin.get("/event/received", params={"itemsPerPage": 50} | query)
    assert answer.status_code == 200, answer.text
    content = answer.json()["content"]
    if "pageIndex" not in query and "itemsPerPage" not in query:
        assert content["totalItems"] == len(content["items"])
        assert content["totalPages"] == bool(content["items"])
    return [item["id"] for item in content["items"]]


async def test_a_line_is_that_of_the_original(admin, sold):
    first, second = await sold.contract("first"), await sold.contract("second")
    sold.ends(first, b.outcome(Result.FAILED, status_code=500))
    sold.ends(second, b.outcome())
    publication, *_ = await sold.send()
    (row,) = await items(admin, "/event/received")
    assert sorted(row.pop("state")) == ["error", "processed"]
    assert row == {
        "id": publication.id, "systemId": sold.system.number, "eventId": sold.event.number, "systemName": "The shop",
        "systemIdentifier": "shop", "eventName": "sold", "eventIdentifier": "sold-x1",
        "eventDescription": "something was sold", "received_request": "****",
        "receivedAt": "2026-01-02T03:04:05.678Z",
    }  # fmt: skip


async def test_an_event_without_contracts_has_one_state_which_is_null(admin, sold):
    await sold.send()
    assert [row["state"] for row in await items(admin, "/event/received")] == [[None]]


async def test_what_lost_its_system_and_event_keeps_their_names(yard, admin, sold):
    await sold.send()
    await yard.hub.catalog.remove(sold.event)
    await yard.hub.catalog.remove(sold.system)
    (row,) = await items(admin, "/event/received")
    assert (row["systemId"], row["systemName"], row["systemIdentifier"]) == (sold.system.number, "shop", "shop")
    assert (row["eventId"], row["eventName"]) == (sold.event.number, "sold-x1")


@pytest.fixture
async def past(yard, sold):
    """Four events a day apart: processed, in error, both, and without contracts. Their ids."""
    good, bad = await sold.contract("good"), await sold.contract("bad")
    await sold.another_event("other-x2")
    made = []
    for of_good, of_bad in ((b.outcome(), b.outcome()), (None, None), (b.outcome(), None)):
        sold.ends(good, of_good or b.outcome(Result.FAILED, status_code=500))
        sold.ends(bad, of_bad or b.outcome(Result.FAILED, status_code=500))
        made.append((await sold.send())[0].id)
        yard.clock.advance(DAY)
        sold.key = await sold.short_token(sold.client)
    made.append((await sold.send(event="other-x2"))[0].id)
    return made


async def test_lists_are_by_id_and_either_way(admin, past):
    assert await ids(admin) == past
    assert await ids(admin, order="asc") == past
    assert await ids(admin, order="desc") == past[::-1]


@pytest.mark.parametrize("sort", ["id", "receivedAt", "nothing", "id; DROP TABLE entries", ""])
async def test_a_column_that_lists_are_not_sorted_by_is_no_harm(admin, past, sort):
    assert await ids(admin, activeSort=sort, order="desc") == past[::-1]


async def test_pages_follow_each_other_and_know_the_total(admin, past):
    pages = [await admin.get("/event/received", params={"itemsPerPage": 3, "pageIndex": n}) for n in range(3)]
    contents = [page.json()["content"] for page in pages]
    assert [[item["id"] for item in content["items"]] for content in contents] == [past[:3], past[3:], []]
    for number, content in enumerate(contents):
        assert {name: content[name] for name in content if name != "items"} == {
            "pageIndex": number, "itemsPerPage": 3, "totalItems": 4, "totalPages": 2,
        }  # fmt: skip


async def test_an_event_is_found_by_the_state_of_any_of_its_contracts(admin, past):
    assert await ids(admin, state="processed") == [past[0], past[2]]
    assert await ids(admin, state="error") == [past[1], past[2]]
    assert await ids(admin, state="") == past
    assert await ids(admin, state="whatever") == []


async def test_it_is_found_by_id_and_identifier(admin, past):
    assert await ids(admin, idSearch=past[1]) == [past[1]]
    assert await ids(admin, eventIdentifierSearch="other-x2") == [past[3]]
    assert await ids(admin, eventIdentifierSearch="other") == []
    assert await ids(admin, eventIdentifierSearch="other-x2", state="error") == []
    assert await ids(admin, idSearch="") == past


async def test_it_is_found_by_its_system(admin, sold, past):
    assert await ids(admin, systemId=sold.system.number) == past
    assert await ids(admin, systemId=sold.event.number) == []


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "²", "9" * 30, "1 OR 1=1", "0", "999999"])
@pytest.mark.parametrize("name", ["systemId", "idSearch"])
async def test_nothing_has_an_id_that_is_none(admin, past, name, text):
    assert await ids(admin, **{name: text}) == []


async def test_it_is_found_by_the_days_between_which_it_came(admin, past):
    assert await ids(admin, fromTime="2026-01-03") == past[1:]
    assert await ids(admin, toTime="2026-01-04") == past[:2]
    assert await ids(admin, fromTime="2026-01-03T23:00:00.000Z", toTime="2026-01-04T23:00:00.000Z") == [past[1]]
    assert await ids(admin, fromTime="2026-01-03", toTime="2026-01-03") == []


@pytest.mark.parametrize("name", ["fromTime", "toTime"])
async def test_what_is_no_date_is_told(admin, past, name):
    assert faults(await admin.get("/event/received", params={name: "soon"})) == (400, 400001, [name])


async def test_one_is_told_with_its_request_and_what_became_of_it(yard, admin, sold):
    contract = await sold.contract()
    publication, delivery = await sold.send(b'{"price": 3}', **{"x-trace": "7", "authorization": "Bearer s3cret"})
    answer = await admin.get(f"/event/received/{publication.id}")
    content = answer.json()["content"]
    request = content["receivedEvent"].pop("received_request")
    assert "s3cret" not in answer.text
    assert sold.key not in answer.text
    assert request["headers"]["x-trace"] == "7"
    assert "access-key" not in request["headers"]
    assert request["query"] == {"event-identifier": "sold-x1", "access-key": "****"}
    assert (request["body"], request["method"]) == ({"price": 3}, "POST")
    assert request["url"] == "http://hub.example/eventhos/event/send?event-identifier=sold-x1"
    action = yard.hub.catalog.get(Target, contract.target_id)
    assert content == {
        "receivedEvent": {
            "id": publication.id, "received_at": "2026-01-02T03:04:05.678Z", "eventId": sold.event.number,
            "eventIdentifier": "sold-x1", "eventName": "sold", "eventOperation": "new",
            "eventDescription": "something was sold",
        },
        "executedEventContracts": [
            {
                "detailId": delivery.id, "state": "processed", "attempts": 0, "isAborted": 0,
                "contractId": contract.number, "contractIdentifier": "contract", "contractName": "the contract",
                "actionId": action.number, "actionIdentifier": "contract-action", "actionName": "contract action",
                "actionOperation": "", "actionDescription": "",
            }
        ],
    }  # fmt: skip


async def test_an_event_that_came_another_way_has_no_request_and_all_the_rest(yard, admin, sold):
    accepted = await yard.hub.acceptor.accept(
        Arrival(yard.hub.doors.of(sold.event.id), b.event(b"plain", content_type="text/plain"))
    )
    content = (await admin.get(f"/event/received/{accepted.entry_id}")).json()["content"]
    assert content["receivedEvent"]["received_request"] == {
        "headers": {}, "query": {"access-key": "****"}, "body": "plain", "method": "", "url": "",
    }  # fmt: skip


async def test_an_executed_contract_is_told(admin, sold):
    contract = await sold.contract()
    publication, delivery = await sold.send()
    content = (await admin.get(f"/event/received/execution-detail/{delivery.id}")).json()["content"]
    assert (content["id"], content["contract_exc_detail_id"]) == (contract.number, delivery.id)
    assert content["received_event_id"] == publication.id


@pytest.mark.parametrize("entry", ["999", "0", "x", "-1", "²", "9" * 30, "%00", "1%20OR%201"])
@pytest.mark.parametrize("path", ["/event/received", "/event/received/execution-detail"])
async def test_what_is_not_there_is_not_found(admin, sold, path, entry):
    await sold.send()
    answer = await admin.get(f"{path}/{entry}")
    assert (answer.status_code, answer.json()["code"]) == (404, 404000)


async def test_one_kind_of_entry_is_not_the_other(admin, sold):
    await sold.contract()
    publication, delivery = await sold.send()
    assert (await admin.get(f"/event/received/{delivery.id}")).status_code == 404
    assert (await admin.get(f"/event/received/execution-detail/{publication.id}")).status_code == 404


async def test_who_may_not_select_events_reads_no_log(yard, client_of, sold):
    await sold.contract()
    publication, delivery = await sold.send()
    caller = await client_of(await yard.key_for(Scope.EVENTS_PUBLISH))
    nobody = await client_of(None)
    for path in ("", f"/{publication.id}", f"/execution-detail/{delivery.id}"):
        answer = await caller.get(f"/event/received{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, 401002)
        answer = await nobody.get(f"/event/received{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, 403002)


async def test_nothing_of_another_project_or_organization_is_seen(yard, admin, client_of, sold):
    await sold.contract()
    publication, delivery = await sold.send()
    stranger = await client_of(await yard.stranger_key())
    assert await ids(stranger) == []
    assert await ids(stranger, systemId=sold.system.number) == []
    assert await ids(stranger, idSearch=publication.id) == []
    for path in (publication.id, f"execution-detail/{delivery.id}"):
        assert (await stranger.get(f"/event/received/{path}")).status_code == 404
