"""Accept: the verb of the hot path. An event of a known source becomes a committed publication with its deliveries.

The order is DESIGN's straight line: schema, idempotency key, match, one group commit; only then does the caller get an
answer, and the deliveries this process has room for go straight to dispatch, without a read back. Proving the sender
(``verifiers``) and decoding the request (``wire``) came before; the story goes on in ``dispatch.py``.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from eventyard.model.catalog import Subscription, Target
from eventyard.model.errors import Conflict, HubError, Invalid, Unauthenticated
from eventyard.model.event import Event
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Appended, Claimed, Idempotency, NewDelivery, NewPublication
from eventyard.model.lifecycle import Status
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.doors import Door
from eventyard.ports import Clock, Store

SIGNATURE_KEY = "signature:"
"""Prefix of the idempotency key that a signature itself is; no key of a sender begins with it."""


class Choice(Struct, frozen=True):
    """What a matching subscription came to at accept time: queued, or skipped and why."""

    subscription: Subscription
    reason: str | None = None


class Accepted(Struct, frozen=True):
    """The answer to an accepted event. With ``replayed`` it is the answer given the first time."""

    entry_id: EntryId
    event_id: str
    dispatched: int
    choices: tuple[Choice, ...] = ()
    replayed: bool = False


class Dispatcher(Protocol):
    """What accept needs of dispatch."""

    def lease_for(self, target: Target) -> Millis: ...  # noqa: D102
    def offer(self, claimed: Claimed) -> None: ...  # noqa: D102
    def pending(self, target: Target) -> None: ...  # noqa: D102


class AcceptObserver(Protocol):
    """Who is told of accepted events (telemetry)."""

    def accepted(self, door: Door, event: Event, answer: Accepted, started: Millis) -> None: ...  # noqa: D102


class Acceptor:
    """Takes events in. One per hub; holds no state of its own but what its parts hold."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        dispatcher: Dispatcher,
        clock: Clock,
        observer: AcceptObserver,
        *,
        pulled: Callable[[str], bool],
        window_ms: int,
        replay_ms: int,
    ) -> None:
        """``pulled`` tells target types whose deliveries wait for a worker; ``window_ms`` is how long an idempotency
        key counts, ``replay_ms`` how long a signature may not come again.
        """
        self._catalog = catalog
        self._store = store
        self._dispatcher = dispatcher
        self._clock = clock
        self._observer = observer
        self._pulled = pulled
        self._window_ms = window_ms
        self._replay_ms = replay_ms

    async def accept(
        self, door: Door, event: Event, *, key: str | None = None, signature: str | None = None
    ) -> Accepted:
        """Commit one event.

        ``key`` is the sender's idempotency key: the same key again, with the same data, gets the same answer.
        ``signature`` may never come twice. Raises ``Invalid`` (``source_disabled``, ``schema_mismatch``,
        ``invalid_json``), ``Conflict`` (``idempotency_mismatch``), ``Unauthenticated`` (``signature_replayed``),
        ``Unavailable``.
        """
        started = self._clock()
        publication, choices = self._prepare(door, event, started, key, signature)
        appended = await self._store.append(publication)
        return self._finish(door, publication, choices, appended)

    async def accept_batch(self, items: Sequence[tuple[Door, Event, str | None]]) -> list[Accepted | HubError]:
        """Commit many events in one transaction, each with its own result. What is wrong with one harms no other."""
        started = self._clock()
        results: list[Accepted | HubError | None] = []
        prepared: list[tuple[Door, NewPublication, tuple[Choice, ...]]] = []
        for door, event, key in items:
            try:
                prepared.append((door, *self._prepare(door, event, started, key, None)))
                results.append(None)
            except HubError as error:
                results.append(error)
        appended = iter(await self._store.append_batch([publication for _, publication, _ in prepared]))
        waiting = iter(prepared)
        return [self._settle(*next(waiting), next(appended)) if result is None else result for result in results]

    def _settle(
        self, door: Door, publication: NewPublication, choices: tuple[Choice, ...], appended: Appended
    ) -> Accepted | HubError:
        try:
            return self._finish(door, publication, choices, appended)
        except HubError as error:
            return error

    def _prepare(
        self, door: Door, event: Event, now: Millis, key: str | None, signature: str | None
    ) -> tuple[NewPublication, tuple[Choice, ...]]:
        source = door.source
        if not source.enabled:
            raise Invalid("source_disabled", f"source {source.name!r} is disabled", hint="enable it, then send again")
        data = self._decode(door, event)
        for schema in door.schemas:
            schema.check(data)
        matching = self._catalog.index.match(source.topic_id, source.id, event.routing_key, data)
        choices, deliveries = self._choose(matching, now) if matching else ((), ())
        publication = NewPublication(
            event,
            source,
            door.project.number,
            door.application.number,
            door.topic.number,
            now,
            deliveries,
            self._keys(event, now, key, signature) if key or signature else (),
        )
        return publication, choices

    def _decode(self, door: Door, event: Event) -> Any:
        """The event's data as a JSON value if a schema or a filter wants to look at it, else ``None``."""
        if not event.is_json:
            if door.schemas:
                raise Invalid(
                    "schema_mismatch",
                    f"source {door.source.name!r} has a schema, and {event.content_type} data is not JSON",
                    pointer="datacontenttype",
                )
            return None
        if not door.schemas and not self._catalog.index.needs_data(door.source.topic_id, door.source.id):
            return None
        try:
            return msgspec.json.decode(event.data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Invalid("invalid_json", f"the event's data is not JSON: {error}") from None

    def _choose(
        self, matching: Sequence[Subscription], now: Millis
    ) -> tuple[tuple[Choice, ...], tuple[NewDelivery, ...]]:
        choices, deliveries = [], []
        for subscription in matching:
            target = self._catalog.seek(Target, subscription.target_id)
            if target is None or not target.enabled:
                choices.append(
                    Choice(subscription, "its target is gone" if target is None else "its target is disabled")
                )
                continue
            choices.append(Choice(subscription))
            if self._pulled(target.type):
                deliveries.append(NewDelivery(subscription, target, Status.PENDING, now))
            else:
                lease = self._dispatcher.lease_for(target)
                deliveries.append(NewDelivery(subscription, target, Status.PROCESSING, now, lease))
        return tuple(choices), tuple(deliveries)

    def _keys(self, event: Event, now: Millis, key: str | None, signature: str | None) -> tuple[Idempotency, ...]:
        keys = []
        if key:
            print_ = hashlib.blake2b(event.data, digest_size=16).digest()
            keys.append(Idempotency(key, now + self._window_ms, print_))
        if signature:
            digest = hashlib.sha256(signature.encode()).hexdigest()
            keys.append(Idempotency(SIGNATURE_KEY + digest, now + self._replay_ms))
        return tuple(keys)

    def _finish(
        self, door: Door, publication: NewPublication, choices: tuple[Choice, ...], appended: Appended
    ) -> Accepted:
        if appended.duplicate:
            return self._repeat(door, publication, appended)
        event, entry_id = publication.event, appended.entry_id
        for offset, delivery in enumerate(publication.deliveries, start=1):
            if delivery.lease_until:
                self._dispatcher.offer(
                    Claimed(
                        EntryId(entry_id + offset),
                        entry_id,
                        delivery.subscription.id,
                        delivery.target.number,
                        1,
                        delivery.due_at,
                        delivery.lease_until,
                        event,
                    )
                )
            else:
                self._dispatcher.pending(delivery.target)
        answer = Accepted(entry_id, appended.event_id, appended.deliveries, choices)
        self._observer.accepted(door, event, answer, publication.received_at)
        return answer

    def _repeat(self, door: Door, publication: NewPublication, appended: Appended) -> Accepted:
        if appended.key is not None and appended.key.startswith(SIGNATURE_KEY):
            raise Unauthenticated(
                "signature_replayed",
                "this signature was used before",
                hint="sign each request anew; to repeat a request safely, send an Idempotency-Key",
            )
        if appended.mismatch:
            raise Conflict(
                "idempotency_mismatch",
                f"the idempotency key {appended.key!r} was used before, for other data",
                hint="use a new key for a new event",
            )
        answer = Accepted(appended.entry_id, appended.event_id, appended.deliveries, replayed=True)
        self._observer.accepted(door, publication.event, answer, publication.received_at)
        return answer
