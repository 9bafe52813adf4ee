"""Which queues does this message reach? Exchanges, their bindings to queues and to each other, asked for each publish.

Asked of a message that is published now, the answer is remembered by exchange and routing key, unless a headers
exchange had a say in it. A change forgets what it can alter: all about one routing key if the binding is for no other,
else what was remembered of the exchange and of those that lead to it. Nothing is ever rebuilt.

Asked of an entry that lies in the journal already, the answer is the one of its time: a binding counts for the entries
that were committed while it stood. Those that were taken away are kept until nobody will ask about their time. An
exchange's type and alternate are taken as they are now.

What one exchange does with its bindings is told by ``standing.py`` and ``bindings.py``. Who may bind what, and what
becomes of an exchange or queue that nobody uses, is decided in ``pipeline/streams/``.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic

from eventyard.matching.bindings import Bound, Bucket, Destination, Q, ToExchange, queues_of
from eventyard.matching.memo import Memo
from eventyard.matching.standing import Exchange, identity
from eventyard.model.ids import EntryId
from eventyard.model.streams import Binding, ExchangeType

_BEGINNING = EntryId(0)


class Routes(Generic[Q]):
    """The exchanges, bindings and queues of one project. A queue is whatever hashable thing the caller says it is."""

    def __init__(self) -> None:
        self._exchanges: dict[str, Exchange[Q]] = {}
        self._removed: dict[str, Exchange[Q]] = {}
        """Those that were there for entries somebody may ask about."""
        self._alternate_of: dict[str, dict[str, None]] = {}
        """By exchange: those whose alternate it is."""
        self._to: dict[Q | ToExchange, dict[int, Bound[Q]]] = {}
        """By destination: all bindings, also the closed ones, by number."""
        self._closed: dict[int, Bound[Q]] = {}
        self._made = 0
        self._changed = _BEGINNING
        """Past this entry, every binding that stands counts, and no other."""
        self._memo: Memo[Q] = Memo()

    # What is asked

    def route(
        self, exchange_id: str, key: str, headers: Mapping[str, Any] | None = None, entry_id: EntryId | None = None
    ) -> tuple[Q, ...]:
        """The queues that the message reaches, each once, in the order of their bindings.

        With ``entry_id`` those that it reached when that entry was committed. An exchange that is not there reaches
        nothing.
        """
        if entry_id is not None and entry_id <= self._changed:
            return self._walk(exchange_id, key, headers, entry_id)[0]
        answers = self._memo.answers.get(exchange_id)
        queues = answers.get(key) if answers else None
        if queues is None:
            queues, lasting = self._walk(exchange_id, key, headers, None)
            if lasting and exchange_id in self._exchanges:
                self._memo.learn(exchange_id, key, queues)
        return queues

    def reaches(
        self, queue: Q, exchange_id: str, key: str, headers: Mapping[str, Any] | None, entry_id: EntryId
    ) -> bool:
        """Whether the message reached this queue when that entry was committed.

        The same as looking for it in the answer of :meth:`route`, at the cost of this queue's bindings alone as long as
        the exchange has no alternate and leads to no other.
        """
        exchange = self._there(exchange_id, entry_id)
        if exchange is None:
            return False
        for bound in self._to.get(queue, {}).values():
            if bound.binding.exchange == exchange_id and exchange.lets_through(bound, key, headers or {}, entry_id):
                return True
        if exchange.alternate is None and not exchange.leads_on:
            return False
        return queue in self.route(exchange_id, key, headers, entry_id)

    def upstream(self, queue: Q) -> tuple[str, ...]:
        """The exchanges from which messages reach the queue or did, over others too: whose entries it must look at."""
        return self._leading_to(bound.binding.exchange for bound in self._to.get(queue, {}).values())

    def bindings_from(self, exchange_id: str) -> tuple[Bound[Q], ...]:
        """The bindings that stand and lead out of the exchange, in the order in which they were made."""
        exchange = self._exchanges.get(exchange_id)
        return () if exchange is None else tuple(exchange.named.values())

    def bindings_to(self, destination: Destination[Q], *, closed: bool = False) -> tuple[Bound[Q], ...]:
        """The bindings that stand and lead to a queue or exchange, in the order in which they were made.

        With ``closed`` also those that were taken away and are kept.
        """
        return tuple(bound for bound in self._to.get(destination, {}).values() if closed or bound.stands)

    def count_to(self, queue: Q) -> int:
        """How many bindings lead to a queue, with those that were taken away and are kept."""
        return len(self._to.get(queue, ()))

    # What is changed

    def exchange(self, exchange_id: str, type: ExchangeType, alternate: str | None = None) -> None:
        """Add an exchange, or change the one of that id. The alternate need not be there (yet).

        Raises :class:`eventyard.model.errors.Invalid`, and changes nothing, if the type is another than before and
        gives no meaning to a binding.
        """
        exchange = self._exchanges.get(exchange_id) or self._removed.get(exchange_id) or Exchange(type)
        if exchange.type is not type:
            exchange.retype(type)
        self._removed.pop(exchange_id, None)
        self._exchanges[exchange_id] = exchange
        exchange.until = None
        self._set_alternate(exchange_id, exchange, alternate)
        self._unlearn(exchange_id)

    def remove_exchange(self, exchange_id: str, until: EntryId | None = None) -> tuple[Bound[Q], ...]:
        """Take the exchange away, and the bindings from it and to it. Those that stood until now are returned.

        With ``until``, the newest entry there is, it is kept for questions about entries up to that one. Without,
        nothing is left of it.
        """
        exchange = self._exchanges.get(exchange_id)
        if exchange is None:
            return ()
        ends = exchange.bound | self._to.get(ToExchange(exchange_id), {})
        for bound in ends.values():
            if bound.stands or until is None:
                self._take(bound, until)
        self._unlearn(exchange_id)
        del self._exchanges[exchange_id]
        if until is None:
            self._set_alternate(exchange_id, exchange, None)
        else:
            exchange.until = until
            self._removed[exchange_id] = exchange
            self._changed = max(self._changed, until)
        return tuple(bound for bound in ends.values() if bound.stands)

    def bind(
        self,
        source: str,
        destination: Destination[Q],
        key: str,
        arguments: Mapping[str, Any] = {},
        *,
        since: EntryId = _BEGINNING,
        until: EntryId | None = None,
    ) -> Bound[Q] | None:
        """Bind a queue, or another exchange, to an exchange. ``None`` if that very binding stands already.

        It counts for entries past ``since``, the newest entry there is. ``until`` is given for a binding that was taken
        away before the hub was started. Raises ``KeyError`` for an exchange that is not there, and
        :class:`eventyard.model.errors.Invalid` (``invalid_filter``) for arguments without a meaning.
        """
        exchange = self._exchanges[source]
        if isinstance(destination, ToExchange) and destination.id not in self._exchanges:
            raise KeyError(destination.id)
        if until is None and identity(destination, key, arguments) in exchange.named:
            return None
        bound: Bound[Q] = Bound(Binding(source, key, dict(arguments), since, until), destination, self._made)
        exchange.put(bound)
        self._made += 1
        self._to.setdefault(destination, {})[bound.number] = bound
        if bound.stands:
            self._unlearn(source, exchange.only_key(bound))
        else:
            self._closed[bound.number] = bound
        self._changed = max(self._changed, since, until or since)
        return bound

    def unbind(
        self,
        source: str,
        destination: Destination[Q],
        key: str,
        arguments: Mapping[str, Any] = {},
        *,
        until: EntryId | None = None,
    ) -> bool:
        """Take a binding away; ``False`` if it is not there.

        With ``until``, the newest entry there is, it is kept for questions about entries up to that one.
        """
        exchange = self._exchanges.get(source)
        bound = exchange.named.get(identity(destination, key, arguments)) if exchange else None
        if bound is None:
            return False
        self._take(bound, until)
        return True

    def drop(self, queue: Q) -> tuple[Bound[Q], ...]:
        """Forget a queue that is no more, with all its bindings. Those that stood until now are returned."""
        bounds = tuple(self._to.get(queue, {}).values())
        for bound in bounds:
            self._take(bound, None)
        return tuple(bound for bound in bounds if bound.stands)

    @property
    def keeps_closed(self) -> bool:
        """Whether there is anything that was taken away and is kept."""
        return bool(self._closed or self._removed)

    def forget_closed_to(self, queue: Q, before: EntryId) -> None:
        """Forget the bindings to one queue that were taken away and count for no entry from this one on."""
        for bound in list(self._to.get(queue, {}).values()):
            if not bound.counts_from(before):
                self._take(bound, None)

    def forget_closed(self, before: EntryId) -> None:
        """Forget what was taken away and counts for no entry from this one on: nobody will ask about earlier ones."""
        for bound in list(self._closed.values()):
            if not bound.counts_from(before):
                self._take(bound, None)
        for exchange_id, exchange in list(self._removed.items()):
            if exchange.until is not None and exchange.until < before:
                del self._removed[exchange_id]
                self._set_alternate(exchange_id, exchange, None)

    # How

    def _there(self, exchange_id: str, entry_id: EntryId | None) -> Exchange[Q] | None:
        """The exchange, if it is there now or was when that entry was committed."""
        exchange = self._exchanges.get(exchange_id)
        if exchange is None and entry_id is not None:
            exchange = self._removed.get(exchange_id)
            if exchange is not None and exchange.until is not None and exchange.until < entry_id:
                return None
        return exchange

    def _walk(
        self, exchange_id: str, key: str, headers: Mapping[str, Any] | None, entry_id: EntryId | None
    ) -> tuple[tuple[Q, ...], bool]:
        """The queues reached, and whether the routing key alone decided it.

        Each exchange is passed once, so circles end. Its alternate is for what fits none of its bindings, not for what
        fits one that leads nowhere (as in RabbitMQ).
        """
        found: list[Bucket[Q]] = []
        key_decides = True
        passed = {exchange_id}
        ahead = [exchange_id]
        while ahead:
            exchange = self._there(ahead.pop(), entry_id)
            if exchange is None:
                continue
            if exchange.type is ExchangeType.HEADERS:
                key_decides = False
            buckets = exchange.find(key, headers or {}, entry_id)
            onward = set() if buckets or exchange.alternate is None else {exchange.alternate}
            for bucket in buckets:
                if bucket.to_queues:
                    found.append(bucket)
                if bucket.to_exchanges:
                    onward.update(bucket.exchanges)
            if onward:
                ahead += onward - passed
                passed |= onward
        return queues_of(found), key_decides

    def _unlearn(self, exchange_id: str, key: str | None = None) -> None:
        """Forget the answers that a change of this exchange may alter, about one routing key or about all."""
        self._memo.unlearn(self._leading_to((exchange_id,)), key)

    def _leading_to(self, exchange_ids: Iterable[str]) -> tuple[str, ...]:
        """These exchanges, and all from which messages come to them."""
        found = dict.fromkeys(exchange_ids)
        ahead = list(found)
        while ahead:
            name = ahead.pop()
            bounds = self._to.get(ToExchange(name), {}).values()
            for source in (*(bound.binding.exchange for bound in bounds), *self._alternate_of.get(name, ())):
                if source not in found:
                    found[source] = None
                    ahead.append(source)
        return tuple(found)

    def _set_alternate(self, exchange_id: str, exchange: Exchange[Q], alternate: str | None) -> None:
        if exchange.alternate is not None:
            users = self._alternate_of[exchange.alternate]
            del users[exchange_id]
            if not users:
                del self._alternate_of[exchange.alternate]
        exchange.alternate = alternate
        if alternate is not None:
            self._alternate_of.setdefault(alternate, {})[exchange_id] = None

    def _take(self, bound: Bound[Q], until: EntryId | None) -> None:
        """Take a binding away, standing or closed, and keep what may be asked about it."""
        source = bound.binding.exchange
        exchange = self._exchanges.get(source) or self._removed[source]
        kept = exchange.take(bound, until)
        if bound.stands:
            self._unlearn(source, exchange.only_key(bound))
        else:
            del self._closed[bound.number]
        ends = self._to[bound.destination]
        if kept is not None:
            ends[bound.number] = self._closed[bound.number] = kept
            self._changed = max(self._changed, kept.binding.until or _BEGINNING)
            return
        del ends[bound.number]
        if not ends:
            del self._to[bound.destination]
