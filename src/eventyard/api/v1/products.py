"""``/v1/applications/{id}/activation``, ``provisioning``, ``subscription``: an application's life as a product.

A step is posted, refused or taken, and told of as an event on the exchange of the application. The names of fields in
what is posted are written as in those events; the way they are written elsewhere in this API is understood, too.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from msgspec import Meta, Struct
from pydantic import ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from eventyard.api.v1.answers import Id, Number, Time, reply, shows, time_of, time_or_none
from eventyard.api.v1.bodies import Body, Moment, Ref
from eventyard.api.v1.call import Asked, InProject
from eventyard.model import products
from eventyard.model.catalog import Application
from eventyard.model.products import Family
from eventyard.pipeline.products import Step

router = APIRouter(prefix="/v1/applications/{application_id}", tags=["Products"])


class Product(Struct):
    """How it stands between a product and a project, or an organization."""

    application_id: Id
    family: Family
    project_id: Annotated[Id | None, Meta(description="Of an activation or provisioning.")]
    organization_id: Annotated[Id | None, Meta(description="Of a subscription.")]
    state: str
    previous_state: str | None
    version: products.Version | None
    previous_version: products.Version | None
    reason: str | None
    provisioning_id: str | None
    subscription_id: str | None
    attempt: Annotated[int, Meta(description="How often its provisioning was started.")]
    error: Annotated[products.Failure | None, Meta(description="Why its provisioning failed.")]
    valid_from: Time | None
    valid_until: Time | None
    plan: str | None
    actor: Annotated[dict[str, str] | None, Meta(description="Who took the last step.")]
    changed_at: Time


class Stepped(Product, kw_only=True):
    """What a step led to, and the event that tells of it."""

    event_id: str
    entry_id: Number
    dispatched: Annotated[int, Meta(description="How many deliveries were made of the event.")]


def _version(value: Any) -> products.Version:
    match value:
        case str() if 0 < len(value) <= _SHORT:
            return products.Version(value, value)
        case {"id": str(id_), **rest} if 0 < len(id_) <= _SHORT and rest.keys() <= {"label"}:
            label = rest.get("label", id_)
            if isinstance(label, str) and len(label) <= _SHORT:
                return products.Version(id_, label)
    raise PydanticCustomError("version", "a version is a text, or an object of an id and a label")


_SHORT = 255
_TEXT = {"type": "string", "minLength": 1, "maxLength": _SHORT}
Version = Annotated[
    Any,
    PlainValidator(_version),
    WithJsonSchema(
        {"anyOf": [_TEXT, {"type": "object", "properties": {"id": _TEXT, "label": _TEXT}, "required": ["id"]}]}
    ),
]
Text = Annotated[str, StringConstraints(max_length=2000)]


class Failure(Body):
    """Why a provisioning failed."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=_SHORT)]
    detail: Text = ""


class NewState(Body):
    """What is to become of the product."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: Annotated[str, Field(max_length=64, examples=["activated"])]
    project_id: Ref | None = Field(
        default=None, alias="projectId", description="Project, by id or name; may be left out where there is only one."
    )
    organization_id: Ref | None = Field(
        default=None, alias="organizationId", description="Of a subscription: the organization, by id or name."
    )
    version: Version | None = Field(default=None, examples=["2.1.0"], description="Without, it stays.")
    reason: Text | None = Field(default=None, description="For people.")
    provisioning_id: Ref | None = Field(default=None, alias="provisioningId", description="Without, one is made.")
    subscription_id: Ref | None = Field(default=None, alias="subscriptionId", description="Without, one is made.")
    error: Failure | None = Field(default=None, description="Why a provisioning failed.")
    valid_from: Moment | None = Field(default=None, alias="validFrom")
    valid_until: Moment | None = Field(default=None, alias="validUntil")
    plan: Ref | None = None

    @model_validator(mode="before")
    @classmethod
    def _either_spelling(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        aliases = {name: field.alias for name, field in cls.model_fields.items() if field.alias}
        return {aliases.get(name, name): value for name, value in given.items()}

    def step(self, family: Family) -> Step:
        """The step that is meant."""
        return Step(
            state=self.state,
            project=self.project_id,
            organization=self.organization_id,
            version=self.version,
            reason=self.reason,
            run_id=self.subscription_id if family is Family.SUBSCRIPTION else self.provisioning_id,
            failure=None if self.error is None else products.Failure(self.error.code, self.error.detail),
            terms=products.Terms(self.valid_from, self.valid_until, self.plan),
        )


def shown(state: products.ProductState) -> dict[str, Any]:
    """A state as answers have it: the fields of :class:`Product`."""
    in_project = state.family.in_project
    return {
        "application_id": state.application_id,
        "family": state.family,
        "project_id": state.subject_id if in_project else None,
        "organization_id": None if in_project else state.subject_id,
        "state": state.state,
        "previous_state": state.previous_state,
        "version": state.version,
        "previous_version": state.previous_version,
        "reason": state.reason,
        "provisioning_id": state.run_id if in_project else None,
        "subscription_id": None if in_project else state.run_id,
        "attempt": state.attempt,
        "error": state.failure,
        "valid_from": time_or_none(state.terms.valid_from),
        "valid_until": time_or_none(state.terms.valid_until),
        "plan": state.terms.plan,
        "actor": None if state.actor is None else {"_relType": state.actor[0], "id": state.actor[1]},
        "changed_at": time_of(state.changed_at),
    }


def _add(family: Family) -> None:
    """The two calls of a family."""
    path = f"/{family}"

    @router.get(
        path, operation_id=f"list_product_{family}", summary=f"Show the {family} of a product",
        description=f"How it stands with the {family} of an application, wherever there is one that the caller sees.",
        **shows(list[Product], "The last changed first."),
    )  # fmt: skip
    async def states(call: Asked, application_id: str, project_id: InProject = None) -> Response:
        found = call.id_of(Application, application_id, project_id)
        return reply([Product(**shown(state)) for state in call.hub.products.states(call.who, found, family)])

    @router.post(
        path, operation_id=f"step_product_{family}", summary=f"Take a step in the {family} of a product",
        description="Refused with 409, naming the legal steps, where the present state does not allow it. The event "
        f"`product.{family}.{{state}}` is committed with the new state, on the exchange of the application.",
        **shows(Stepped, "It is committed."),
    )  # fmt: skip
    async def step(call: Asked, application_id: str, body: NewState, project_id: InProject = None) -> Response:
        found = call.id_of(Application, application_id, project_id)
        state, accepted = await call.hub.products.step(call.who, found, family, body.step(family))
        event_id, entry_id, dispatched = accepted.event_id, accepted.entry_id, accepted.dispatched
        return reply(Stepped(**shown(state), event_id=event_id, entry_id=entry_id, dispatched=dispatched))


for _family in Family:
    _add(_family)
