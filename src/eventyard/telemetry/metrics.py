"""Every metric the hub has, declared in one place; ``docs/metrics.md`` is generated from here.

A registry belongs to one hub: two hubs in one process (as in tests) do not share counts.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one hub, by name."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.accepted = Counter(
            "eventyard_events_accepted", "Events committed to the journal.", ["source"], registry=registry
        )
        self.duplicates = Counter(
            "eventyard_events_duplicate", "Events answered from an earlier commit.", ["source"], registry=registry
        )
        self.rejected = Counter(
            "eventyard_events_rejected", "Events refused, by error code.", ["code"], registry=registry
        )
        self.accept_seconds = Histogram(
            "eventyard_accept_seconds",
            "From a read body to the fsync of its commit.",
            buckets=_FAST,
            registry=registry,
        )
        self.deliveries = Counter("eventyard_deliveries_created", "Deliveries committed.", registry=registry)
        self.attempts = Counter(
            "eventyard_attempts",
            "Attempts made, by target type and result.",
            ["target_type", "result"],
            registry=registry,
        )
        self.attempt_seconds = Histogram(
            "eventyard_attempt_seconds", "How long an attempt took.", ["target_type"], buckets=_FAST, registry=registry
        )
        self.in_flight = Gauge("eventyard_attempts_in_flight", "Attempts under way.", registry=registry)
        self.queued = Gauge(
            "eventyard_deliveries_queued",
            "Deliveries held in memory for their first or next attempt.",
            registry=registry,
        )
        self.breakers_open = Gauge(
            "eventyard_breakers_open", "Targets whose circuit breaker is not closed.", registry=registry
        )
        self.requests_limited = Counter(
            "eventyard_requests_limited", "Requests refused by a key's rate limit.", registry=registry
        )
        self.connections = Gauge(
            "eventyard_connections", "Clients that are connected to streams.", ["protocol"], registry=registry
        )
        self.connections_too_slow = Counter(
            "eventyard_connections_too_slow",
            "Connections that were ended as they took nothing for too long.",
            ["protocol"],
            registry=registry,
        )
        self.logins_refused = Counter(
            "eventyard_logins_refused", "Logins of stream clients that were refused.", ["protocol"], registry=registry
        )
        self.queues = Gauge("eventyard_queues", "Queues.", registry=registry)
        self.consumers = Gauge("eventyard_consumers", "Consumers that read queues.", registry=registry)
        self.messages_ready = Gauge("eventyard_messages_ready", "Messages that wait in queues.", registry=registry)
        self.messages_unacked = Gauge(
            "eventyard_messages_unacked", "Messages that were given to consumers and not settled.", registry=registry
        )
        self.messages_delivered = Counter(
            "eventyard_messages_delivered", "Messages given to stream clients.", ["protocol"], registry=registry
        )
        self.messages_published = Counter(
            "eventyard_messages_published",
            "Messages of stream clients committed to the journal.",
            ["protocol"],
            registry=registry,
        )
        self.mails = Counter(
            "eventyard_mails",
            "What became of mails: sent; postponed, to be tried again; failed, and given up.",
            ["result"],
            registry=registry,
        )
        self.mails_waiting = Gauge("eventyard_mails_waiting", "Mails on their way out.", registry=registry)
        self.notifications = Counter(
            "eventyard_notifications",
            "What became of telling subscribers that something waits: sent; postponed, to be tried again; failed.",
            ["result"],
            registry=registry,
        )
        self.rules_matched = Counter(
            "eventyard_rules_matched", "Entries that a monitoring rule spoke of.", ["rule"], registry=registry
        )
        self.rules_told = Counter(
            "eventyard_rules_told", "Messages of monitoring rules, by mail or to a target.", ["rule"], registry=registry
        )
        self.rules_acted = Counter(
            "eventyard_rules_acted",
            "What monitoring rules did: entries discarded, subscriptions paused or disabled, sources disabled.",
            ["rule", "act"],
            registry=registry,
        )
        self.purged = Counter(
            "eventyard_publications_purged",
            "What went by the retention of topics: publications that were consumed, or unconsumed; and payloads.",
            ["what"],
            registry=registry,
        )
        self._before: list[Callable[[], None]] = []

    def before_rendering(self, gather: Callable[[], None]) -> None:
        """Call ``gather`` whenever somebody looks: what it sets costs nothing until then."""
        self._before.append(gather)

    def render(self) -> bytes:
        """The Prometheus text exposition."""
        for gather in self._before:
            gather()
        return generate_latest(self.registry)
