from eventyard.telemetry.metrics import Metrics


def test_two_hubs_do_not_share_counts():
    one, other = Metrics(), Metrics()
    one.accepted.labels("shop").inc()
    assert one.registry.get_sample_value("eventyard_events_accepted_total", {"source": "shop"}) == 1
    assert other.registry.get_sample_value("eventyard_events_accepted_total", {"source": "shop"}) is None


def test_the_exposition_is_prometheus_text():
    metrics = Metrics()
    metrics.rejected.labels("not_found").inc()
    text = metrics.render().decode()
    assert "# TYPE eventyard_events_rejected_total counter" in text
    assert 'eventyard_events_rejected_total{code="not_found"} 1.0' in text


def test_what_is_costly_to_follow_is_gathered_when_somebody_looks():
    metrics = Metrics()
    metrics.before_rendering(lambda: metrics.queues.set(7))
    assert metrics.registry.get_sample_value("eventyard_queues") == 0
    assert "eventyard_queues 7.0" in metrics.render().decode()
