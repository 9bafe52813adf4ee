"""``/contract``: a contract is a subscription that drives an action with the events of one source, in an order.

It is tried once, as in the original; under ``/v1`` it can be given a policy by which it is tried again.
"""

from typing import Annotated, Any, TypedDict

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, Field, StringConstraints

from eventyard.dialects.eventhos.answers import EventhosError, EventhosRoute, ok
from eventyard.dialects.eventhos.bodies import Body, Identifier, Number, fault, said_of, unset
from eventyard.dialects.eventhos.identifiers import suffixed
from eventyard.dialects.eventhos.paging import Listed, Paged, contains
from eventyard.dialects.eventhos.rows import ContractListed, ContractRow, contract_listed, contract_row
from eventyard.dialects.eventhos.shapes import page_of, shows
from eventyard.dialects.eventhos.visit import Visit, needs
from eventyard.model.catalog import Mode, Source, Subscription, Target
from eventyard.model.errors import Conflict, HubError
from eventyard.model.retry import RetryPolicy

router = APIRouter(prefix="/contract", tags=["Contract"], route_class=EventhosRoute)

ONCE = RetryPolicy(schedule_ms=None, max_attempts=1)
"""The policy of contracts made here."""

EXAMPLE = {
    "id": 4,
    "name": "Bill the order",
    "active": 1,
    "order": 0,
    "eventId": 2,
    "actionId": 3,
    "producerName": "Shop",
    "consumerName": "Billing",
    "eventIdentifier": "new_order_new-DBOciIq7Bt",
    "actionIdentifier": "bill_new-Hvph-2BAtn",
    "mailRecipientsOnError": "ops@shop.example",
}


def _addresses(value: Any) -> Any:
    if value is None:
        return ()
    if not isinstance(value, str):
        return value
    return tuple(address for part in value.replace(";", ",").split(",") if (address := part.strip()))


ContractName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Order = Annotated[
    int, Field(ge=0, le=65_535, description="Contracts of a lower order are executed first, those alike at once.")
]
Recipients = Annotated[
    tuple[str, ...],
    BeforeValidator(_addresses, json_schema_input_type=str),
    Field(description="Mail addresses with commas between them; told when it fails.", examples=["ops@shop.example"]),
]
StopOnError = Annotated[
    bool, Field(description="Extended: whether contracts of higher orders are left when this one fails.")
]


class MadeContract(TypedDict):
    """What was made. It is the id of the contract, whatever its name says."""

    actionId: int


class NewContract(Body):
    """A contract to be made."""

    eventId: Number
    actionId: Number
    identifier: Identifier
    name: ContractName
    order: Order = 0
    mailRecipientsOnError: Recipients = ()
    stopOnError: StopOnError = False


class ContractChange(Body):
    """What to change of a contract."""

    name: ContractName = unset()
    active: bool = unset()
    order: Order = unset()
    mailRecipientsOnError: Recipients = unset()
    stopOnError: StopOnError = unset()


class OneOrder(Body):
    """Which order a contract is to have."""

    contractId: Number
    order: Order


class Orders(Body):
    """The orders of several contracts."""

    orders: Annotated[list[OneOrder], Field(max_length=10_000)]


@router.post(
    "", operation_id="eventhos_create_contract", summary="Make a contract",
    **shows("The id of the new contract, under the name `actionId`.", MadeContract, status=201, code=200001,
            example={"actionId": 4}),
)  # fmt: skip
async def create_contract(visit: Annotated[Visit, needs("contract:create")], body: NewContract) -> Response:
    """Let an action be executed whenever an event is received."""
    event, action = visit.sight.find(Source, body.eventId), visit.sight.find(Target, body.actionId)
    if event is None:
        raise fault("eventId", f"The event with id {body.eventId} does not exist")
    if action is None:
        raise fault("actionId", f"The action with id {body.actionId} does not exist")
    if any(contract.name == body.identifier for contract in visit.sight.all(Subscription)):
        raise EventhosError(400, 400101, "Contract identifier already exist")
    try:
        made = await visit.hub.subscriptions.create(
            visit.who,
            **_wanted(visit, event, action),
            target_id=action.id,
            name=suffixed(body.identifier),
            title=body.name,
            order=body.order,
            stop_on_error=body.stopOnError,
            mail_to=body.mailRecipientsOnError,
            retry=ONCE,
            application=visit.sight.system_of(action).id,
        )
    except Conflict as error:
        raise EventhosError(400, 400101, f"Contract already exist; {error.message}") from None
    except HubError as error:
        raise said_of(error, {"/mail_to": "mailRecipientsOnError"}) or error from None
    return ok(200001, {"actionId": made.number}, 201)


@router.get(
    "", operation_id="eventhos_list_contracts", summary="List contracts",
    **shows("A page of contracts.", Listed[ContractListed], example=page_of(EXAMPLE)),
)  # fmt: skip
async def list_contracts(
    visit: Annotated[Visit, needs("contract:select")],
    paging: Paged,
    word: Annotated[
        str | None, Query(alias="wordSearch", description="Part of a name or identifier of it or its ends.")
    ] = None,
) -> Response:
    """A page of contracts, the subscriptions made under `/v1` included."""
    rows = [contract_listed(visit.sight, contract) for contract in visit.sight.all(Subscription)]
    found = [
        row
        for row in rows
        if contains(
            word,
            row["name"],
            row["producerName"],
            row["eventIdentifier"],
            row["consumerName"],
            row["actionIdentifier"],
        )
    ]
    return ok(200000, paging.page(found))


@router.get(
    "/event/{event_id:int}", operation_id="eventhos_list_contracts_of_event", summary="List the contracts of an event",
    **shows("Its contracts, by their order.", list[ContractRow]),
)  # fmt: skip
async def list_contracts_of_event(visit: Annotated[Visit, needs("contract:select")], event_id: Number) -> Response:
    """All contracts of an event. Deleted ones are not among them."""
    return ok(200000, [contract_row(visit.sight, contract) for contract in _of_event(visit, event_id)])


@router.get(
    "/event/{event_id:int}/action/{action_id:int}", operation_id="eventhos_list_contracts_of_event_and_action",
    summary="List the contracts of an event and an action", **shows("Their contracts.", list[ContractRow]),
)  # fmt: skip
async def list_contracts_of_event_and_action(
    visit: Annotated[Visit, needs("contract:select")], event_id: Number, action_id: Number
) -> Response:
    """All contracts between an event and an action."""
    rows = [contract_row(visit.sight, contract) for contract in _of_event(visit, event_id)]
    return ok(200000, [row for row in rows if row["action_id"] == action_id])


@router.put(
    "/order", operation_id="eventhos_update_contract_orders", summary="Change the orders of contracts",
    **shows("They are changed.", status=201, code=200001),
)  # fmt: skip
async def update_contract_orders(visit: Annotated[Visit, needs("contract:update")], body: Orders) -> Response:
    """Change the orders of several contracts, all or none."""
    contracts = [visit.need(Subscription, one.contractId, "contract") for one in body.orders]
    wanted = {contract.id: one.order for contract, one in zip(contracts, body.orders, strict=True)}
    if wanted:
        await visit.hub.subscriptions.reorder(visit.who, wanted)
    return ok(200001, status=201)


@router.put(
    "/{contract_id:int}", operation_id="eventhos_update_contract", summary="Change a contract",
    **shows("It is changed.", status=201, code=200001),
)  # fmt: skip
async def update_contract(
    visit: Annotated[Visit, needs("contract:update")], contract_id: Number, body: ContractChange
) -> Response:
    """Change what is named. One that is not active is left out when its event is received."""
    contract = visit.need(Subscription, contract_id, "contract")
    given = body.given()
    changes = {new: given[old] for old, new in _FIELDS.items() if old in given}
    if "active" in given and given["active"] != (contract.mode is Mode.ENABLED):
        changes["mode"] = Mode.ENABLED if given["active"] else Mode.DISABLED
    if not changes:
        return ok(200001, status=201)
    try:
        await visit.hub.subscriptions.change(visit.who, contract.id, changes)
    except HubError as error:
        raise said_of(error, {"/mail_to": "mailRecipientsOnError"}) or error from None
    return ok(200001, status=201)


@router.delete(
    "/{contract_id:int}", operation_id="eventhos_delete_contract", summary="Delete a contract",
    **shows("It is gone.", status=201, code=200001),
)  # fmt: skip
async def delete_contract(visit: Annotated[Visit, needs("contract:delete")], contract_id: Number) -> Response:
    """Delete a contract. What it executed stays in the log."""
    await visit.hub.subscriptions.remove(visit.who, visit.need(Subscription, contract_id, "contract").id)
    return ok(200001, status=201)


_FIELDS = {"name": "title", "order": "order", "mailRecipientsOnError": "mail_to", "stopOnError": "stop_on_error"}
"""Fields of a change, and what the pipeline calls them."""


def _of_event(visit: Visit, event_id: int) -> list[Subscription]:
    event = visit.sight.find(Source, event_id)
    return [] if event is None else visit.sight.contracts_of(event)


def _wanted(visit: Visit, event: Source, action: Target) -> dict[str, Any]:
    """By what a subscription to an event finds it: by its source, or by its own topic where there is one by the source.

    A source and a target have one subscription at most; of an event and an action there may be several contracts.
    """
    made = (one for one in visit.sight.all(Subscription) if one.target_id == action.id)
    if all(one.source_id != event.id for one in made) or not visit.sight.publishes_alone(event):
        return {"source_id": event.id}
    return {"topics": (event.topic_id,), "project_id": visit.sight.project.id}
