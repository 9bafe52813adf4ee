"""Records of the catalog as rows of the original's tables, column by column: booleans are 0 or 1, times ISO 8601."""

from typing import TypedDict

from eventyard.dialects.eventhos.mapping import CLASS, HYBRID, OPERATION, TYPE, Sight, title_of
from eventyard.model.catalog import Application, Mode, Source, Subscription, Target
from eventyard.wire.rfc3339 import format_millis

SystemRow = TypedDict(
    "SystemRow",
    {
        "id": int,
        "class": str,
        "identifier": str,
        "name": str,
        "type": str,
        "description": str,
        "deleted": int,
        "created_at": str,
        "updated_at": str,
        "client_id": int | None,
    },
)
"""A system. ``client_id`` is the id of the client whose tokens prove its senders."""


class EventRow(TypedDict):
    """An event."""

    id: int
    system_id: int
    identifier: str
    name: str
    operation: str
    description: str
    deleted: int
    created_at: str
    updated_at: str


class ActionOfSystemRow(EventRow):
    """An action, as its system lists it."""


class ActionRow(ActionOfSystemRow):
    """An action, as the list of all has it. Its configuration is sealed, and told by ``GET /action/:id`` alone."""

    http_configuration: str
    reply_to: str | None
    system_name: str


class ContractRow(TypedDict):
    """A contract, as its event lists it. ``event_id`` is null where it is made for several events."""

    id: int
    action_id: int | None
    event_id: int | None
    identifier: str
    name: str
    active: int
    order: int
    deleted: int
    created_at: str
    updated_at: str
    mail_recipients_on_error: str


class ContractListed(TypedDict):
    """A contract, as the list of all has it."""

    id: int
    name: str
    active: int
    order: int
    eventId: int | None
    actionId: int | None
    producerName: str
    consumerName: str
    eventIdentifier: str
    actionIdentifier: str
    mailRecipientsOnError: str


SEALED = "****"
"""What stands for what is not shown."""


def system_row(sight: Sight, system: Application) -> SystemRow:
    """A system as its table has it."""
    client = sight.client_of(system)
    return {
        "id": system.number,
        "class": system.labels.get(CLASS, HYBRID),
        "identifier": system.name,
        "name": title_of(system),
        "type": system.labels.get(TYPE, ""),
        "description": system.description,
        "deleted": 0,
        "created_at": format_millis(system.created_at),
        "updated_at": format_millis(system.updated_at),
        "client_id": None if client is None else client.number,
    }


def event_row(sight: Sight, event: Source) -> EventRow:
    """An event as its table has it."""
    return {
        "id": event.number,
        "system_id": sight.system_of(event).number,
        "identifier": event.name,
        "name": title_of(event),
        "operation": event.labels.get(OPERATION, ""),
        "description": event.description,
        "deleted": 0,
        "created_at": format_millis(event.created_at),
        "updated_at": format_millis(event.updated_at),
    }


def action_of_system_row(sight: Sight, action: Target) -> ActionOfSystemRow:
    """An action as its system lists it."""
    return {
        "id": action.number,
        "system_id": sight.system_of(action).number,
        "identifier": action.name,
        "name": title_of(action),
        "operation": action.labels.get(OPERATION, ""),
        "description": action.description,
        "deleted": 0,
        "created_at": format_millis(action.created_at),
        "updated_at": format_millis(action.updated_at),
    }


def action_row(sight: Sight, action: Target) -> ActionRow:
    """An action as the list of all has it."""
    return {
        **action_of_system_row(sight, action),
        "http_configuration": SEALED,
        "reply_to": action.settings.get("reply_to"),
        "system_name": title_of(sight.system_of(action)),
    }


def contract_row(sight: Sight, contract: Subscription) -> ContractRow:
    """A contract as its event lists it."""
    event, action = sight.event_of(contract), sight.action_of(contract)
    return {
        "id": contract.number,
        "action_id": None if action is None else action.number,
        "event_id": None if event is None else event.number,
        "identifier": contract.name,
        "name": title_of(contract),
        "active": _active(contract),
        "order": contract.order or 0,
        "deleted": 0,
        "created_at": format_millis(contract.created_at),
        "updated_at": format_millis(contract.updated_at),
        "mail_recipients_on_error": ",".join(contract.mail_to),
    }


def contract_listed(sight: Sight, contract: Subscription) -> ContractListed:
    """A contract as the list of all has it."""
    event, action = sight.event_of(contract), sight.action_of(contract)
    return {
        "id": contract.number,
        "name": title_of(contract),
        "active": _active(contract),
        "order": contract.order or 0,
        "eventId": None if event is None else event.number,
        "actionId": None if action is None else action.number,
        "producerName": "" if event is None else title_of(sight.system_of(event)),
        "consumerName": "" if action is None else title_of(sight.system_of(action)),
        "eventIdentifier": "" if event is None else event.name,
        "actionIdentifier": "" if action is None else action.name,
        "mailRecipientsOnError": ",".join(contract.mail_to),
    }


def _active(contract: Subscription) -> int:
    return int(contract.mode is Mode.ENABLED)
