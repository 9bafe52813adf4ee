from eventyard.cli import filters
from tests.unit.cli.stub import StubHub


def test_the_options_become_the_query_of_the_api(hub: StubHub) -> None:
    hub.answers("GET", "/v1/deliveries", [])
    hub.run(
        "deliveries", "list", "--status", "error", "--name", "billing", "--contains",
        "--from", "2026-01-02T03:04:05Z", "--event-id", "e-1", "--limit", "7",
        "--run-id", "r-1", "--descendants", "error", "--any",
    )  # fmt: skip
    assert hub.last.query == {
        "status": "error", "name": "billing", "contains": "true", "from": "2026-01-02T03:04:05Z",
        "event_id": "e-1", "limit": "7", "run_id": "r-1", "descendants": "error", "any": "true",
    }  # fmt: skip


def test_what_was_not_said_is_not_asked_for(hub: StubHub) -> None:
    hub.answers("GET", "/v1/deliveries", [])
    hub.run("deliveries", "list")
    assert hub.last.query == {"limit": "50"}


def test_an_age_is_counted_from_now() -> None:
    assert filters.moment("0s") > filters.moment("1h")


def test_a_time_that_is_none_is_refused_without_asking_the_hub(hub: StubHub) -> None:
    ended = hub.run("events", "list", "--from", "5x")
    assert (ended.status, hub.asked) == (2, [])
    assert "nor an age such as" in ended.err


def test_a_place_in_an_exchange_may_be_what_only_the_hub_can_tell() -> None:
    assert [filters.place(text) for text in ("first", "1042")] == ["first", "1042"]
    assert filters.place("0s") > filters.place("1h")
