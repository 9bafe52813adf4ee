"""Journal entries in eventhos' words: a publication is a received event, a delivery an executed contract.

What an executed contract sent, and what was answered, is in ``executions.py``.

A delivery is *processed* when it is Complete, and *error* when it is over in any other way; one that was retried has
``attempts`` 1, one that was aborted ``isAborted`` 1. What is not over has no state yet.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import msgspec

from eventyard.dialects.eventhos.mapping import OPERATION, Sight, title_of
from eventyard.dialects.eventhos.rows import SEALED
from eventyard.dialects.eventhos.send import KEY
from eventyard.model.catalog import Application, Source, Subscription
from eventyard.model.event import Event, Received
from eventyard.model.ids import Millis
from eventyard.model.journal import Entry, EntryDetail, Publication
from eventyard.model.lifecycle import FINAL, Endings, Status
from eventyard.wire.rfc3339 import format_millis

PROCESSED, ERROR = "processed", "error"

STATES: Mapping[str, tuple[Endings, ...]] = {
    PROCESSED: (Endings.COMPLETE, Endings.MIXED),
    ERROR: (Endings.OTHERWISE, Endings.MIXED),
}
"""What a list that asks for a state asks for."""


class ReceivedRow(TypedDict):
    """A received event in the list."""

    id: int
    systemId: int
    eventId: int
    systemName: str
    systemIdentifier: str
    eventName: str
    eventIdentifier: str
    eventDescription: str
    received_request: str
    receivedAt: str
    state: list[str | None]


class ReceivedRequest(TypedDict):
    """The request by which it came."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    method: str
    url: str


class ReceivedEvent(TypedDict):
    """A received event by itself."""

    id: int
    received_at: str
    received_request: ReceivedRequest
    eventId: int | None
    eventIdentifier: str
    eventName: str
    eventOperation: str
    eventDescription: str


class ExecutedContract(TypedDict):
    """What became of one of its contracts. Ids are null where the catalog knows the contract or action no more."""

    detailId: int
    state: str | None
    attempts: int
    isAborted: int
    contractId: int | None
    contractIdentifier: str
    contractName: str
    actionId: int | None
    actionIdentifier: str
    actionName: str
    actionOperation: str
    actionDescription: str


class ReceivedDetail(TypedDict):
    """A received event, and what became of it."""

    receivedEvent: ReceivedEvent
    executedEventContracts: list[ExecutedContract]


def received_row(sight: Sight, publication: Publication) -> ReceivedRow:
    """A line of the list."""
    entry, catalog = publication.entry, sight.view.catalog
    system = catalog.numbered(Application, publication.application)
    event = catalog.numbered(Source, publication.source)
    return {
        "id": entry.id,
        "systemId": publication.application,
        "eventId": publication.source,
        "systemName": title_of(system) if system else entry.application or "",
        "systemIdentifier": entry.application or "",
        "eventName": title_of(event) if event else entry.name or "",
        "eventIdentifier": entry.name or "",
        "eventDescription": event.description if event else "",
        "received_request": SEALED,
        "receivedAt": format_millis(entry.created_at),
        "state": [state_of(status) for status in publication.ended] or [None],
    }


def received_detail(sight: Sight, detail: EntryDetail) -> ReceivedDetail:
    """A received event, and its contracts as far as they are over, in the order in which they ended."""
    entry = detail.entry
    event = sight.view.catalog.seek(Source, entry.name_id or "")
    over = sorted(
        (one for one in detail.children if one.status in FINAL), key=lambda one: (one.completed_at or 0, one.id)
    )
    return {
        "receivedEvent": {
            "id": entry.id,
            "received_at": format_millis(entry.created_at),
            "received_request": _request(detail.event),
            "eventId": event.number if event else None,
            "eventIdentifier": entry.name or "",
            "eventName": title_of(event) if event else entry.name or "",
            "eventOperation": event.labels.get(OPERATION, "") if event else "",
            "eventDescription": event.description if event else "",
        },
        "executedEventContracts": [_executed(sight, one) for one in over],
    }


def state_of(status: Status) -> str | None:
    """The state of an executed contract; ``None`` while it is not over."""
    if status not in FINAL:
        return None
    return PROCESSED if status is Status.COMPLETE else ERROR


def _request(event: Event | None) -> ReceivedRequest:
    """The request on record. In place of the access key, which is not, the query has what ``retries.py`` knows."""
    request = (event.request if event else None) or Received("", "")
    return {
        "headers": request.headers,
        "query": {**request.query, KEY: SEALED},
        "body": value_of(event.data) if event else None,
        "method": request.method,
        "url": request.url,
    }


def _executed(sight: Sight, entry: Entry) -> ExecutedContract:
    contract = sight.view.catalog.seek(Subscription, entry.name_id or "")
    action = None if contract is None else sight.action_of(contract)
    return {
        "detailId": entry.id,
        "state": state_of(entry.status),
        "attempts": int(entry.status is Status.REPROCESSED),
        "isAborted": int(entry.status is Status.DISCARDED),
        "contractId": contract.number if contract else None,
        "contractIdentifier": entry.name or "",
        "contractName": title_of(contract) if contract else entry.name or "",
        "actionId": action.number if action else None,
        "actionIdentifier": action.name if action else "",
        "actionName": title_of(action) if action else "",
        "actionOperation": action.labels.get(OPERATION, "") if action else "",
        "actionDescription": action.description if action else "",
    }


def value_of(data: bytes) -> Any:
    """JSON as it is, and anything else as a text."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return data.decode(errors="replace")


# Days


def day(text: str, zone: ZoneInfo) -> Millis:
    """The moment at which the day of a moment begins in a time zone. Raises ``ValueError`` for what is no moment."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
        begins = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return (begins - _EPOCH) // timedelta(milliseconds=1)
    except OverflowError:
        raise ValueError(f"{text!r} is beyond the calendar") from None


_EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
