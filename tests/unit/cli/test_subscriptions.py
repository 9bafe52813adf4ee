from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"


def test_a_subscription_names_its_source_and_target(hub: StubHub) -> None:
    hub.answers("GET", "/v1/targets", [{"id": "t-1", "name": "reviews"}])
    hub.answers("GET", "/v1/sources", [{"id": "s-1", "name": "github"}])
    hub.answers("POST", "/v1/subscriptions", {}, 201)
    ended = hub.run(
        "subscriptions", "create", "--source", "github", "--target", "reviews", "--filter", '{"has": ["pull_request"]}',
        "--pattern", "pull_request.*", "--retry", "1s",
    )  # fmt: skip
    assert ended.status == 0
    assert hub.last.body == {
        "source_id": "s-1", "target_id": "t-1", "filter": {"has": ["pull_request"]},
        "pattern": "pull_request.*", "retry": {"schedule_ms": [1000], "max_attempts": 2},
    }  # fmt: skip


def test_a_subscription_may_be_to_topics(hub: StubHub) -> None:
    hub.answers("POST", "/v1/subscriptions", {}, 201)
    hub.run("subscriptions", "create", "--target", ID, "--topic", "orders", "--topic", "refunds")
    assert hub.last.body == {"target_id": ID, "topics": ["orders", "refunds"]}


def test_a_subscription_to_nothing_is_a_usage_error(hub: StubHub) -> None:
    ended = hub.run("subscriptions", "create", "--target", ID)
    assert ended.status == 2
    assert not hub.asked


def test_only_what_changes_is_sent(hub: StubHub) -> None:
    hub.answers("PATCH", f"/v1/subscriptions/{ID}", {})
    hub.run("subscriptions", "update", ID, "--mode", "paused")
    assert hub.last.body == {"mode": "paused"}


def test_a_subscription_has_its_place_in_the_order_and_whom_to_tell(hub: StubHub) -> None:
    hub.answers("POST", "/v1/subscriptions", {}, 201)
    ended = hub.run(
        "subscriptions", "create", "--target", ID, "--topic", "orders", "--order", "2", "--stop-on-error",
        "--mail-to", "a@b.example", "--mail-to", "c@d.example", "--title", "Ledger", "--label", "team=books",
    )  # fmt: skip
    assert ended.status == 0
    assert hub.last.body == {
        "target_id": ID, "topics": ["orders"], "order": 2, "stop_on_error": True,
        "mail_to": ["a@b.example", "c@d.example"], "title": "Ledger", "labels": {"team": "books"},
    }  # fmt: skip


def test_its_place_in_the_order_can_be_changed_and_taken_away(hub: StubHub) -> None:
    hub.answers("PATCH", f"/v1/subscriptions/{ID}", {})
    hub.run("subscriptions", "update", ID, "--order", "0", "--no-stop-on-error")
    assert hub.last.body == {"order": 0, "stop_on_error": False}
    hub.answers("PATCH", f"/v1/subscriptions/{ID}", {})
    hub.run("subscriptions", "update", ID, "--unordered")
    assert hub.last.body == {"order": None}


def test_a_subscription_has_its_time(hub: StubHub) -> None:
    hub.answers("POST", "/v1/subscriptions", {}, 201)
    ended = hub.run(
        "subscriptions", "create", "--target", ID, "--topic", "orders", "--cron", "30 2 * * *",
        "--time-zone", "Europe/Berlin", "--skip-missed", "--deliver", "latest",
    )  # fmt: skip
    assert ended.status == 0
    assert hub.last.body == {
        "target_id": ID, "topics": ["orders"], "delivery_scope": "latest",
        "schedule": {"when": "cron", "cron": "30 2 * * *", "time_zone": "Europe/Berlin", "missed": "skip"},
    }  # fmt: skip


def test_it_may_follow_another_or_wait_to_be_run_or_wait_no_more(hub: StubHub) -> None:
    for options, schedule in (
        (["--after", ID], {"when": "after", "after": ID}),
        (["--on-demand"], {"when": "on_demand"}),
        (["--when-ready"], {"when": "when_ready"}),
    ):
        hub.answers("PATCH", f"/v1/subscriptions/{ID}", {})
        hub.run("subscriptions", "update", ID, "--backlog", "skip", *options)
        assert hub.last.body == {"backlog": "skip", "schedule": schedule}


def test_two_times_at_once_or_half_of_one_are_usage_errors(hub: StubHub) -> None:
    for options in (["--on-demand", "--when-ready"], ["--time-zone", "UTC"], ["--skip-missed"]):
        assert hub.run("subscriptions", "update", ID, *options).status == 2
    assert not hub.asked


def test_a_subscription_is_run(hub: StubHub) -> None:
    hub.answers("POST", f"/v1/subscriptions/{ID}/run", {"released": 3, "discarded": 0})
    ended = hub.run("subscriptions", "run", ID, "--force")
    assert (ended.status, hub.last.body) == (0, {"force": True})


def test_somebody_is_told_that_something_waits_and_told_no_more(hub: StubHub) -> None:
    hub.answers("POST", "/v1/subscriptions", {}, 201)
    hub.run("subscriptions", "create", "--target", ID, "--topic", "orders", "--notify", ID)
    assert hub.last.body == {"target_id": ID, "topics": ["orders"], "notify": ID}
    for options, notify in ((["--notify", ID], ID), (["--unnotified"], None)):
        hub.answers("PATCH", f"/v1/subscriptions/{ID}", {})
        hub.run("subscriptions", "update", ID, *options)
        assert hub.last.body == {"notify": notify}
