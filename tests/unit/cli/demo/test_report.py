from eventyard.cli.demo.report import Report, counted, facts, next_steps, percentile, rows

REPORT = Report(
    counts=[("publication", "complete", 2)], accepted=2, rejected=2, deliveries=3, retried=1, runs=1,
    accept=[1.0, 2.0], delivery=[3.0], seconds=1.234,
)  # fmt: skip


def test_entries_are_counted_by_kind_and_status() -> None:
    entries = [{"kind": "subscription", "status": status} for status in ("error", "complete", "complete")]
    assert counted(entries) == [("subscription", "complete", 2), ("subscription", "error", 1)]


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile([7.0], 99), percentile([], 50)) == (
        51,
        100,
        7,
        0,
    )


def test_programs_get_numbers() -> None:
    found = facts(REPORT)
    assert found["journal"] == [{"kind": "publication", "status": "complete", "entries": 2}]
    assert found["accept_ms"] == {"p50": 2.0, "p99": 2.0}
    assert (found["retried"], found["seconds"]) == (1, 1.23)


def test_people_get_sentences() -> None:
    assert {"what": "retried", "how much": "1 deliveries, after a failed attempt"} in rows(REPORT)


def test_the_next_steps_use_the_demos_own_key_source_and_entry() -> None:
    text = "\n".join(next_steps("http://hub", "eyk_1", "s-1", 42))
    for part in ("EVENTYARD_KEY=eyk_1", "events show 42", "http://hub/in/s-1", "http://hub/v1/events/42", "openssl"):
        assert part in text
