"""Accept: the verb of the hot path. An event of a known source becomes a committed publication with its deliveries.

The order is a straight line: schema and match (``match.py``), idempotency key, one group commit; only then does the
caller get an answer, and the deliveries this process has room for go straight to dispatch, without a read back. Proving
the sender (``verifiers``) and decoding the request (``wire``) came before; the story goes on in ``dispatch.py``.
"""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import repeat
from typing import Protocol

from msgspec import Struct

from eventyard.model.catalog import Source, Subscription, Target
from eventyard.model.errors import HubError, Invalid, NotFound
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Appended, Claimed, Entry, Idempotency, NewDelivery, NewPublication
from eventyard.model.lifecycle import Status
from eventyard.pipeline import idempotency
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.match import Matched, Matcher
from eventyard.pipeline.release import in_order
from eventyard.pipeline.turns import Turn
from eventyard.ports import Clock, Store
from eventyard.telemetry.observer import Observer

RUN_ID = "runid"
"""The CloudEvents extension that says of which run of its publisher an event came."""


class Choice(Struct, frozen=True):
    """What a matching subscription came to at accept time: queued, made to wait, or skipped and why."""

    subscription: Subscription
    reason: str | None = None
    waits: bool = False


class Accepted(Struct, frozen=True, gc=False):
    """The answer to an accepted event. With ``replayed`` it is the answer given the first time."""

    entry_id: EntryId
    event_id: str
    dispatched: int
    choices: tuple[Choice, ...] = ()
    replayed: bool = False


Commit = Callable[[Sequence[NewPublication]], Awaitable[Sequence[Appended]]]
"""Commits publications with what else belongs into their transaction; an answer for each."""

Came = Callable[[Subscription, int], None]
"""Is told of a delivery that waits for its subscription, of the topic with that number, once it is on record."""

WAITS = "Compound subscription."
"""Why a delivery of a compound subscription waits, in the words of the DIH seed's example."""

_NOT_YET = Accepted(EntryId(0), "", 0)
_Ready = tuple[int, Arrival, NewPublication, tuple[Choice, ...]]
"""The place in its batch, and what comes of it."""


Waits = Callable[[Subscription], None]
"""Is told that a delivery waits to be fetched for a subscription that wants to know."""


def tell_nobody(subscription: Subscription) -> None:
    """Nobody wants to know."""


class Dispatcher(Protocol):
    """What accept needs of dispatch."""

    def lease_for(self, target: Target) -> Millis: ...  # noqa: D102
    def offer(self, claimed: Claimed) -> None: ...  # noqa: D102
    def pending(self, target: Target) -> None: ...  # noqa: D102


class Acceptor:
    """Takes events in. One per hub; holds no state of its own but what its parts hold."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        dispatcher: Dispatcher,
        clock: Clock,
        observer: Observer,
        *,
        pulled: Callable[[str], bool],
        came: Came,
        window_ms: int,
        replay_ms: int,
        waits: Waits = tell_nobody,
    ) -> None:
        """``pulled`` tells target types whose deliveries wait for a worker, and ``came`` is told of deliveries that
        wait for their subscription; ``window_ms`` is how long an idempotency key counts, ``replay_ms`` how long a
        signature may not come again.
        """
        self._catalog = catalog
        self._store = store
        self._dispatcher = dispatcher
        self._clock = clock
        self._observer = observer
        self._pulled = pulled
        self._came = came
        self._window_ms = window_ms
        self._replay_ms = replay_ms
        self._waits = waits
        self._matcher = Matcher(catalog.index, clock)

    async def accept(self, arrival: Arrival) -> Accepted:
        """Commit one event.

        Raises ``Invalid`` (``source_disabled``, ``schema_mismatch``, ``invalid_json``), ``Conflict``
        (``idempotency_mismatch``), ``Unauthenticated`` (``signature_replayed``), ``Unavailable``.
        """
        now = self._clock()
        publication, choices = self._prepare(arrival, now)
        appended = await self._store.append(publication)
        answer = self._finish(arrival, publication, choices, appended)
        self._observer.accepted(
            arrival.door.source,
            arrival.event,
            entry_id=answer.entry_id,
            deliveries=answer.dispatched,
            duplicate=answer.replayed,
            ms=self._clock() - now,
        )
        return answer

    async def deliveries(self, accepted: Accepted) -> Sequence[Entry]:
        """Those made of an accepted event, by id; none, once its retention is over."""
        try:
            found = await self._store.detail(accepted.entry_id)
        except NotFound:
            return ()
        return [child for child in found.children if child.id <= accepted.entry_id + accepted.dispatched]

    async def accept_batch(self, arrivals: Sequence[Arrival | HubError]) -> list[Accepted | HubError]:
        """Commit many events in one transaction, each with its own result; what is wrong with one harms no other.

        An arrival that failed before it came here is passed through in its place.
        """
        begun = self._clock()
        ready, results = await self._make_ready(arrivals)
        if ready:
            appended = await self._store.append_batch([publication for _, _, publication, _ in ready])
            for (place, arrival, publication, choices), one in zip(ready, appended, strict=True):
                try:
                    results[place] = self._finish(arrival, publication, choices, one)
                except HubError as error:
                    results[place] = error.kept()
        self._observe_batch(arrivals, results, begun)
        return results

    async def _make_ready(
        self, arrivals: Sequence[Arrival | HubError]
    ) -> tuple[list[_Ready], list[Accepted | HubError]]:
        """What is to be committed of a batch, and a result for each so far; to be committed at once.

        From being made ready until the journal has them nobody else has a turn. So a change of the catalog comes after
        all of them, or before any.
        """
        ready, results = self._prepare_all(arrivals, repeat(None))
        if len(results) < len(arrivals):
            matched = await self._matcher.match_in_turns(arrivals)
            ready, results = self._prepare_all(arrivals, matched)
        return ready, results

    def _prepare_all(
        self, arrivals: Sequence[Arrival | HubError], matched: Iterable[Matched | None]
    ) -> tuple[list[_Ready], list[Accepted | HubError]]:
        """What is to be committed, and a result for each so far.

        It ends early, if data would be read after a turn: then all is to be matched before.
        """
        now, turn = self._clock(), Turn(self._clock)
        ready: list[_Ready] = []
        results: list[Accepted | HubError] = []
        for place, (arrival, concerned) in enumerate(zip(arrivals, matched, strict=False)):
            try:
                if isinstance(arrival, HubError):
                    raise arrival
                if concerned is None and turn.over() and self._matcher.reads(arrival):
                    break
                ready.append((place, arrival, *self._prepare(arrival, now, concerned)))
                results.append(_NOT_YET)
            except HubError as error:
                results.append(error.kept())
        return ready, results

    async def accept_whole(self, arrivals: Sequence[Arrival]) -> Sequence[Accepted]:
        """Commit many events in one transaction, or, if anything is wrong with one, none of them."""
        return await self.accept_within(arrivals, self._store.append_batch)

    async def accept_within(self, arrivals: Sequence[Arrival], commit: Commit) -> list[Accepted]:
        """Accept events that tell of a change, as part of it: ``commit`` writes both in one transaction.

        What is wrong with one of them, or with the change, leaves everything as it was.
        """
        now = self._clock()
        ready = [(arrival, *self._prepare(arrival, now)) for arrival in arrivals]
        appended = await commit([publication for _, publication, _ in ready])
        results = [self._finish(*one, answer) for one, answer in zip(ready, appended, strict=True)]
        self._observe_batch(arrivals, results, now)
        return results

    def _observe_batch(
        self, arrivals: Sequence[Arrival | HubError], results: Sequence[Accepted | HubError], started: Millis
    ) -> None:
        accepted: Counter[str] = Counter()
        duplicates: Counter[str] = Counter()
        deliveries = refused = number = 0
        door, name = None, ""
        for arrival, result in zip(arrivals, results, strict=True):
            if isinstance(result, HubError) or isinstance(arrival, HubError):
                refused += 1
            elif result.replayed:
                duplicates[arrival.door.source.name] += 1
            else:
                if arrival.door is not door:
                    accepted[name] += number
                    door, name, number = arrival.door, arrival.door.source.name, 0
                number += 1
                deliveries += result.dispatched
        accepted[name] += number
        self._observer.accepted_batch(
            +accepted,
            size=len(results),
            deliveries=deliveries,
            duplicates=duplicates,
            refused=refused,
            ms=self._clock() - started,
        )

    def _prepare(
        self, arrival: Arrival, now: Millis, matched: Matched | None = None
    ) -> tuple[NewPublication, tuple[Choice, ...]]:
        """What is to be committed of an event. ``matched`` is what was found of it before, if it was looked at."""
        door, event = arrival.door, arrival.event
        source = door.source
        self._check_open(source, forced=arrival.forced)
        if isinstance(matched, HubError):
            raise matched
        concerned = self._matcher.match(arrival) if matched is None else matched
        choices, deliveries = self._choose(concerned, now) if concerned else ((), ())
        publication = NewPublication(
            event,
            source,
            door.project.number,
            door.application.number,
            door.topic.number,
            now,
            deliveries,
            self._keys(arrival, now) if arrival.key is not None or arrival.signature is not None else (),
            event.extensions.get(RUN_ID),
        )
        return publication, choices

    def _check_open(self, source: Source, *, forced: bool) -> None:
        """The body may have come long after the head that found the door."""
        current = self._catalog.seek(Source, source.id)
        if current is None:
            raise NotFound("not_found", f"source {source.name!r} is gone")
        if not current.enabled and not forced:
            raise Invalid("source_disabled", f"source {source.name!r} is disabled", hint="enable it, then send again")

    def _choose(
        self, matching: Sequence[Subscription], now: Millis
    ) -> tuple[tuple[Choice, ...], tuple[NewDelivery, ...]]:
        choices: list[Choice] = []
        deliveries: list[NewDelivery] = []
        for subscription in matching:
            target = self._catalog.seek(Target, subscription.target_id)
            waits = subscription.waits
            if target is None or (not target.enabled and not waits):
                choices.append(
                    Choice(subscription, "its target is gone" if target is None else "its target is disabled")
                )
                continue
            choices.append(Choice(subscription, waits=waits))
            if waits:
                note = WAITS if subscription.compound is not None else ""
                deliveries.append(NewDelivery(subscription, target, Status.DELAYED, now, 0, note))
            elif self._pulled(target.type):
                deliveries.append(NewDelivery(subscription, target, Status.PENDING, now))
            else:
                lease = self._dispatcher.lease_for(target)
                deliveries.append(NewDelivery(subscription, target, Status.PROCESSING, now, lease))
        return tuple(choices), tuple(in_order(deliveries))

    def _keys(self, arrival: Arrival, now: Millis) -> tuple[Idempotency, ...]:
        keys = []
        if arrival.key is not None:
            content = hashlib.blake2b(arrival.event.data, digest_size=16).digest()
            keys.append(Idempotency(arrival.key, now + self._window_ms, content))
        if arrival.signature is not None:
            keys.append(Idempotency(idempotency.SIGNATURE + arrival.signature, now + self._replay_ms))
        return tuple(keys)

    def _finish(
        self, arrival: Arrival, publication: NewPublication, choices: tuple[Choice, ...], appended: Appended
    ) -> Accepted:
        entry_id = appended.entry_id
        if appended.key is not None:
            if appended.key.startswith(idempotency.SIGNATURE) and not arrival.redelivery:
                raise idempotency.repeated_signature()
            if appended.mismatch:
                raise idempotency.mismatch(appended.key)
            return Accepted(entry_id, appended.event_id, appended.deliveries, replayed=True)
        if not publication.deliveries:
            return Accepted(entry_id, appended.event_id, 0, choices)
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
                        publication.event,
                    )
                )
                continue
            if delivery.status is not Status.DELAYED:
                self._dispatcher.pending(delivery.target)
            elif delivery.subscription.waits:
                self._came(delivery.subscription, publication.topic_number)
            if delivery.subscription.notify is not None:
                self._waits(delivery.subscription)
        return Accepted(entry_id, appended.event_id, appended.deliveries, choices)
