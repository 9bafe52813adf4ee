"""Executing a contract once more, and aborting one, with all their double checks."""

import asyncio

import pytest

from eventyard.model.access import Scope
from eventyard.model.catalog import Mode, Target
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Result
from eventyard.testing import builders as b
from eventyard.testing.fakes import settle
from tests.unit.dialects.eventhos.sending import shop

SUCCESS = (200, {"code": 20000, "message": "success"})


@pytest.fixture
async def sold(yard):
    await yard.hub.dispatcher.start()
    return await shop(yard)


@pytest.fixture
async def nobody(client_of):
    return await client_of(None)


@pytest.fixture
async def failed(sold):
    """A contract, and the entries of an event that it failed for, and of the execution."""
    contract = await sold.contract()
    sold.ends(contract, b.outcome(Result.FAILED, status_code=500))
    return contract, *await sold.send(b'{"price":3}')


async def retry(client, sold, contract, received, detail, *, key=None, event="sold-x1", **headers):
    """Status and body of an answer."""
    query = {"event-identifier": event, "contract-id": contract, "access-key": sold.key if key is None else key}
    body = {"receivedEventId": received, "contractDetailId": detail}
    answer = await client.post("/event/send/contract", params=query, json=body, headers=headers)
    return answer.status_code, answer.json()


async def abort(client, sold, detail, *, key=None, event="sold-x1"):
    """Status and body of an answer."""
    query = {"event-identifier": event, "access-key": sold.key if key is None else key}
    answer = await client.post("/event/retry/aborted", params=query, json={"contractDetailId": detail})
    return answer.status_code, answer.json()


def code(answer):
    """Status and code."""
    return answer[0], answer[1]["code"]


async def executed(admin, received):
    """What the log says of an event's contracts: id, state, attempts, isAborted."""
    content = (await admin.get(f"/event/received/{received}")).json()["content"]
    return [
        (one["detailId"], one["state"], one["attempts"], one["isAborted"]) for one in content["executedEventContracts"]
    ]


# Once more


async def test_a_contract_that_failed_is_executed_once_more_with_the_same_request(yard, admin, nobody, sold, failed):
    contract, received, detail = failed
    assert await retry(nobody, sold, contract.number, received.id, detail.id) == SUCCESS
    assert [one.event.data for one in yard.webhook.sent] == [b'{"price":3}'] * 2
    (first, second) = await executed(admin, received.id)
    assert first == (detail.id, "error", 1, 0)
    assert second[1:] == ("processed", 0, 0)


async def test_the_answer_waits_for_the_action(yard, nobody, sold, failed):
    contract, received, detail = failed
    action = yard.hub.catalog.get(Target, contract.target_id)
    yard.webhook.hold(action)
    waiting = asyncio.create_task(retry(nobody, sold, contract.number, received.id, detail.id))
    await yard.webhook.arrived(2)
    await settle()
    assert not waiting.done()
    yard.webhook.let_go(action)
    assert await waiting == SUCCESS


async def test_it_is_a_success_to_have_tried_and_what_failed_again_can_be_retried_again(
    yard, admin, nobody, sold, failed
):
    contract, received, detail = failed
    sold.ends(contract, b.outcome(Result.FAILED, status_code=500))
    assert await retry(nobody, sold, contract.number, received.id, detail.id) == SUCCESS
    (_, (again, *_)) = await executed(admin, received.id)
    assert await retry(nobody, sold, contract.number, received.id, again) == SUCCESS
    assert [one[1:] for one in await executed(admin, received.id)] == [
        ("error", 1, 0), ("error", 1, 0), ("processed", 0, 0),
    ]  # fmt: skip


async def test_ids_may_be_texts_and_the_key_a_header(nobody, sold, failed):
    contract, received, detail = failed
    answer = await nobody.post(
        "/event/send/contract", params={"event-identifier": "sold-x1", "contract-id": contract.number},
        headers={"access-key": sold.key},
        json={"receivedEventId": str(received.id), "contractDetailId": str(detail.id)},
    )  # fmt: skip
    assert (answer.status_code, answer.json()) == SUCCESS


async def test_twice_is_once_too_often(yard, nobody, sold, failed):
    contract, received, detail = failed
    await retry(nobody, sold, contract.number, received.id, detail.id)
    answer = await retry(nobody, sold, contract.number, received.id, detail.id)
    assert code(answer) == (400, 400206)
    assert answer[1]["message"] == "Detail of the contract does not exist or has already been processed"
    assert len(yard.webhook.sent) == 2


async def test_of_two_at_once_one_is_too_late(yard, nobody, sold, failed):
    contract, received, detail = failed
    answers = await asyncio.gather(*(retry(nobody, sold, contract.number, received.id, detail.id) for _ in range(5)))
    assert sorted(map(code, answers)) == [(200, 20000), *[(400, 400206)] * 4]
    assert len(yard.webhook.sent) == 2


async def test_what_is_aborted_is_not_retried(admin, nobody, sold, failed):
    contract, received, detail = failed
    await abort(admin, sold, detail.id)
    assert code(await retry(nobody, sold, contract.number, received.id, detail.id)) == (400, 400206)


async def test_what_was_processed_is_not_retried(nobody, sold):
    contract = await sold.contract()
    received, detail = await sold.send()
    assert code(await retry(nobody, sold, contract.number, received.id, detail.id)) == (400, 400206)


@pytest.mark.parametrize("missing", [None, "", 0, False])
async def test_without_ids_nothing_is_retried(nobody, sold, failed, missing):
    contract, received, detail = failed
    assert code(await retry(nobody, sold, contract.number, missing, detail.id)) == (400, 400203)
    assert code(await retry(nobody, sold, contract.number, received.id, missing)) == (400, 400203)


@pytest.mark.parametrize("wrong", [True, -1, 1.5, "x", [1], {"a": 1}, "9" * 30, 999, "²"])
async def test_with_wrong_ids_nothing_is_retried(nobody, sold, failed, wrong):
    contract, received, detail = failed
    assert code(await retry(nobody, sold, contract.number, wrong, detail.id)) == (400, 400206)
    assert code(await retry(nobody, sold, contract.number, received.id, wrong)) == (400, 400206)


async def test_ids_that_do_not_belong_together_are_wrong(nobody, sold, failed):
    contract, received, detail = failed
    other = await sold.contract("other", await sold.another_event("other-x2"))
    sold.ends(other, b.outcome(Result.FAILED, status_code=500))
    theirs, theirs_detail = await sold.send(event="other-x2")
    assert code(await retry(nobody, sold, contract.number, theirs.id, detail.id)) == (400, 400206)
    assert code(await retry(nobody, sold, contract.number, theirs.id, theirs_detail.id)) == (400, 400206)
    assert code(await retry(nobody, sold, contract.number, received.id, received.id)) == (400, 400206)
    assert code(await retry(nobody, sold, other.number, received.id, detail.id)) == (400, 400204)
    assert await retry(nobody, sold, other.number, theirs.id, theirs_detail.id, event="other-x2") == SUCCESS


@pytest.mark.parametrize("number", ["", "x", "0", "999", "²", "1 OR 1=1"])
async def test_a_contract_that_is_not_there(nobody, sold, failed, number):
    _, received, detail = failed
    assert code(await retry(nobody, sold, number, received.id, detail.id)) == (400, 400204)


async def test_a_contract_that_is_switched_off(yard, nobody, sold, failed):
    contract, received, detail = failed
    await yard.hub.subscriptions.change(sold.who, contract.id, {"mode": Mode.DISABLED})
    assert code(await retry(nobody, sold, contract.number, received.id, detail.id)) == (400, 400204)


@pytest.mark.parametrize(
    ("event", "key", "refused"),
    [
        ("sold-x1", "", (400, 400201)),
        ("", None, (400, 400201)),
        ("x", None, (400, 400202)),
        ("sold-x1", "x", (401, 401202)),
    ],
)
async def test_the_access_key_is_looked_at_as_in_sending(nobody, sold, failed, event, key, refused):
    contract, received, detail = failed
    assert code(await retry(nobody, sold, contract.number, received.id, detail.id, event=event, key=key)) == refused


async def test_a_client_of_another_system_retries_nothing(nobody, sold, failed):
    contract, received, detail = failed
    _, key = await sold.another_client("other")
    assert code(await retry(nobody, sold, contract.number, received.id, detail.id, key=key)) == (401, 401202)


# From the screen of the log, which is told no key


async def test_with_the_stars_of_the_log_a_management_token_is_proof(admin, sold, failed):
    contract, received, detail = failed
    assert await retry(admin, sold, contract.number, received.id, detail.id, key="****") == SUCCESS


async def test_with_the_stars_of_the_log_and_no_such_token_nothing_is_retried(yard, client_of, nobody, sold, failed):
    contract, received, detail = failed
    reader = await client_of(await yard.key_for(Scope.EVENTS_READ, Scope.CATALOG_READ))
    assert code(await retry(nobody, sold, contract.number, received.id, detail.id, key="****")) == (403, 403002)
    assert code(await retry(reader, sold, contract.number, received.id, detail.id, key="****")) == (401, 401002)
    assert code(await retry(reader, sold, contract.number, received.id, detail.id, key="****", event="x")) == (
        401,
        401002,
    )


async def test_a_stranger_with_stars_retries_nothing(yard, client_of, sold, failed):
    contract, received, detail = failed
    stranger = await client_of(await yard.stranger_key())
    assert code(await retry(stranger, sold, contract.number, received.id, detail.id, key="****")) == (400, 400206)
    assert code(await abort(stranger, sold, detail.id, key="****")) == (400, 400203)
    assert (await yard.store.detail(detail.id)).entry.status is Status.ERROR


# Aborted


async def test_what_failed_is_marked_as_aborted(yard, admin, sold, failed):
    _, received, detail = failed
    assert await abort(admin, sold, detail.id) == (200, {"code": 200000, "message": "success"})
    assert await executed(admin, received.id) == [(detail.id, "error", 0, 1)]


async def test_it_is_aborted_once(admin, sold, failed):
    *_, detail = failed
    answers = await asyncio.gather(*(abort(admin, sold, detail.id) for _ in range(3)))
    assert sorted(map(code, answers)) == [(200, 200000), (400, 400203), (400, 400203)]


@pytest.mark.parametrize("abort_first", [True, False])
async def test_of_a_retry_and_an_abort_at_once_one_is_too_late(yard, admin, sold, failed, abort_first, monkeypatch):
    contract, received, detail = failed
    look = yard.store.detail

    async def look_slowly(entry_id):
        seen = await look(entry_id)
        await asyncio.sleep(0)
        return seen

    monkeypatch.setattr(yard.store, "detail", look_slowly)
    calls = [retry(admin, sold, contract.number, received.id, detail.id), abort(admin, sold, detail.id)]
    answers = await asyncio.gather(*(reversed(calls) if abort_first else calls))
    assert sorted(answer[0] for answer in answers) == [200, 400]


async def test_what_was_retried_or_processed_is_not_aborted(admin, sold, failed):
    contract, received, detail = failed
    await retry(admin, sold, contract.number, received.id, detail.id)
    for entry, *_ in await executed(admin, received.id):
        assert code(await abort(admin, sold, entry)) == (400, 400203)


@pytest.mark.parametrize("wrong", [None, 0, "", "x", 999, [], True])
async def test_with_a_wrong_id_nothing_is_aborted(admin, sold, failed, wrong):
    assert code(await abort(admin, sold, wrong)) == (400, 400203)


async def test_what_is_of_another_event_is_not_aborted(yard, admin, sold, failed):
    *_, detail = failed
    await sold.another_event("other-x2")
    assert code(await abort(admin, sold, detail.id, event="other-x2")) == (400, 400203)
    assert (await yard.store.detail(detail.id)).entry.status is Status.ERROR


async def test_it_takes_both_a_management_token_and_the_access_key(yard, client_of, admin, nobody, sold, failed):
    *_, detail = failed
    reader = await client_of(await yard.key_for(Scope.EVENTS_READ))
    assert code(await abort(nobody, sold, detail.id)) == (403, 403002)
    assert code(await abort(reader, sold, detail.id)) == (401, 401002)
    assert code(await abort(admin, sold, detail.id, key="")) == (400, 400201)
    assert code(await abort(admin, sold, detail.id, key="x")) == (401, 401202)
    assert code(await abort(admin, sold, detail.id, key="****")) == (200, 200000)
