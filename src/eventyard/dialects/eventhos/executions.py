"""One executed contract by itself: what was sent last, what was answered, or why nothing was.

Secrets do not get here: what the journal keeps of a request has stars for them.
"""

import errno
import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from eventyard.dialects.eventhos.mapping import Sight
from eventyard.dialects.eventhos.received import state_of, value_of
from eventyard.dialects.eventhos.rows import contract_row
from eventyard.model.catalog import Subscription
from eventyard.model.journal import EntryDetail
from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Attempt, Outcome, Result, Sent
from eventyard.model.reserved import CAUSE_ENTRY
from eventyard.wire.rfc3339 import format_millis


def execution_detail(sight: Sight, detail: EntryDetail) -> dict[str, Any]:
    """An executed contract with the last request and its response. As in the original ``id`` is the contract's."""
    entry = detail.entry
    contract = sight.view.catalog.seek(Subscription, entry.name_id or "")
    last = detail.attempts[-1] if detail.attempts else None
    cause = detail.event.extensions.get(CAUSE_ENTRY) if detail.event else None
    row: Mapping[str, Any] = _GONE | {"identifier": entry.name or "", "name": entry.name or ""}
    if contract is not None and sight.view.shows(contract):
        row = contract_row(sight, contract)
    return {
        **row,
        "contract_id": row["id"],
        "received_event_id": entry.parent_id,
        "state": state_of(entry.status),
        "attempts": int(entry.status is Status.REPROCESSED),
        "is_aborted": int(entry.status is Status.DISCARDED),
        "reply_from": None if cause is None else int(cause),
        "contract_exc_detail_id": entry.id,
        "request": _sent(last.outcome.sent if last else None),
        "response": _response(last),
        "finished_at": None,
        "executed_at": None,
    }


_GONE: dict[str, Any] = {
    "id": None, "action_id": None, "event_id": None, "active": 0, "order": 0, "deleted": 1, "created_at": None,
    "updated_at": None, "mail_recipients_on_error": "",
}  # fmt: skip
"""What is said of a contract that the catalog knows no more."""


def _sent(sent: Sent | None) -> dict[str, Any]:
    if sent is None:
        return {"headers": {}, "body": "", "url": "", "params": {}, "method": ""}
    return {
        "headers": sent.headers,
        "body": sent.body.decode(errors="replace"),
        "url": sent.url,
        "params": dict(parse_qsl(sent.url.partition("?")[2].partition("#")[0], keep_blank_values=True)),
        "method": sent.method.lower(),
    }


def _response(attempt: Attempt | None) -> dict[str, Any]:
    """The response, or why there is none: under ``status`` the name of the error as Node.js has it."""
    if attempt is None:
        return {"headers": {}, "body": {}, "status": None, "statusText": "", "startTime": None, "endTime": None}
    end = attempt.outcome
    status, text = _status(end)
    return {
        "headers": end.response_headers,
        "body": {} if end.status_code is None else value_of(end.response_body),
        "status": status,
        "statusText": text,
        "startTime": format_millis(attempt.started_at),
        "endTime": format_millis(attempt.started_at + round(attempt.duration_ms)),
    }


def _status(end: Outcome) -> tuple[int | str, str]:
    if end.status_code is not None:
        known = end.status_code in set(HTTPStatus)
        return end.status_code, HTTPStatus(end.status_code).phrase if known else ""
    error = end.error or ""
    if end.result is Result.UNREACHABLE:
        name = _ERRNO.get(error.rpartition(": ")[2]) or ("ENOTFOUND" if "does not resolve" in error else "ECONNRESET")
        return name, f"connect {name} {error}"
    return _RESULTS.get(end.result, "ECONNABORTED"), error


_ERRNO = {os.strerror(number): name for number, name in errno.errorcode.items()}
"""The names of the system's errors by what they say."""

_RESULTS = {Result.TIMED_OUT: "ETIMEDOUT", Result.REFUSED: "ERR_BAD_REQUEST"}
