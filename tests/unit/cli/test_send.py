import json

from eventyard.wire.signatures import sign_body
from tests.unit.cli.stub import StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"
RECEIPT = {"dispatched": 1, "source": "orders", "event_id": "e-1", "entry_id": 7}


def test_data_is_sent_byte_for_byte_to_a_source_by_its_name(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/dispatch", RECEIPT)
    ended = hub.run("send", "orders", "--data", '{"id":  1}', "--json", "--content-type", "text/plain")
    assert hub.last.body == b'{"id":  1}'
    assert hub.last.headers["x-event-source"] == "orders"
    assert hub.last.headers["authorization"] == "Bearer eyk_test"
    assert hub.last.headers["ce-type"] == "orders"
    assert json.loads(ended.out) == RECEIPT


def test_data_may_come_from_stdin(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/dispatch", RECEIPT)
    hub.run("send", "orders", stdin='{"id": 2}')
    assert hub.last.body == {"id": 2}


def test_where_there_is_nothing_on_stdin_nothing_is_sent(hub: StubHub) -> None:
    ended = hub.run("send", "orders", stdin="\n")
    assert ended.status == 2
    assert "--data null" in ended.err
    assert hub.asked == []


def test_type_id_and_subject_describe_the_event(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/dispatch", RECEIPT)
    hub.run("send", "orders", "--data", "{}", "--type", "order.created", "--id", "o-1", "--subject", "1")
    headers = hub.last.headers
    assert (headers["ce-type"], headers["ce-id"], headers["ce-subject"]) == ("order.created", "o-1", "1")


def test_a_signed_event_is_posted_as_a_stranger_would(hub: StubHub) -> None:
    hub.answers("POST", f"/in/{ID}", {"event_id": "e-1"}, 202)
    hub.run(
        "send", ID, "--data", "{}", "--scheme", "github-sha256", "--secret", "s3cret", "--header", "X-GitHub-Event=push"
    )
    assert hub.last.headers["x-hub-signature-256"] == sign_body("s3cret", b"{}")
    assert hub.last.headers["x-github-event"] == "push"
    assert "authorization" not in hub.last.headers
    assert "ce-id" not in hub.last.headers


def test_many_are_events_of_their_own(hub: StubHub) -> None:
    hub.answers("POST", "/v1/events/dispatch", RECEIPT)
    ended = hub.run("send", "orders", "--data", "{}", "--id", "o", "--count", "3")
    assert [asked.headers["ce-id"] for asked in hub.asked] == ["o-1", "o-2", "o-3"]
    assert ended.out == ""
    assert ended.err.startswith("3 events accepted")


def test_a_refusal_is_status_1_and_names_the_place(hub: StubHub) -> None:
    hub.refuses("POST", "/v1/events/dispatch", 422, detail="id is missing", code="schema_mismatch", pointer="/id")
    ended = hub.run("send", "orders", "--data", "{}")
    assert ended.status == 1
    assert ended.err == "error: id is missing (at /id)\n  code: schema_mismatch\n"


def test_a_scheme_nobody_knows_is_a_usage_error(hub: StubHub) -> None:
    assert hub.run("send", "orders", "--data", "{}", "--scheme", "md5").status == 2
