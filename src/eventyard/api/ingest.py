"""The hot path of the HTTP front: the three calls by which events come in, answered without FastAPI.

``POST /in/{source_id}`` takes what any sender posts, proven by the source's own scheme. ``POST /v1/events/dispatch`` is
the event-sources API's call, ``POST /v1/events/batch`` its counterpart for many; both want an API key. All take
CloudEvents. Each turns a request into arrivals, lets ``pipeline/accept.py`` commit them, and turns the outcome into an
answer; nothing is decided here.
"""

import random
from collections.abc import Mapping
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from eventyard.api.http import JSON, Answer, check_size
from eventyard.api.results import Receipt, decoded, lines_of, results_again, results_of
from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Source
from eventyard.model.errors import HubError, Invalid
from eventyard.model.event import Event
from eventyard.model.ids import RANDOM_BYTES, Millis, uuid7, uuid7s
from eventyard.pipeline import idempotency
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.doors import Door
from eventyard.pipeline.hub import Hub
from eventyard.pipeline.turns import Turn
from eventyard.pipeline.view import View
from eventyard.ports import Request
from eventyard.wire import cloudevents
from eventyard.wire.attribute_text import check_text
from eventyard.wire.batches import in_array, in_lines
from eventyard.wire.cloudevents import Mode
from eventyard.wire.json_depth import check_depth
from eventyard.wire.rfc3339 import parse

NDJSON = "application/x-ndjson"
REPLAYED = ((b"idempotency-replayed", b"true"),)

AT_ONCE = 256 * 1024
"""Bytes of a batch that are read in a turn, whatever they are."""

NOTHING = Raw()

Word = Annotated[str, Meta(min_length=1, max_length=1024)]


class Dispatch(Struct, forbid_unknown_fields=True):
    """The body of a dispatch: the source by name or id, and the payload, kept byte for byte."""

    source: str
    project_id: str | None = None
    payload: Raw = Raw(b"null")


class Item(Struct, forbid_unknown_fields=True):
    """One event of a native batch. ``payload`` and ``data`` are two words for the same."""

    source: str | None = None
    payload: Raw = NOTHING
    data: Raw = NOTHING
    id: Word | None = None
    type: Word | None = None
    time: str | None = None
    subject: Word | None = None
    routing_key: Word | None = None
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=idempotency.KEY_LIMIT)] | None = None


_encoder = msgspec.json.Encoder()
_encode = _encoder.encode
_decode_dispatch = msgspec.json.Decoder(Dispatch).decode
_decode_item = msgspec.json.Decoder(Item).decode


class Ingest:
    """Requests in, answers out. ``headers`` have lower-case names; ``body`` is whole and inflated."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def post(self, door: Door, headers: Mapping[str, str], body: bytes) -> Answer:
        """``POST /in/{source_id}``: one event, or a CloudEvents batch, from a sender who knows nothing of us."""
        hub = self._hub
        now = hub.clock()
        verified = door.verify(Request(headers, body, now))
        mode = cloudevents.mode_of(headers)
        # The sender's own id goes before a header that no scheme signs: under another header it is still a redelivery.
        key = idempotency.of_delivery(verified.key) if verified.key else idempotency.of_sender(headers)
        if mode is Mode.BATCH:
            return await self._post_batch(door, body, now)
        if mode is None:
            type_ = verified.type or door.source.name
            event = self._plain(door, headers, body, now, verified.key, type_)
        else:
            event = self._cloud(mode, headers, body, now)
            key = key or idempotency.of_event(event)
        # GitHub sends the same body under several ids, as several events: the signature speaks only where no id does.
        signature = verified.signature if key is None else None
        bare, data_at = mode is not None and not event.data, _data_at(mode)
        arrival = Arrival(door, event, key, signature, redelivery=True, well_formed=bare, data_at=data_at)
        accepted = await hub.acceptor.accept(arrival)
        receipt = Receipt(accepted.event_id, accepted.entry_id, accepted.dispatched)
        return Answer(202, _encode(receipt), headers=REPLAYED if accepted.replayed else ())

    async def dispatch(
        self, who: Principal, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> Answer:
        """``POST /v1/events/dispatch``: an event of a source named in the request, with a result per subscription."""
        hub = self._hub
        now = hub.clock()
        who.need(Scope.EVENTS_PUBLISH)
        mode = cloudevents.mode_of(headers)
        if mode is None:
            check_depth(body, hub.limits.depth)
            asked = decoded(_decode_dispatch, body)
            if not _is_unicode(body):
                raise Invalid("invalid_json", "the body is not JSON: it is not UTF-8 all through")
            door = self._door(who, asked.project_id, asked.source)
            payload = bytes(asked.payload)
            event = Event(_new_id(now), door.uri, door.source.name, now, payload, door.source.name, "application/json")
            key = idempotency.of_sender(headers)
            signed, data_at, well_formed = payload, "/payload", True
        else:
            if mode is Mode.BATCH:
                return await self._dispatch_cloud_batch(who, headers, query, body, now)
            event = self._cloud(mode, headers, body, now)
            door = self._door(who, query.get("project_id"), headers.get("x-event-source") or event.source)
            key = idempotency.of_sender(headers) or idempotency.of_event(event)
            signed, data_at, well_formed = body, _data_at(mode), not event.data
        signature = self._prove(door, headers, signed, now)
        arrival = Arrival(door, event, key, signature, well_formed=well_formed, data_at=data_at)
        accepted = await hub.acceptor.accept(arrival)
        if accepted.replayed:
            results = results_again(await hub.acceptor.deliveries(accepted), hub.catalog)
        else:
            results = results_of(accepted)
        answer = {
            "dispatched": accepted.dispatched,
            "source": door.source.name,
            "event_id": accepted.event_id,
            "entry_id": accepted.entry_id,
            "results": results,
        }
        return Answer(200, _encode(answer), headers=REPLAYED if accepted.replayed else ())

    async def batch(self, who: Principal, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        """``POST /v1/events/batch``: many events, as NDJSON or a JSON array, committed together, a result for each."""
        hub = self._hub
        now = hub.clock()
        who.need(Scope.EVENTS_PUBLISH)
        media = headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if media == cloudevents.BATCH_MEDIA:
            return await self._dispatch_cloud_batch(who, headers, query, body, now)
        if media not in (JSON, NDJSON, "application/jsonl"):
            raise Invalid(
                "unsupported_media_type", f"a batch of {media!r} is not understood", pointer="Content-Type",
                hint=f"send {JSON} (an array) or {NDJSON} (one event a line)",
            )  # fmt: skip
        lines, limits, source = media != JSON, hub.limits, query.get("source")
        if lines:
            raws = in_lines(body, limits.batch_events)
        else:
            raws = list(map(bytes, decoded(partial(in_array, limit=limits.batch_events), body)))
        unicode = _is_unicode(body)
        ids = uuid7s(now, random.randbytes(RANDOM_BYTES * len(raws)))
        doors: dict[str | None, Door | HubError] = {}
        arrivals: list[Arrival | HubError] = []
        long, turn = len(body) > AT_ONCE, Turn(hub.clock)
        for raw, fresh_id in zip(raws, ids, strict=True):
            if long and turn.over():
                await turn.pass_on()
            try:
                check_size(raw, limits.body_bytes)
                check_depth(raw, limits.depth)
                item = decoded(_decode_item, raw)
                name = item.source or source
                if name not in doors:
                    doors[name] = self._batch_door(who, query, name, headers, body, now)
                door = doors[name]
                if isinstance(door, HubError):
                    raise door
                arrivals.append(_arrival(door, item, fresh_id, now, well_formed=unicode))
            except HubError as error:
                arrivals.append(error.kept())
        told = lines_of(await hub.acceptor.accept_batch(arrivals), key_at="/idempotency_key")
        return Answer(200, _encoder.encode_lines(told), NDJSON) if lines else Answer(200, _encode(told))

    # Parts

    def _batch_door(
        self,
        who: Principal,
        query: Mapping[str, str],
        name: str | None,
        headers: Mapping[str, str],
        body: bytes,
        now: Millis,
    ) -> Door | HubError:
        """The door of a batch's source, its signature over the whole body checked once, or why there is none."""
        if name is None:
            return Invalid("invalid_body", "the event names no source", pointer="/source", hint="or give ?source=")
        try:
            door = self._door(who, query.get("project_id"), name)
            self._prove(door, headers, body, now)
            return door
        except HubError as error:
            return error.kept()

    async def _dispatch_cloud_batch(
        self, who: Principal, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: Millis
    ) -> Answer:
        arrivals: list[Arrival | HubError] = []
        doors: dict[str | None, Door | HubError] = {}
        for event in await self._events(body, now):
            if isinstance(event, HubError):
                arrivals.append(event)
                continue
            name = headers.get("x-event-source") or query.get("source") or event.source
            if name not in doors:
                doors[name] = self._batch_door(who, query, name, headers, body, now)
            door = doors[name]
            arrivals.append(door if isinstance(door, HubError) else _cloud_arrival(door, event))
        return Answer(200, _encode(lines_of(await self._hub.acceptor.accept_batch(arrivals))))

    async def _post_batch(self, door: Door, body: bytes, now: Millis) -> Answer:
        """A result for each. Where nothing was taken, it raises what is wrong with the first: who sent it knows nothing
        of us, and may look at the status alone.
        """
        arrivals = [_cloud_arrival(door, event) for event in await self._events(body, now)]
        results = await self._hub.acceptor.accept_batch(arrivals)
        wrong = [result for result in results if isinstance(result, HubError)]
        if wrong and len(wrong) == len(results):
            raise wrong[0].below("/0")
        return Answer(202, _encode(lines_of(results)))

    def _plain(
        self, door: Door, headers: Mapping[str, str], body: bytes, now: Millis, delivery: str | None, type_: str
    ) -> Event:
        event = Event(
            delivery or _new_id(now),
            door.uri,
            type_,
            now,
            body,
            type_,
            headers.get("content-type") or JSON,
        )
        if event.is_json:
            check_depth(body, self._hub.limits.depth)
        return event

    def _cloud(self, mode: Mode, headers: Mapping[str, str], body: bytes, now: Millis) -> Event:
        if mode is Mode.BINARY:
            event = cloudevents.decode_binary(headers, body, now)
            if event.is_json:
                check_depth(body, self._hub.limits.depth)
            return event
        check_depth(body, self._hub.limits.depth)
        return cloudevents.decode_structured(body, now)

    async def _events(self, body: bytes, now: Millis) -> list[Event | HubError]:
        limits = self._hub.limits

        def check(raw: bytes) -> None:
            check_size(raw, limits.body_bytes)
            check_depth(raw, limits.depth)

        events: list[Event | HubError] = []
        turn = Turn(self._hub.clock)
        for event in cloudevents.decode_each(body, now, limits.batch_events, check):
            events.append(event)
            if turn.over():
                await turn.pass_on()
        return events

    def _door(self, who: Principal, project_id: str | None, source: str) -> Door:
        view = View(self._hub.catalog, who)
        project = view.project(project_id)
        return self._hub.doors.of(view.named(Source, project, source).id)

    def _prove(self, door: Door, headers: Mapping[str, str], signed: bytes, now: Millis) -> str | None:
        """The signature over ``signed``; schemes that read Authorization are served by the API key already."""
        if not door.verifier.signs:
            return None
        return door.verify(Request(headers, signed, now)).signature


def _arrival(door: Door, item: Item, fresh_id: str, now: Millis, *, well_formed: bool) -> Arrival:
    if item.payload and item.data:
        raise Invalid("invalid_body", "payload and data are two words for the same", pointer="/data", hint="give one")
    type_ = item.type or door.source.name
    event = Event(
        item.id or fresh_id,
        door.uri,
        type_,
        now if item.time is None else _time(item.time),
        bytes(item.payload or item.data) or b"null",
        item.routing_key or type_,
        "application/json",
        item.subject,
    )
    if item.id or item.type or item.subject or item.routing_key:
        _check_attributes(item)
    key = item.idempotency_key
    known = f"key:{key}" if key else idempotency.of_event(event) if item.id else None
    return Arrival(door, event, known, None, False, well_formed, "/data" if item.data else "/payload")


def _check_attributes(item: Item) -> None:
    for name in ("id", "type", "subject", "routing_key"):
        text = getattr(item, name)
        if text is not None and not text.isprintable():
            check_text(text, f"/{name}", "invalid_body")


def _cloud_arrival(door: Door, event: Event | HubError) -> Arrival | HubError:
    if isinstance(event, HubError):
        return event
    return Arrival(door, event, idempotency.of_event(event), well_formed=not event.data, data_at="/data")


def _data_at(mode: Mode | None) -> str:
    return "/data" if mode is Mode.STRUCTURED else ""


def _is_unicode(body: bytes) -> bool:
    """Whether a body is UTF-8 all through, which a decoder does not find out of the parts it cuts out raw."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _time(text: str) -> Millis:
    try:
        return parse(text)
    except ValueError as error:
        raise Invalid("invalid_body", f"time: {error}", pointer="/time") from None


def _new_id(now: Millis) -> str:
    return uuid7(now, random.randbytes(RANDOM_BYTES))
