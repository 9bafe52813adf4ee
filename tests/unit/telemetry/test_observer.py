import io
import json
from collections import Counter

import pytest

from eventyard.model.ids import EntryId
from eventyard.model.journal import Claimed
from eventyard.model.outcome import Result
from eventyard.model.retry import Succeeded
from eventyard.telemetry.log import make_log
from eventyard.telemetry.metrics import Metrics
from eventyard.telemetry.observer import Observer
from eventyard.telemetry.wide import AcceptLine, AttemptLine
from eventyard.testing import builders


@pytest.fixture
def heard():
    stream = io.BytesIO()
    metrics = Metrics()

    class Heard:
        observer = Observer(metrics, make_log("info", "json", stream))

        @staticmethod
        def count(name, **labels):
            return metrics.registry.get_sample_value(name, labels)

        @staticmethod
        def line():
            return json.loads(stream.getvalue())

    return Heard


def accept(heard, *, duplicate):
    heard.observer.accepted(
        builders.source(), builders.event(), entry_id=EntryId(7), deliveries=2, duplicate=duplicate, ms=4
    )


def test_an_accepted_event_is_counted_and_told_in_one_wide_line(heard):
    accept(heard, duplicate=False)
    assert heard.count("eventyard_events_accepted_total", source="shop") == 1
    assert heard.count("eventyard_deliveries_created_total") == 2
    assert heard.line().keys() == {*AcceptLine.__struct_fields__, "event"}


def test_a_duplicate_is_counted_apart(heard):
    accept(heard, duplicate=True)
    assert heard.count("eventyard_events_duplicate_total", source="shop") == 1
    assert heard.count("eventyard_events_accepted_total", source="shop") is None


def test_a_batch_is_one_line_and_counts_by_source(heard):
    heard.observer.accepted_batch(
        Counter(shop=3, crm=1), size=6, deliveries=5, duplicates=Counter(shop=1), refused=1, ms=9
    )
    assert heard.count("eventyard_events_accepted_total", source="shop") == 3
    assert heard.count("eventyard_events_duplicate_total", source="shop") == 1
    assert heard.line() | {"at": ""} == {
        "at": "", "level": "info", "event": "accepted_batch", "events": 6, "accepted": 4, "duplicates": 1, "refused": 1,
        "deliveries": 5, "ms": 9,
    }  # fmt: skip


def test_a_refusal_is_counted_by_its_code(heard):
    heard.observer.rejected("signature_invalid", path="/in/x", detail="no", request_id="r-1")
    assert heard.count("eventyard_events_rejected_total", code="signature_invalid") == 1
    told = {"code": "signature_invalid", "path": "/in/x", "detail": "no", "request_id": "r-1"}
    assert heard.line().items() >= told.items()


@pytest.mark.parametrize("subscription", [builders.subscription(), None])
def test_an_attempt_is_counted_by_result_and_told_in_one_wide_line(heard, subscription):
    claimed = Claimed(EntryId(2), EntryId(1), "subscription-fulfilment", 3, 1, 0, 9, builders.event())
    attempt = builders.attempt(1, Result.THROTTLED, status_code=503, error="busy")
    heard.observer.attempted(claimed, builders.target(), subscription, attempt, Succeeded())
    assert heard.count("eventyard_attempts_total", target_type="webhook", result="throttled") == 1
    line = heard.line()
    assert line.keys() == {*AttemptLine.__struct_fields__, "event"}
    assert (line["result"], line["decision"]) == ("throttled", "Succeeded")
