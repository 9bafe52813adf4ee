"""The three calls by which events come in, over a hub in memory: what is sent, byte for byte, and what is answered."""

import gc
import gzip
import hashlib
import hmac
import json
from types import FrameType

import httpx
import pytest

from eventyard.config.sections import LimitSettings
from eventyard.model.access import Scope
from eventyard.model.ids import EntryId
from eventyard.testing.builders import NOW
from eventyard.testing.hub import memory_hub
from eventyard.wire.signatures import sign_body, sign_stripe, sign_webhook, stripe_header

SECRET = "s3cret"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECONDS = str(NOW // 1000)
NDJSON = {"content-type": "application/x-ndjson"}
STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
REPLAYED = "idempotency-replayed"

CLOUD_EVENT = b'{"specversion":"1.0","id":"A-1","source":"shop","type":"order.created","data":{"total":1.50}}'


class Sources:
    """Makes sources and subscriptions, sends to them, and looks into the journal."""

    def __init__(self, yard, client):
        self.yard = yard
        self.client = client

    async def make(self, name="shop", **fields):
        answer = await self.client.post("/v1/sources", json={"name": name, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def subscribe(self, source, target="receiver", type_="webhook", **fields):
        made = await self.client.post("/v1/targets", json={"name": target, "type": type_})
        assert made.status_code == 201, made.text
        body = {"source_id": source["id"], "target_id": target, **fields}
        answer = await self.client.post("/v1/subscriptions", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def post(self, source, content, headers=None):
        headers = {"authorization": "", **(headers or {})}
        return await self.client.post(f"/in/{source['id']}", content=content, headers=headers)

    async def dispatch(self, content, headers=None, **query):
        return await self.client.post("/v1/events/dispatch", content=content, headers=headers, params=query)

    async def batch(self, content, headers=None, **query):
        return await self.client.post("/v1/events/batch", content=content, headers=headers, params=query)

    async def kept(self, answer):
        """The event behind an answer or a line of one, as the journal has it."""
        told = answer if isinstance(answer, dict) else answer.json()
        event = (await self.yard.store.detail(EntryId(told["entry_id"]))).event
        assert event.id == told["event_id"]
        return event

    async def count(self):
        """How many events there are."""
        return len((await self.client.get("/v1/events", params={"kind": "publication"})).json())


@pytest.fixture
def sources(yard, client):
    return Sources(yard, client)


@pytest.fixture
async def shop(sources):
    return await sources.make()


def refused(answer):
    """Status, code and pointer of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    return answer.status_code, told["code"], told.get("pointer")


# POST /in/{source_id}: any sender


async def test_what_any_sender_posts_is_kept_as_it_came(sources, shop):
    body = b'{ "b": 1.00,\r\n\t"a": "\\u00e9", "b": 2 }\n'
    answer = await sources.post(shop, body, {"content-type": "application/json; charset=utf-8"})
    assert answer.status_code == 202
    assert answer.json().keys() == {"event_id", "entry_id", "dispatched"}
    event = await sources.kept(answer)
    assert (event.data, event.content_type) == (body, "application/json; charset=utf-8")
    assert (event.source, event.type, event.routing_key, event.time) == ("/sources/shop", "shop", "shop", NOW)


async def test_what_is_not_json_is_kept_too_when_it_does_not_claim_to_be(sources, shop):
    answer = await sources.post(shop, b"\xff\x00{", {"content-type": "application/octet-stream"})
    assert (await sources.kept(answer)).data == b"\xff\x00{"


@pytest.mark.parametrize("body", [b"", b"{", b"{}{}", b"\xff", b'{"a": "\xff"}', b"NaN"])
async def test_what_claims_to_be_json_is_json(sources, shop, body):
    answer = await sources.post(shop, body, {"content-type": "application/json"})
    assert refused(answer)[:2] == (400, "invalid_json")


async def test_it_goes_to_every_subscription_that_matches(yard, sources, shop):
    await sources.subscribe(shop, filter={"eq": [["action", "opened"]]})
    await sources.subscribe(shop, "other", filter={"eq": [["action", "closed"]]})
    answer = await sources.post(shop, b'{"action" :  "opened"}')
    assert answer.json()["dispatched"] == 1
    [delivery] = await yard.webhook.arrived(1)
    assert delivery.event.data == b'{"action" :  "opened"}'


async def test_nobody_posts_to_a_source_there_is_not(sources):
    assert refused(await sources.post({"id": "none"}, b"{}"))[:2] == (404, "not_found")


async def test_a_source_is_posted_to_by_its_id_and_not_by_its_name(sources, shop):
    assert refused(await sources.post({"id": "shop"}, b"{}"))[:2] == (404, "not_found")


async def test_a_disabled_source_takes_nothing(sources):
    source = await sources.make(enabled=False)
    assert refused(await sources.post(source, b"{}"))[:2] == (400, "source_disabled")


# Senders that sign


def github(body, delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958", event="issues"):
    signature = sign_body(SECRET, body)
    return {"x-hub-signature-256": signature, "x-github-delivery": delivery, "x-github-event": event}


def stripe(body, at=SECONDS):
    return {"stripe-signature": stripe_header(at, [sign_stripe(SECRET, at, body)])}


def standard(body, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=SECONDS):
    signature = sign_webhook(WHSEC, message_id, at, body)
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": signature}


async def test_github_gives_the_event_its_delivery_id_and_its_type(sources):
    source = await sources.make(scheme="github-sha256", secret=SECRET)
    body = b'{"action":"opened","issue":{"number":1}}'
    answer = await sources.post(source, body, github(body))
    event = await sources.kept(answer)
    assert (event.id, event.type) == ("72d3162e-cc78-11e3-81ab-4c9367dc0958", "issues.opened")
    assert (event.routing_key, event.data) == ("issues.opened", body)


async def test_stripe_gives_it_the_id_and_type_in_the_body(sources):
    source = await sources.make(scheme="stripe-v1", secret=SECRET)
    body = b'{"id": "evt_1", "type": "invoice.paid"}'
    event = await sources.kept(await sources.post(source, body, stripe(body)))
    assert (event.id, event.type) == ("evt_1", "invoice.paid")


async def test_standard_webhooks_give_it_the_id_that_is_signed(sources):
    source = await sources.make(scheme="standard-webhooks", secret=WHSEC)
    body = b'{"type": "contact.created"}'
    event = await sources.kept(await sources.post(source, body, standard(body)))
    assert (event.id, event.type) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "contact.created")


async def test_what_is_signed_is_what_a_compressed_body_holds(sources):
    source = await sources.make(scheme="standard-webhooks", secret=WHSEC)
    body = b'{"type": "contact.created"}'
    packed = gzip.compress(body)
    event = await sources.kept(await sources.post(source, packed, {**standard(body), "content-encoding": "gzip"}))
    assert event.data == body
    answer = await sources.post(source, packed, {**standard(packed, "msg_2"), "content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    answer = await sources.post(source, body, {**standard(body, "msg_3"), "content-encoding": "br"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_encoding")


async def test_a_secret_without_its_prefix_is_the_same_secret(sources):
    source = await sources.make(scheme="standard-webhooks", secret=WHSEC.removeprefix("whsec_"))
    body = b'{"type": "contact.created"}'
    assert (await sources.post(source, body, standard(body))).status_code == 202


SENDERS = {
    "github-sha256": (SECRET, b'{"action":"opened"}', github),
    "stripe-v1": (SECRET, b'{"id":"evt_1","type":"invoice.paid"}', stripe),
    "standard-webhooks": (WHSEC, b'{"type":"contact.created"}', standard),
}


@pytest.mark.parametrize("scheme", SENDERS)
async def test_a_redelivery_is_answered_as_the_first_was(sources, scheme):
    secret, body, headers = SENDERS[scheme]
    source = await sources.make(scheme=scheme, secret=secret)
    await sources.subscribe(source)
    first, again = [await sources.post(source, body, headers(body)) for _ in range(2)]
    assert REPLAYED not in first.headers
    assert (again.status_code, again.headers[REPLAYED]) == (202, "true")
    assert again.json() == first.json()
    assert again.json()["dispatched"] == 1
    assert await sources.count() == 1


@pytest.mark.parametrize("scheme", ["stripe-v1", "standard-webhooks"])
async def test_a_redelivery_that_is_signed_anew_is_one_all_the_same(yard, sources, scheme):
    secret, body, headers = SENDERS[scheme]
    source = await sources.make(scheme=scheme, secret=secret)
    first = await sources.post(source, body, headers(body))
    yard.clock.advance(3_600_000)
    again = await sources.post(source, body, headers(body, at=str(yard.clock.now // 1000)))
    assert (again.json(), again.headers[REPLAYED]) == (first.json(), "true")


@pytest.mark.parametrize("scheme", SENDERS)
async def test_no_header_that_nobody_signed_makes_a_redelivery_a_new_event(sources, scheme):
    secret, body, headers = SENDERS[scheme]
    source = await sources.make(scheme=scheme, secret=secret)
    await sources.post(source, body, headers(body))
    again = await sources.post(source, body, {**headers(body), "idempotency-key": "made up"})
    assert again.headers[REPLAYED] == "true"
    assert await sources.count() == 1


async def test_the_same_body_under_two_delivery_ids_is_two_events_as_github_means_it(sources):
    source = await sources.make(scheme="github-sha256", secret=SECRET)
    first = await sources.post(source, b'{"n":1}', github(b'{"n":1}'))
    other = await sources.post(source, b'{"n":1}', {**github(b'{"n":1}'), "x-github-delivery": "another"})
    assert REPLAYED not in other.headers
    assert other.json()["entry_id"] != first.json()["entry_id"]


async def test_the_same_delivery_id_with_another_body_is_refused(sources):
    source = await sources.make(scheme="github-sha256", secret=SECRET)
    await sources.post(source, b'{"n":1}', github(b'{"n":1}'))
    answer = await sources.post(source, b'{"n":2}', github(b'{"n":2}'))
    assert refused(answer)[:2] == (422, "idempotency_mismatch")


@pytest.mark.parametrize("scheme", SENDERS)
async def test_one_changed_byte_is_refused(sources, scheme):
    secret, body, headers = SENDERS[scheme]
    source = await sources.make(scheme=scheme, secret=secret)
    answer = await sources.post(source, body + b" ", headers(body))
    assert refused(answer)[:2] == (401, "signature_invalid")
    assert await sources.count() == 0


async def test_a_signature_of_another_hour_is_refused(yard, sources):
    source = await sources.make(scheme="stripe-v1", secret=SECRET)
    body = b'{"id":"evt_1"}'
    yard.clock.advance(3_600_000)
    assert refused(await sources.post(source, body, stripe(body)))[:2] == (401, "signature_expired")


async def test_a_signed_body_without_an_id_is_known_again_by_its_signature_for_the_replay_window(yard, sources):
    source = await sources.make(scheme="hmac-sha256", secret=SECRET)
    headers = {"x-signature-256": sign_body(SECRET, b"{}")}
    first, again = [await sources.post(source, b"{}", headers) for _ in range(2)]
    assert (again.status_code, again.json(), again.headers[REPLAYED]) == (202, first.json(), "true")
    yard.clock.advance(yard.hub.limits.replay_window_ms)
    late = await sources.post(source, b"{}", headers)
    assert REPLAYED not in late.headers
    assert late.json()["event_id"] != first.json()["event_id"]


async def test_two_signed_bodies_that_differ_are_two_events(sources):
    source = await sources.make(scheme="hmac-sha256", secret=SECRET)
    for body in (b"1", b"2"):
        assert (await sources.post(source, body, {"x-signature-256": sign_body(SECRET, body)})).status_code == 202
    assert await sources.count() == 2


async def test_a_token_is_no_signature_so_the_same_body_twice_is_two_events(sources):
    source = await sources.make(scheme="bearer", secret=SECRET)
    for _ in range(2):
        assert (await sources.post(source, b"{}", {"authorization": f"Bearer {SECRET}"})).status_code == 202
    assert await sources.count() == 2
    assert refused(await sources.post(source, b"{}"))[:2] == (401, "signature_missing")


# CloudEvents at /in


CE_HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "A-1",
    "ce-source": "/shop",
    "ce-type": "order.created",
    "ce-time": "2026-01-02T03:04:05.6Z",
    "ce-subject": "caf%C3%A9",
    "ce-tenant": "42",
    "content-type": "application/json",
}


async def test_a_cloudevent_in_binary_mode_keeps_its_attributes_and_its_bytes(sources, shop):
    answer = await sources.post(shop, b'{ "total": 1.50 }', CE_HEADERS)
    assert answer.status_code == 202
    event = await sources.kept(answer)
    assert (event.id, event.source, event.type) == ("A-1", "/shop", "order.created")
    assert (event.subject, event.extensions, event.time) == ("café", {"tenant": "42"}, NOW - 78)
    assert event.data == b'{ "total": 1.50 }'


async def test_a_cloudevent_in_structured_mode_keeps_its_data_byte_for_byte(sources, shop):
    body = CLOUD_EVENT.replace(b"1.50", b'1.50 , "n":"\\u00e9"')
    event = await sources.kept(await sources.post(shop, body, STRUCTURED))
    assert (event.id, event.data) == ("A-1", b'{"total":1.50 , "n":"\\u00e9"}')


async def test_source_and_id_of_a_cloudevent_are_its_key(sources, shop):
    first = await sources.post(shop, CLOUD_EVENT, STRUCTURED)
    again = await sources.post(shop, CLOUD_EVENT, STRUCTURED)
    assert (again.json(), again.headers[REPLAYED]) == (first.json(), "true")
    other = await sources.post(shop, CLOUD_EVENT.replace(b'"shop"', b'"shop2"'), STRUCTURED)
    assert REPLAYED not in other.headers


async def test_a_space_in_source_or_id_makes_no_two_events_one(sources, shop):
    pairs = (("/a b", "c"), ("/a", "b c"))
    for source, id_ in pairs:
        body = CLOUD_EVENT.replace(b'"shop"', f'"{source}"'.encode()).replace(b'"A-1"', f'"{id_}"'.encode())
        event = await sources.kept(await sources.post(shop, body, STRUCTURED))
        assert (event.source, event.id) == (source, id_)


async def test_a_batch_of_cloudevents_has_a_line_for_each(sources, shop):
    await sources.post(shop, CLOUD_EVENT, STRUCTURED)
    answer = await sources.post(shop, b"[%s,%s]" % (CLOUD_EVENT, CLOUD_EVENT.replace(b"A-1", b"A-2")), BATCH)
    assert answer.status_code == 202
    assert answer.json() == [
        {"status": 202, "event_id": "A-1", "entry_id": 1, "dispatched": 0, "replayed": True},
        {"status": 202, "event_id": "A-2", "entry_id": 2, "dispatched": 0},
    ]


async def test_an_empty_batch_has_no_lines(sources, shop):
    answer = await sources.post(shop, b"[]", BATCH)
    assert (answer.status_code, answer.json()) == (202, [])


async def test_what_only_claims_to_be_a_cloudevent_is_told_what_it_lacks(sources, shop):
    answer = await sources.post(shop, b"{}", {name: CE_HEADERS[name] for name in CE_HEADERS if name != "ce-type"})
    assert refused(answer) == (400, "invalid_cloudevent", "ce-type")
    answer = await sources.post(shop, b'{"specversion":"1.0","id":"1","source":"s"}', STRUCTURED)
    assert refused(answer) == (400, "invalid_cloudevent", "/type")
    answer = await sources.post(shop, b"<event/>", {"content-type": "application/cloudevents+xml"})
    assert refused(answer)[:2] == (415, "unsupported_media_type")


async def test_a_signed_cloudevent_is_proven_by_its_raw_body(sources):
    source = await sources.make(scheme="hmac-sha256", secret=SECRET)
    headers = {**STRUCTURED, "x-signature-256": sign_body(SECRET, CLOUD_EVENT)}
    assert (await sources.post(source, CLOUD_EVENT, headers)).status_code == 202
    assert refused(await sources.post(source, CLOUD_EVENT + b"\n", headers))[:2] == (401, "signature_invalid")


# POST /v1/events/dispatch


async def test_dispatch_tells_what_the_event_comes_to_for_each_subscription(client, sources, shop):
    queued = await sources.subscribe(shop)
    skipped = await sources.subscribe(shop, "other")
    await client.patch(f"/v1/targets/{skipped['target_id']}", json={"enabled": False})
    answer = await sources.dispatch(b'{"source": "shop", "payload": {"a": 1}}')
    assert answer.status_code == 200
    told = answer.json()
    assert told == {
        "dispatched": 1, "source": "shop", "event_id": told["event_id"], "entry_id": 1, "results": told["results"],
    }  # fmt: skip
    assert sorted(told["results"], key=lambda result: result["status"]) == [
        {
            "subscription_id": queued["id"], "target_type": "webhook", "target_id": queued["target_id"],
            "delivery_id": 2, "status": "queued", "reason": None,
        },
        {
            "subscription_id": skipped["id"], "target_type": "webhook", "target_id": skipped["target_id"],
            "delivery_id": None, "status": "skipped", "reason": "its target is disabled",
        },
    ]  # fmt: skip


PAYLOADS = [
    b'{"b": 1, "a": 2}',
    b'{ "b" :1 ,\n\t"a":2 }',
    b'{"name": "caf\\u00e9 \\ud83d\\ude00 caf\xc3\xa9 \\/"}',
    b'{"n": 1.0, "m": 1e2, "k": 12345678901234567890123, "z": -0}',
    b'{"a": 1, "a": 2}',
    b"[ ]",
    b'"text"',
    b"null",
    b"0.10",
]
"""Each would come out otherwise if it were parsed and written again."""


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_the_payload_is_proven_and_kept_exactly_as_it_was_sent(sources, payload):
    await sources.make(scheme="hmac-sha256", secret=SECRET)
    body = b'{ "payload" :\n  %s  ,"source":"shop", "project_id": null}' % payload
    answer = await sources.dispatch(body, {"x-signature-256": sign_body(SECRET, payload)})
    assert answer.status_code == 200, answer.text
    assert (await sources.kept(answer)).data == payload


async def test_a_signature_over_the_payload_written_otherwise_does_not_match(sources):
    await sources.make(scheme="hmac-sha256", secret=SECRET)
    written = json.dumps({"a": 1}).encode()
    answer = await sources.dispatch(
        b'{"source":"shop","payload":{"a":1}}', {"x-signature-256": sign_body(SECRET, written)}
    )
    assert refused(answer) == (401, "signature_invalid", "X-Signature-256")


async def test_no_payload_is_null(sources, shop):
    answer = await sources.dispatch(b'{"source": "shop"}')
    assert (await sources.kept(answer)).data == b"null"


async def test_a_signature_is_good_for_one_dispatch(yard, sources):
    await sources.make(scheme="hmac-sha256", secret=SECRET)
    headers = {"x-signature-256": sign_body(SECRET, b"{}")}
    body = b'{"source":"shop","payload":{}}'
    assert (await sources.dispatch(body, headers)).status_code == 200
    assert refused(await sources.dispatch(body, headers))[:2] == (401, "signature_replayed")
    other_key = await sources.dispatch(body, {**headers, "idempotency-key": "k"})
    assert refused(other_key)[:2] == (401, "signature_replayed")
    yard.clock.advance(yard.hub.limits.replay_window_ms)
    assert (await sources.dispatch(body, headers)).status_code == 200


async def test_a_repeated_dispatch_is_answered_as_the_first_was(client, sources, shop):
    await sources.subscribe(shop)
    paused = await sources.subscribe(shop, "paused")
    await client.patch(f"/v1/subscriptions/{paused['id']}", json={"mode": "paused"})
    body, headers = b'{"source":"shop","payload":{}}', {"idempotency-key": "k"}
    first, again = [await sources.dispatch(body, headers) for _ in range(2)]
    assert again.headers[REPLAYED] == "true"
    assert again.json() == first.json()
    assert sorted(one["status"] for one in first.json()["results"]) == ["delayed", "queued"]
    [delivery] = [one["delivery_id"] for one in first.json()["results"] if one["status"] == "queued"]
    assert (await client.post(f"/v1/deliveries/{delivery}/reprocess")).status_code == 201
    assert (await sources.dispatch(body, headers)).json() == first.json()
    await client.delete(f"/v1/subscriptions/{paused['id']}")
    assert [one["status"] for one in (await sources.dispatch(body, headers)).json()["results"]] == ["queued"]


async def test_a_repeated_dispatch_tells_of_groups_as_the_first_did_and_not_of_what_was_skipped(client, sources, shop):
    for order, name in enumerate(("one", "two", "off"), start=1):
        subscription = await sources.subscribe(shop, name, order=order)
    await client.patch(f"/v1/targets/{subscription['target_id']}", json={"enabled": False})
    body, headers = b'{"source":"shop","payload":{}}', {"idempotency-key": "k"}
    first, again = [(await sources.dispatch(body, headers)).json()["results"] for _ in range(2)]
    assert [one["status"] for one in first] == ["queued", "queued", "skipped"]
    assert again == first[:2]


async def test_with_an_idempotency_key_a_signed_dispatch_can_be_repeated(sources):
    await sources.make(scheme="hmac-sha256", secret=SECRET)
    headers = {"x-signature-256": sign_body(SECRET, b"{}"), "idempotency-key": "k"}
    body = b'{"source":"shop","payload":{}}'
    first, again = [await sources.dispatch(body, headers) for _ in range(2)]
    assert (again.status_code, again.headers[REPLAYED]) == (200, "true")
    assert again.json()["entry_id"] == first.json()["entry_id"]


async def test_a_source_whose_senders_show_a_token_is_dispatched_to_by_whoever_has_an_api_key(sources):
    await sources.make(scheme="bearer", secret=SECRET)
    assert (await sources.dispatch(b'{"source":"shop"}')).status_code == 200


async def test_an_idempotency_key_has_one_effect_and_one_answer(sources, shop):
    await sources.subscribe(shop)
    headers = {"idempotency-key": "order-1"}
    first = await sources.dispatch(b'{"source":"shop","payload":{"a":1}}', headers)
    again = await sources.dispatch(b'{"payload":{"a":1},"source":"shop"}', headers)
    assert (again.status_code, again.headers[REPLAYED]) == (200, "true")
    names = ("dispatched", "source", "event_id", "entry_id")
    assert [again.json()[name] for name in names] == [first.json()[name] for name in names]
    other = await sources.dispatch(b'{"source":"shop","payload":{"a":2}}', headers)
    assert refused(other) == (422, "idempotency_mismatch", "Idempotency-Key")
    assert await sources.count() == 1


async def test_the_same_key_at_another_source_is_another_key(sources, shop):
    await sources.make("returns")
    headers = {"idempotency-key": "k"}
    for name in (b"shop", b"returns"):
        assert REPLAYED not in (await sources.dispatch(b'{"source":"%s"}' % name, headers)).headers


async def test_a_key_is_free_again_after_its_window(yard, sources, shop):
    headers = {"idempotency-key": "k"}
    await sources.dispatch(b'{"source":"shop","payload":1}', headers)
    yard.clock.advance(yard.hub.limits.idempotency_window_ms)
    answer = await sources.dispatch(b'{"source":"shop","payload":2}', headers)
    assert (answer.status_code, REPLAYED in answer.headers) == (200, False)


async def test_a_sender_may_bring_an_idempotency_key_to_in(sources, shop):
    headers = {"idempotency-key": "k"}
    first, again = [await sources.post(shop, b"1", headers) for _ in range(2)]
    assert (again.json(), again.headers[REPLAYED]) == (first.json(), "true")
    assert refused(await sources.post(shop, b"2", headers))[:2] == (422, "idempotency_mismatch")


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_has_a_length(sources, shop, key):
    for answer in (
        await sources.dispatch(b'{"source":"shop"}', {"idempotency-key": key}),
        await sources.post(shop, b"{}", {"idempotency-key": key}),
    ):
        assert refused(answer) == (400, "invalid_parameter", "Idempotency-Key")
    longest = await sources.dispatch(b'{"source":"shop"}', {"idempotency-key": "k" * 255})
    assert longest.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (b"", 400, "invalid_json", None),
        (b"{", 400, "invalid_json", None),
        (b"\xff", 400, "invalid_json", None),
        (b'{"source": "shop", "payload": "\xff"}', 400, "invalid_json", None),
        (b'{"source": "shop", "payload": "\xff"}', 400, "invalid_json", None),
        (b'{"source": "shop", "paylod": {}}', 422, "invalid_body", "/paylod"),
        (b'{"source": "shop", "a/b": {}}', 422, "invalid_body", "/a~1b"),
        (b"[]", 422, "invalid_body", None),
        (b'{"payload": {}}', 422, "invalid_body", None),
        (b'{"source": 1}', 422, "invalid_body", "/source"),
        (b'{"source": "shop", "project_id": []}', 422, "invalid_body", "/project_id"),
    ],
)
async def test_a_body_that_is_not_a_dispatch_is_told_where(sources, shop, body, status, code, pointer):
    assert refused(await sources.dispatch(body)) == (status, code, pointer)


async def test_a_dispatch_names_what_there_is(sources, shop):
    assert refused(await sources.dispatch(b'{"source":"none"}'))[:2] == (404, "not_found")
    assert refused(await sources.dispatch(b'{"source":"shop","project_id":"none"}'))[:2] == (404, "not_found")
    by_name = await sources.dispatch(b'{"source":"shop","project_id":"default"}')
    by_id = await sources.dispatch(b'{"source":"%s"}' % shop["id"].encode())
    assert (by_name.status_code, by_id.status_code) == (200, 200)


async def test_among_several_projects_one_is_named(client, sources, shop):
    await client.post("/v1/projects", json={"name": "second"})
    assert refused(await sources.dispatch(b'{"source":"shop"}'))[:2] == (400, "no_project")


async def test_a_strangers_source_is_not_there(yard, client_of, shop):
    stranger = Sources(yard, await client_of(await yard.stranger_key()))
    assert refused(await stranger.dispatch(b'{"source":"%s"}' % shop["id"].encode()))[:2] == (404, "not_found")


@pytest.mark.parametrize("path", ["/v1/events/dispatch", "/v1/events/batch"])
async def test_to_publish_takes_the_scope_for_it(yard, client_of, shop, path):
    scopes = [scope for scope in Scope if scope not in (Scope.ADMIN, Scope.EVENTS_PUBLISH)]
    reader = await client_of(await yard.key_for(*scopes))
    assert refused(await reader.post(path, content=b"[]"))[:2] == (403, "forbidden")
    nobody = await client_of(None)
    assert refused(await nobody.post(path, content=b"[]"))[:2] == (401, "unauthenticated")
    publisher = await client_of(await yard.key_for(Scope.EVENTS_PUBLISH))
    assert (await publisher.post("/v1/events/dispatch", content=b'{"source":"shop"}')).status_code == 200


async def test_what_the_schema_does_not_take_is_told_where_it_stands_in_the_body(sources):
    source = await sources.make(schema={"type": "object", "properties": {"order": {"type": "integer"}}})
    answer = await sources.dispatch(b'{"source":"shop","payload":{"order":"one"}}')
    assert refused(answer) == (422, "schema_mismatch", "/payload/order")
    event = CLOUD_EVENT.replace(b'{"total":1.50}', b'{"order":"one"}')
    assert refused(await sources.post(source, event, STRUCTURED)) == (422, "schema_mismatch", "/data/order")
    assert refused(await sources.dispatch(event, STRUCTURED)) == (422, "schema_mismatch", "/data/order")
    assert refused(await sources.dispatch(b'{"order":"one"}', CE_HEADERS | {"x-event-source": "shop"}))[2] == "/order"
    assert refused(await sources.post(source, b'{"order":"one"}')) == (422, "schema_mismatch", "/order")
    lines = await sources.batch(b'[{"payload":{"order":"one"}},{"data":{"order":"one"}}]', source="shop")
    assert [line["pointer"] for line in lines.json()] == ["/0/payload/order", "/1/data/order"]
    lines = await sources.post(source, b"[%s,%s]" % (event.replace(b"one", b"1").replace(b'"1"', b"1"), event), BATCH)
    assert [line.get("pointer") for line in lines.json()] == [None, "/1/data/order"]
    answer = await sources.post(source, b"<order/>", {"content-type": "application/xml"})
    assert refused(answer) == (422, "schema_mismatch", "Content-Type")
    xml = event.replace(b'{"order":"one"}', b'"<a/>","datacontenttype":"application/xml"')
    assert refused(await sources.post(source, xml, STRUCTURED)) == (422, "schema_mismatch", "/datacontenttype")


# CloudEvents at dispatch


async def test_a_cloudevent_names_its_source_by_its_attribute_or_by_a_header(sources, shop):
    by_attribute = await sources.dispatch(CLOUD_EVENT, STRUCTURED, project_id="default")
    assert (by_attribute.status_code, by_attribute.json()["source"]) == (200, "shop")
    assert (await sources.kept(by_attribute)).data == b'{"total":1.50}'
    by_header = await sources.dispatch(b'{"total":  1}', {**CE_HEADERS, "x-event-source": shop["id"]})
    event = await sources.kept(by_header)
    assert (event.source, event.data) == ("/shop", b'{"total":  1}')
    unknown = await sources.dispatch(b"{}", CE_HEADERS)
    assert refused(unknown)[:2] == (404, "not_found")


async def test_a_cloudevent_dispatched_twice_is_answered_as_the_first_time(sources, shop):
    first, again = [await sources.dispatch(CLOUD_EVENT, STRUCTURED) for _ in range(2)]
    assert again.headers[REPLAYED] == "true"
    assert again.json()["entry_id"] == first.json()["entry_id"]


async def test_the_whole_body_of_a_cloudevent_is_signed(sources):
    await sources.make(scheme="hmac-sha256", secret=SECRET)
    headers = {**STRUCTURED, "x-signature-256": sign_body(SECRET, CLOUD_EVENT)}
    assert (await sources.dispatch(CLOUD_EVENT, headers)).status_code == 200
    assert refused(await sources.dispatch(b" " + CLOUD_EVENT, headers))[:2] == (401, "signature_invalid")


@pytest.mark.parametrize("path", ["/v1/events/dispatch", "/v1/events/batch"])
async def test_a_batch_of_cloudevents_is_dispatched_each_to_its_source(client, sources, shop, path):
    unknown = CLOUD_EVENT.replace(b'"shop"', b'"none"')
    answer = await client.post(path, content=b"[%s,%s]" % (CLOUD_EVENT, unknown), headers=BATCH)
    assert answer.status_code == 200
    taken, lost = answer.json()
    assert (taken["status"], taken["event_id"]) == (202, "A-1")
    assert (lost["status"], lost["code"]) == (404, "not_found")
    one = await client.post(path, content=b"[%s]" % unknown, headers={**BATCH, "x-event-source": "shop"})
    assert one.json()[0]["status"] == 202


@pytest.mark.parametrize("path", ["/v1/events/dispatch", "/v1/events/batch"])
async def test_what_is_wrong_with_one_cloudevent_of_a_batch_harms_no_other(client, shop, path):
    untyped = CLOUD_EVENT.replace(b'"type"', b'"kind"')
    deep = CLOUD_EVENT.replace(b'"specversion"', b'"data":' + b"[" * 70 + b"]" * 70 + b',"specversion"')
    large = CLOUD_EVENT.replace(b'"specversion"', b'"data":"' + b"x" * (1 << 20) + b'","specversion"')
    answer = await client.post(path, content=b"[%s,%s,%s,%s]" % (untyped, deep, large, CLOUD_EVENT), headers=BATCH)
    assert answer.status_code == 200
    assert [(one["status"], one.get("code"), one.get("pointer")) for one in answer.json()] == [
        (400, "invalid_cloudevent", "/0/type"), (413, "body_too_deep", "/1"), (413, "body_too_large", "/2"),
        (202, None, None),
    ]  # fmt: skip


async def test_a_batch_at_a_door_of_which_nothing_is_taken_is_refused_as_its_first_event_is(sources, shop):
    untyped = CLOUD_EVENT.replace(b'"type"', b'"tpye"')
    answer = await sources.post(shop, b"[%s,5]" % untyped, BATCH)
    assert refused(answer) == (400, "invalid_cloudevent", "/0/type")
    answer = await sources.post(shop, b"[%s,%s]" % (untyped, CLOUD_EVENT), BATCH)
    assert (answer.status_code, [one["status"] for one in answer.json()]) == (202, [400, 202])
    empty = await sources.post(shop, b"[]", BATCH)
    assert (empty.status_code, empty.json()) == (202, [])


async def test_in_a_batch_a_key_that_came_with_other_data_is_pointed_at(client, sources, shop):
    lines = await sources.batch(
        b'[{"payload":1,"idempotency_key":"k"},{"payload":2,"idempotency_key":"k"}]', source="shop"
    )
    assert [(one["status"], one.get("pointer")) for one in lines.json()] == [(202, None), (422, "/1/idempotency_key")]
    other = CLOUD_EVENT.replace(b"1.50", b"2")
    lines = await client.post("/v1/events/batch", content=b"[%s,%s]" % (CLOUD_EVENT, other), headers=BATCH)
    assert [(one["status"], one.get("pointer")) for one in lines.json()] == [(202, None), (422, "/1")]
    assert "A-1" in lines.json()[1]["detail"]
    elsewhere = CLOUD_EVENT.replace(b'"shop"', b'"none"')
    lines = await client.post("/v1/events/batch", content=b"[%s]" % elsewhere, headers=BATCH)
    assert [(one["code"], one["pointer"]) for one in lines.json()] == [("not_found", "/0")]


async def test_a_cloudevent_may_have_no_data(client, sources, shop):
    bare = b'{"specversion":"1.0","id":"A-1","source":"shop","type":"order.created"}'
    binary = {"ce-specversion": "1.0", "ce-id": "A-3", "ce-source": "shop", "ce-type": "order.created"}
    answers = [
        await client.post("/v1/events/dispatch", content=bare, headers=STRUCTURED),
        await sources.post(shop, bare.replace(b"A-1", b"A-2"), STRUCTURED),
        await sources.post(shop, b"", binary),
        await sources.post(shop, b"", binary | {"ce-id": "A-4", "content-type": "application/json"}),
        await sources.post(shop, b"[%s]" % bare.replace(b"A-1", b"A-5"), BATCH),
    ]
    assert [answer.status_code for answer in answers] == [200, 202, 202, 202, 202]
    told = [answer.json() for answer in answers]
    events = [await sources.kept(one[0] if isinstance(one, list) else one) for one in told]
    assert [(event.id, event.data) for event in events] == [(f"A-{number}", b"") for number in range(1, 6)]


# POST /v1/events/batch


async def test_one_event_of_a_batch_is_bounded_and_its_attributes_hold_no_controls(sources, shop):
    large = b'{"payload":"' + b"x" * (1 << 20) + b'"}'
    body = (
        b'%s\n{"type":"a\\r\\nX: 1"}\n{"id":"\\u0000"}\n{"subject":"s\\n"}\n{"routing_key":"a\\t"}\n{"payload":1}'
        % large
    )
    answer = await sources.batch(body, NDJSON, source="shop")
    told = [json.loads(line) for line in answer.content.splitlines()]
    assert [(one["status"], one.get("code"), one.get("pointer")) for one in told] == [
        (413, "body_too_large", "/0"), (422, "invalid_body", "/1/type"), (422, "invalid_body", "/2/id"),
        (422, "invalid_body", "/3/subject"), (422, "invalid_body", "/4/routing_key"), (202, None, None),
    ]  # fmt: skip


async def test_a_batch_in_ndjson_is_answered_in_ndjson_line_by_line(yard, sources, shop):
    await sources.subscribe(shop)
    body = b'{"payload": {"n" :1}}\r\n\n{"source":"none","payload":2}\n{oops\n{"payload":3,"colour":"red"}\n{"data":4}'
    answer = await sources.batch(body, NDJSON, source="shop", project_id="default")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert answer.content.endswith(b"\n")
    first, unknown, broken, odd, last = [json.loads(line) for line in answer.content.splitlines()]
    assert (first["status"], first["dispatched"], last["status"]) == (202, 1, 202)
    assert (unknown["status"], unknown["code"], unknown["pointer"]) == (404, "not_found", "/1")
    assert (broken["status"], broken["code"], broken["pointer"]) == (400, "invalid_json", "/2")
    assert (odd["status"], odd["code"], odd["pointer"]) == (422, "invalid_body", "/3/colour")
    assert "colour" in odd["detail"]
    assert [(await sources.kept(line)).data for line in (first, last)] == [b'{"n" :1}', b"4"]
    assert len(await yard.webhook.arrived(2)) == 2


async def test_a_line_that_is_not_unicode_harms_no_other_line(sources, shop):
    lines = b'{"source": "shop", "data": {"a": "\xc3\xa9"}}\n{"source": "shop", "data": {"a": "\xff"}}\n'
    answer = await sources.batch(lines, {"content-type": "application/x-ndjson"})
    good, bad = (json.loads(line) for line in answer.text.splitlines())
    assert (good["status"], bad["status"], bad["code"]) == (202, 400, "invalid_json")


async def test_a_batch_as_an_array_is_answered_as_an_array(sources, shop):
    item = {
        "source": "shop", "payload": {"a": 1}, "id": "E-1", "type": "order.created", "subject": "order/1",
        "time": "2026-01-02T03:04:05.600Z", "routing_key": "order.created.eu",
    }  # fmt: skip
    answer = await sources.batch(json.dumps([item, {"source": "shop"}]).encode())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    full, bare = answer.json()
    event = await sources.kept(full)
    assert (event.id, event.type, event.subject) == ("E-1", "order.created", "order/1")
    assert (event.routing_key, event.time, event.source) == ("order.created.eu", NOW - 78, "/sources/shop")
    event = await sources.kept(bare)
    assert (event.type, event.data) == ("shop", b"null")


@pytest.mark.parametrize(
    ("item", "code", "pointer"),
    [
        ({"payload": 1}, "invalid_body", "/0/source"),
        ({"source": "shop", "time": "yesterday"}, "invalid_body", "/0/time"),
        ({"source": "shop", "type": ""}, "invalid_body", "/0/type"),
        ({"source": "shop", "id": "x" * 1025}, "invalid_body", "/0/id"),
        ({"source": "shop", "idempotency_key": "k" * 256}, "invalid_body", "/0/idempotency_key"),
        ({"source": "shop", "payload": 1, "data": 2}, "invalid_body", "/0/data"),
        (7, "invalid_body", "/0"),
    ],
)
async def test_an_event_of_a_batch_that_is_wrong_is_told_where(sources, shop, item, code, pointer):
    wrong, right = (await sources.batch(json.dumps([item, {"source": "shop"}]).encode())).json()
    assert (wrong["status"], wrong["code"], wrong["pointer"]) == (422, code, pointer)
    assert right["status"] == 202


async def test_events_of_a_batch_are_known_again_by_key_or_id(sources, shop):
    items = [
        {"source": "shop", "idempotency_key": "k", "payload": 1},
        {"source": "shop", "idempotency_key": "k", "payload": 1},
        {"source": "shop", "idempotency_key": "k", "payload": 2},
        {"source": "shop", "id": "E-1", "payload": 3},
        {"source": "shop", "id": "E-1", "payload": 3},
    ]
    lines = (await sources.batch(json.dumps(items).encode())).json()
    assert [line.get("replayed") for line in lines] == [None, True, None, None, True]
    assert lines[1]["entry_id"] == lines[0]["entry_id"]
    assert (lines[2]["status"], lines[2]["code"]) == (422, "idempotency_mismatch")
    assert await sources.count() == 2


async def test_a_batch_to_a_source_that_is_signed_for_is_signed_as_a_whole(sources):
    await sources.make(scheme="hmac-sha256", secret=SECRET)
    body = b'[{"source":"shop","payload":1}, {"source":"shop","payload":2}]'
    good = await sources.batch(body, {"x-signature-256": sign_body(SECRET, body)})
    assert [line["status"] for line in good.json()] == [202, 202]
    bad = await sources.batch(body)
    assert [(line["status"], line["code"]) for line in bad.json()] == [(401, "signature_missing")] * 2


async def test_a_batch_that_is_no_list_of_events_is_refused_whole(sources, shop):
    assert refused(await sources.batch(b'{"source":"shop"}'))[:2] == (422, "invalid_body")
    assert refused(await sources.batch(b"[{}"))[:2] == (400, "invalid_json")
    assert refused(await sources.batch(b"a,b", {"content-type": "text/csv"})) == (
        415, "unsupported_media_type", "Content-Type",
    )  # fmt: skip


async def test_an_empty_batch_is_a_batch(sources):
    assert (await sources.batch(b"[]")).json() == []
    assert (await sources.batch(b"\n", NDJSON)).content == b""


# Bounds


def nested(depth):
    return b"[" * depth + b"]" * depth


@pytest.fixture
async def small():
    limits = LimitSettings(body_bytes=200, batch_bytes=2000, batch_events=3, depth=4)
    async with memory_hub(limits=limits) as yard:
        transport = httpx.ASGITransport(yard.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=yard.headers()) as client:
            yield Sources(yard, client)


async def test_json_has_a_depth(small):
    source = await small.make()
    assert (await small.post(source, nested(4))).status_code == 202
    assert refused(await small.post(source, nested(5)))[:2] == (413, "body_too_deep")
    assert refused(await small.post(source, nested(5), CE_HEADERS))[:2] == (413, "body_too_deep")
    plain = await small.post(source, nested(5), {"content-type": "text/plain"})
    assert plain.status_code == 202
    assert (await small.dispatch(b'{"source":"shop","payload":%s}' % nested(3))).status_code == 200
    assert refused(await small.dispatch(b'{"source":"shop","payload":%s}' % nested(4)))[:2] == (413, "body_too_deep")


async def test_one_event_that_is_too_deep_harms_no_other_of_its_batch(small):
    await small.make()
    deep, fine = b'{"source":"shop","payload":%s}' % nested(4), b'{"source":"shop","payload":%s}' % nested(3)
    for body, headers in ((b"[%s,%s]" % (deep, fine), {}), (b"%s\n%s" % (deep, fine), NDJSON)):
        text = (await small.batch(body, headers)).text
        lines = [json.loads(line) for line in text.splitlines()] if headers else json.loads(text)
        assert [(line["status"], line.get("pointer")) for line in lines] == [(413, "/0"), (202, None)]


async def test_a_quote_left_open_in_one_line_hides_nothing_in_the_next(small):
    await small.make()
    deep = b'{"source":"shop","payload":%s}' % nested(60)
    lines = (await small.batch(b'{"source":"\n' + deep, NDJSON)).text.splitlines()
    assert [json.loads(line)["code"] for line in lines] == ["invalid_json", "body_too_deep"]


async def test_an_abyss_is_refused_and_brings_nobody_down(client, sources, shop):
    for path in (f"/in/{shop['id']}", "/v1/events/dispatch", "/v1/events/batch"):
        answer = await client.post(path, content=b"[" * 500_000)
        assert answer.status_code in (400, 413)


async def test_a_batch_has_a_count(small):
    source = await small.make()
    assert refused(await small.batch(b"[1,2,3,4]"))[:2] == (413, "batch_too_large")
    assert refused(await small.batch(b"1\n2\n3\n4\n", NDJSON))[:2] == (413, "batch_too_large")
    assert refused(await small.post(source, b"[1,2,3,4]", BATCH))[:2] == (413, "batch_too_large")
    assert (await small.batch(b"1\n2\n3\n\n\n", NDJSON)).status_code == 200


async def test_a_batch_may_be_larger_than_one_event_wherever_it_comes_in(small):
    source = await small.make()
    assert refused(await small.post(source, b" " * 201))[:2] == (413, "body_too_large")
    body = b"[%s]" % b",".join(CLOUD_EVENT.replace(b"A-1", b"A-%d" % number) for number in range(3))
    assert len(body) > 200
    assert (await small.post(source, body, BATCH)).status_code == 202
    assert (await small.dispatch(body, {"content-type": "Application/CloudEvents-Batch+JSON"})).status_code == 200
    assert (await small.batch(body, BATCH)).status_code == 200
    assert refused(await small.batch(b" " * 2001))[:2] == (413, "body_too_large")


async def test_a_signature_made_with_nothing_but_the_standard_library_is_the_same(sources):
    await sources.make(scheme="hmac-sha256", secret=SECRET)
    signature = "sha256=" + hmac.new(SECRET.encode(), b'{"a":1}', hashlib.sha256).hexdigest()
    answer = await sources.dispatch(b'{"source":"shop","payload":{"a":1}}', {"x-signature-256": signature})
    assert answer.status_code == 200


async def test_what_is_refused_of_a_batch_is_let_go_at_once(sources, shop):
    room = sources.yard.hub.room
    gc.disable()
    try:
        for body in (b'{"payload":"%s","source":"none"}', b'{"data":"%s","colour":1}'):
            large = body % (b"x" * 500_000)
            [line] = (await sources.batch(large, NDJSON)).text.splitlines()
            assert json.loads(line)["status"] >= 400
        untyped = CLOUD_EVENT.replace(b'"type"', b'"tpye"').replace(b"1.50", b'"%s"' % (b"x" * 500_000))
        assert (await sources.post(shop, b"[%s]" % untyped, BATCH)).status_code == 400
        held = [one for one in gc.get_objects() if isinstance(one, FrameType) and "arrivals" in one.f_locals]
    finally:
        gc.enable()
    assert held == []
    assert room.left == 256 << 20
