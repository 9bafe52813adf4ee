"""What is measured of the streams: gathered when somebody looks at the metrics, so that a message costs nothing more.

Connections and consumers count for themselves what they are given and send; here it is added up by protocol. What each
metric means is told where it is declared, in ``telemetry/metrics.py``.
"""

from collections.abc import Mapping

from eventyard.pipeline.streams.link import Link
from eventyard.pipeline.streams.queues import Queues
from eventyard.telemetry.metrics import Metrics


class Measures:
    """Tells the metrics of a hub what its streams do."""

    def __init__(self, metrics: Metrics, links: Mapping[int, Link], queues: Queues) -> None:
        """``links`` are the open ones, by number, at any time."""
        self._metrics = metrics
        self._links = links
        self._queues = queues
        self._counted: dict[int, tuple[int, int]] = {}
        """By the number of an open link: what was added of it already, delivered and published."""
        self._protocols: set[str] = set()
        metrics.before_rendering(self.gather)

    def gather(self) -> None:
        """Bring the metrics up to this moment."""
        metrics = self._metrics
        connections = dict.fromkeys(self._protocols, 0)
        for link in self._links.values():
            self._count(link)
            connections[link.protocol] = connections.get(link.protocol, 0) + 1
        self._protocols = set(connections)
        for protocol, number in connections.items():
            metrics.connections.labels(protocol).set(number)
        consumers = ready = unacked = 0
        for queue in self._queues:
            consumers += len(queue.consumers)
            ready += queue.depth
            unacked += len(queue.unacked)
        metrics.queues.set(len(self._queues))
        metrics.consumers.set(consumers)
        metrics.messages_ready.set(ready)
        metrics.messages_unacked.set(unacked)

    def left(self, link: Link) -> None:
        """A connection has ended."""
        self._count(link)
        self._counted.pop(link.number, None)
        self._protocols.add(link.protocol)

    def refused(self, protocol: str) -> None:
        """A client did not prove who it is."""
        self._metrics.logins_refused.labels(protocol).inc()

    def too_slow(self, link: Link) -> None:
        """A connection was cut off, as it took nothing."""
        self._metrics.connections_too_slow.labels(link.protocol).inc()

    def _count(self, link: Link) -> None:
        delivered, published = self._counted.get(link.number, (0, 0))
        self._counted[link.number] = link.delivered, link.published
        self._metrics.messages_delivered.labels(link.protocol).inc(link.delivered - delivered)
        self._metrics.messages_published.labels(link.protocol).inc(link.published - published)
