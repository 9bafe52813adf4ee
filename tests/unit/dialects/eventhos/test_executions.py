"""What was sent, and what was answered."""

import pytest

from eventyard.dialects.eventhos.executions import execution_detail
from eventyard.dialects.eventhos.mapping import Sight
from eventyard.model.catalog import Target
from eventyard.model.ids import EntryId
from eventyard.model.outcome import Result, Sent
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.view import View
from eventyard.testing import builders as b
from eventyard.testing.fakes import settle
from tests.unit.dialects.eventhos.sending import shop


@pytest.fixture
async def sold(yard):
    return await shop(yard)


async def told(sold, entry):
    """The execution, as the administrator is told of it."""
    sight = Sight(View(sold.yard.hub.catalog, sold.who), sold.yard.project)
    return execution_detail(sight, await sold.yard.store.detail(EntryId(entry)))


SENT = Sent("POST", "https://a.example/orders?page=1&empty=", {"x-key": "****"}, b'{"a":1}')


async def test_everything_on_record_is_told_in_the_originals_words(sold):
    contract = await sold.contract()
    answer = {"status_code": 201, "response_headers": {"x-trace": "7"}, "response_body": b'{"ok":true}'}
    sold.ends(contract, b.outcome(Result.DELIVERED, sent=SENT, **answer))
    publication, delivery = await sold.send()
    found = await told(sold, delivery.id)
    response = found.pop("response")
    assert response.pop("startTime") <= response.pop("endTime")
    assert response == {"headers": {"x-trace": "7"}, "body": {"ok": True}, "status": 201, "statusText": "Created"}
    action = sold.yard.hub.catalog.get(Target, contract.target_id)
    assert found == {
        "id": contract.number, "contract_id": contract.number, "received_event_id": publication.id,
        "state": "processed", "attempts": 0, "is_aborted": 0, "reply_from": None,
        "contract_exc_detail_id": delivery.id,
        "request": {
            "headers": {"x-key": "****"}, "body": '{"a":1}', "url": "https://a.example/orders?page=1&empty=",
            "params": {"page": "1", "empty": ""}, "method": "post",
        },
        "finished_at": None, "executed_at": None, "action_id": action.number, "event_id": sold.event.number,
        "identifier": "contract", "name": "the contract", "active": 1, "order": 0, "deleted": 0,
        "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:04:05.678Z",
        "mail_recipients_on_error": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "error", "status", "text"),
    [
        (
            Result.UNREACHABLE, "no connection to 127.0.0.1:9: Connection refused", "ECONNREFUSED",
            "connect ECONNREFUSED no connection to 127.0.0.1:9: Connection refused",
        ),
        (Result.UNREACHABLE, "no connection to 10.0.0.1:9: No route to host", "EHOSTUNREACH", None),
        (Result.UNREACHABLE, "the name a.example does not resolve: Name or service not known", "ENOTFOUND", None),
        (Result.UNREACHABLE, "the connection was closed without an answer", "ECONNRESET", None),
        (Result.TIMED_OUT, "no answer within 20000 ms", "ETIMEDOUT", "no answer within 20000 ms"),
        (Result.REFUSED, "not sent: the address is private", "ERR_BAD_REQUEST", "not sent: the address is private"),
        (Result.LOST, "the lease ran out", "ECONNABORTED", "the lease ran out"),
    ],
)  # fmt: skip
async def test_where_nothing_was_answered_the_name_of_the_error_stands_for_a_status(sold, result, error, status, text):
    contract = await sold.contract()
    sold.ends(contract, b.outcome(result, error=error))
    _, delivery = await sold.send()
    found = await told(sold, delivery.id)
    assert found["state"] == "error"
    assert found["request"] == {"headers": {}, "body": "", "url": "", "params": {}, "method": ""}
    response = found["response"]
    assert (response["status"], response["headers"], response["body"]) == (status, {}, {})
    assert text is None or response["statusText"] == text


async def test_an_answer_that_is_no_success_is_told_whole(sold):
    contract = await sold.contract()
    sold.ends(contract, b.outcome(Result.FAILED, status_code=599, error="599", response_body=b"<p>sorry</p>"))
    _, delivery = await sold.send()
    response = (await told(sold, delivery.id))["response"]
    assert (response["status"], response["statusText"], response["body"]) == (599, "", "<p>sorry</p>")


async def test_what_has_not_been_tried_has_no_response_yet(sold):
    contract = await sold.contract()
    action = sold.yard.hub.catalog.get(Target, contract.target_id)
    sold.yard.webhook.hold(action)
    _, delivery = await sold.send()
    found = await told(sold, delivery.id)
    assert (found["state"], found["response"]["status"]) == (None, None)


async def test_a_contract_that_is_gone_leaves_its_name(sold):
    contract = await sold.contract()
    _, delivery = await sold.send()
    await sold.yard.hub.catalog.remove(contract)
    found = await told(sold, delivery.id)
    assert (found["id"], found["deleted"], found["identifier"], found["state"]) == (None, 1, "contract", "processed")


async def test_what_an_answer_caused_says_so(sold):
    await sold.contract()
    hub = sold.yard.hub
    accepted = await hub.acceptor.accept(Arrival(hub.doors.of(sold.event.id), b.event(extensions={"causeentry": "12"})))
    await settle()
    assert (await told(sold, accepted.entry_id + 1))["reply_from"] == 12
