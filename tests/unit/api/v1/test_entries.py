import msgspec
import pytest

from eventyard.api.v1.entries import detail_shown, entry_shown
from eventyard.model.ids import EntryId
from eventyard.model.journal import Entry, EntryDetail
from eventyard.model.lifecycle import Descendants, Kind, Status
from eventyard.model.outcome import Counts, Result, Sent
from eventyard.testing import builders
from eventyard.testing.builders import NOW


def entry(**fields):
    return Entry(
        **{
            "id": EntryId(7),
            "kind": Kind.COMPOUND_SUBSCRIPTION,
            "status": Status.ERROR,
            "project_id": "p",
            "application_id": "a",
            "application": "shop",
            "topic_id": "t",
            "topic": "orders",
            "name_id": "s",
            "name": "web",
            "event_id": "event-1",
            "parent_id": EntryId(6),
            "created_at": NOW,
            "completed_at": NOW + 1,
            "delayed_ms": 5,
            "descendants": Descendants.IN_PROCESS,
            "counts": Counts(1, 2, 3, 4),
            "run_id": "run",
        }
        | fields
    )


def as_json(shown):
    return msgspec.to_builtins(shown)


LINE = {
    "entry_id": 7,
    "event_id": "event-1",
    "kind": "compound_subscription",
    "status": "error",
    "project_id": "p",
    "application_id": "a",
    "application": "shop",
    "topic_id": "t",
    "topic": "orders",
    "name_id": "s",
    "name": "web",
    "parent_id": 6,
    "created_at": "2026-01-02T03:04:05.678Z",
    "completed_at": "2026-01-02T03:04:05.679Z",
    "delayed_ms": 5,
    "descendants": "in_process",
    "counts": {"source_success": 1, "source_failed": 2, "target_success": 3, "target_failed": 4},
    "run_id": "run",
}


def detail(event=None, **fields):
    empty = {"children": (), "history": (), "attempts": (), "due_at": None, "lease_until": None}
    return EntryDetail(entry=entry(), event=event, **(empty | fields))


def test_a_line_of_a_list():
    assert as_json(entry_shown(entry())) == LINE


def test_what_an_attempt_sent():
    sent = Sent("PUT", "https://there.example/?key=***", {"content-type": "text/plain"}, b"hello\xff")
    found = detail(attempts=(builders.attempt(sent=sent),))
    assert as_json(detail_shown(found))["attempts"][0]["sent"] == {
        "method": "PUT",
        "url": "https://there.example/?key=***",
        "headers": {"content-type": "text/plain"},
        "body": "hello�",
    }


def test_everything_on_record():
    found = detail(
        children=(entry(id=EntryId(8)),),
        history=(builders.line(Status.PROCESSING, "why"),),
        attempts=(builders.attempt(2, Result.TIMED_OUT, error="too slow", response_body=b"\xffok"),),
        due_at=NOW + 2,
        supersedes=7,
    )
    assert as_json(detail_shown(found)) == {
        **LINE,
        "event": None,
        "children": [{**LINE, "entry_id": 8}],
        "history": [{"at": "2026-01-02T03:04:05.678Z", "status": "processing", "comment": "why", "actor": None}],
        "attempts": [
            {
                "number": 2,
                "started_at": "2026-01-02T03:04:05.678Z",
                "duration_ms": 12.5,
                "result": "timed_out",
                "status_code": None,
                "error": "too slow",
                "response_headers": {},
                "response_body": "�ok",
                "sent": None,
            }
        ],
        "next_attempt_at": "2026-01-02T03:04:05.680Z",
        "supersedes": 7,
        "superseded_by": None,
        "members": [],
        "bundle": None,
    }


@pytest.mark.parametrize(
    ("data", "content_type", "shown"),
    [
        (b'{"order": 1}', "application/json", {"data": {"order": 1}}),
        (b"null", "application/json", {"data": None}),
        (b"\x00\xff", "application/octet-stream", {"data_base64": "AP8="}),
        (b"", "application/json", {}),
    ],
)
def test_the_event_holds_its_data_as_json_or_else_as_base64(data, content_type, shown):
    event = as_json(detail_shown(detail(builders.event(data, content_type=content_type, subject="s"))))["event"]
    assert event == {
        "id": "event-1",
        "source": "/shop",
        "type": "order.created",
        "subject": "s",
        "time": "2026-01-02T03:04:05.678Z",
        "datacontenttype": content_type,
        "dataschema": None,
        "routing_key": "order.created",
        "extensions": {},
        **shown,
    }
