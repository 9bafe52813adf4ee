from eventyard.api.health import Health
from eventyard.telemetry.metrics import Metrics


def test_alive_is_not_the_same_as_ready():
    health = Health(Metrics(), lambda: "stopping")
    assert health.answer("/livez").status == 200
    answer = health.answer("/readyz")
    assert (answer.status, answer.body) == (503, b"stopping\n")


def test_ready_says_ok():
    assert Health(Metrics(), lambda: None).answer("/readyz").status == 200


def test_metrics_are_the_exposition():
    metrics = Metrics()
    metrics.deliveries.inc(3)
    answer = Health(metrics, lambda: None).answer("/metrics")
    assert b"eventyard_deliveries_created_total 3.0" in answer.body
    assert answer.content_type.startswith("text/plain; version=0.0.4")
