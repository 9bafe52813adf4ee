"""Journal entries as answers have them: one line in a list, or one with everything on record about it."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from eventyard.api.v1.answers import Id, Number, Time, time_of, time_or_none
from eventyard.model import event, journal, outcome
from eventyard.model.lifecycle import Kind, Status
from eventyard.wire.cloudevents import to_json

KINDS = {kind.name.lower(): kind for kind in Kind}
STATUSES = {status.name.lower(): status for status in Status}

KindName = Annotated[str, Meta(description=", ".join(KINDS), examples=["publication"])]
StatusName = Annotated[str, Meta(description=", ".join(STATUSES), examples=["complete"])]


class Counts(Struct):
    """Rows or files read and written, as the worker of a job run told them."""

    source_success: int
    source_failed: int
    target_success: int
    target_failed: int


class Entry(Struct, kw_only=True):
    """A tracked thing: a publication, or a delivery of one."""

    entry_id: Number
    event_id: Annotated[str, Meta(description="The event's own id; its deliveries share it.")]
    kind: KindName
    status: StatusName
    project_id: Id
    application_id: Id | None
    application: str | None
    topic_id: Id | None
    topic: str | None
    name_id: Annotated[str | None, Meta(description="Of the source (publication) or the subscription (delivery).")]
    name: str | None
    parent_id: Annotated[int | None, Meta(description="Of a delivery: the entry of its publication.")]
    created_at: Time
    completed_at: Time | None
    delayed_ms: int
    descendants: Annotated[str, Meta(description="What its deliveries come to.", examples=["final"])]
    counts: Counts
    run_id: str | None


class HistoryLine(Struct):
    """A status change."""

    at: Time
    status: StatusName
    comment: str
    actor: str | None


class Sent(Struct, kw_only=True):
    """What an attempt sent, with stars for secrets."""

    method: str
    url: str
    headers: dict[str, str]
    body: Annotated[str, Meta(description="Its beginning; bytes that are no UTF-8 are replaced.")]


class Attempt(Struct, kw_only=True):
    """One try of a delivery."""

    number: int
    started_at: Time
    duration_ms: float
    result: Annotated[str, Meta(examples=["delivered"])]
    status_code: int | None
    error: str | None
    response_headers: dict[str, str]
    response_body: Annotated[str, Meta(description="Its beginning; bytes that are no UTF-8 are replaced.")]
    sent: Annotated[Sent | None, Meta(description="What the target type says that it sent; null: it does not say.")]


class Event(Struct, kw_only=True):
    """An event in the shape of CloudEvents."""

    id: str
    source: str
    type: str
    subject: str | None
    time: Time
    datacontenttype: str
    dataschema: str | None
    routing_key: str
    extensions: dict[str, str]
    data: Annotated[Any, Meta(description="JSON data; other data is in data_base64.")] = UNSET
    data_base64: str | UnsetType = UNSET


class EntryDetail(Entry, kw_only=True):
    """An entry with everything on record about it."""

    event: Annotated[Event | None, Meta(description="null once its payload's retention is over.")]
    children: Annotated[list[Entry], Meta(description="Of a publication: its deliveries.")]
    history: list[HistoryLine]
    attempts: list[Attempt]
    next_attempt_at: Time | None
    supersedes: Annotated[int | None, Meta(description="The delivery in whose place it was made.")]
    superseded_by: Annotated[int | None, Meta(description="The delivery that was made in its place.")]
    members: Annotated[list[int], Meta(description="The deliveries that are made as this one.")]
    bundle: Annotated[int | None, Meta(description="The entry as which it is made with others.")]


def entry_shown(entry: journal.Entry) -> Entry:
    """An entry as a line of a list."""
    return Entry(**_fields(entry))


def detail_shown(detail: journal.EntryDetail) -> EntryDetail:
    """An entry with everything."""
    return EntryDetail(
        **_fields(detail.entry),
        event=None if detail.event is None else _event(detail.event),
        children=[entry_shown(child) for child in detail.children],
        history=[
            HistoryLine(time_of(line.at), line.status.name.lower(), line.comment, line.actor) for line in detail.history
        ],
        attempts=[_attempt(attempt) for attempt in detail.attempts],
        next_attempt_at=time_or_none(detail.due_at),
        supersedes=detail.supersedes,
        superseded_by=detail.superseded_by,
        members=list(detail.members),
        bundle=detail.bundle,
    )


def _fields(entry: journal.Entry) -> dict[str, Any]:
    counts = entry.counts
    return {
        "entry_id": entry.id,
        "event_id": entry.event_id,
        "kind": entry.kind.name.lower(),
        "status": entry.status.name.lower(),
        "project_id": entry.project_id,
        "application_id": entry.application_id,
        "application": entry.application,
        "topic_id": entry.topic_id,
        "topic": entry.topic,
        "name_id": entry.name_id,
        "name": entry.name,
        "parent_id": entry.parent_id,
        "created_at": time_of(entry.created_at),
        "completed_at": time_or_none(entry.completed_at),
        "delayed_ms": entry.delayed_ms,
        "descendants": entry.descendants.name.lower(),
        "counts": Counts(counts.source_success, counts.source_failed, counts.target_success, counts.target_failed),
        "run_id": entry.run_id,
    }


def _attempt(attempt: outcome.Attempt) -> Attempt:
    end = attempt.outcome
    return Attempt(
        number=attempt.number,
        started_at=time_of(attempt.started_at),
        duration_ms=attempt.duration_ms,
        result=end.result.name.lower(),
        status_code=end.status_code,
        error=end.error,
        response_headers=dict(end.response_headers),
        response_body=end.response_body.decode(errors="replace"),
        sent=None if end.sent is None else _sent(end.sent),
    )


def _sent(found: outcome.Sent) -> Sent:
    body = found.body.decode(errors="replace")
    return Sent(method=found.method, url=found.url, headers=dict(found.headers), body=body)


def _event(found: event.Event) -> Event:
    document = to_json(found)
    return Event(
        id=found.id,
        source=found.source,
        type=found.type,
        subject=found.subject,
        time=time_of(found.time),
        datacontenttype=found.content_type,
        dataschema=found.dataschema,
        routing_key=found.routing_key,
        extensions=dict(found.extensions),
        data=document.get("data", UNSET),
        data_base64=document.get("data_base64", UNSET),
    )
