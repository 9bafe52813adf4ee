"""Products: steps in the life of an application as a product, each told as an event on the application's exchange.

The state machines stand in ``model/products.py``. A state is a record of the catalog, read, decided on and saved in
turn, so that of two steps at once the second is judged by what the first left behind; and it is committed in one
transaction with the event that tells of it. To derive it from the journal instead would mean to search it at every
step, and to lose it with the journal's retention.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from eventyard.model.access import Principal, Scope
from eventyard.model.catalog import Application, Organization, Project
from eventyard.model.errors import Invalid, NotFound
from eventyard.model.event import Event
from eventyard.model.ids import Millis
from eventyard.model.journal import Appended, NewPublication
from eventyard.model.products import (
    BEGINNINGS,
    Failure,
    Family,
    ProductState,
    Terms,
    Version,
    check_step,
    state_id,
)
from eventyard.model.reserved import exchange_of
from eventyard.pipeline.accept import Accepted, Acceptor
from eventyard.pipeline.arrivals import Arrival
from eventyard.pipeline.catalog import Catalog, in_turn
from eventyard.pipeline.entities import Relation, actor_of, need_own
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.view import View
from eventyard.ports import Clock
from eventyard.wire.rfc3339 import format_millis


class Step(Struct, frozen=True, kw_only=True):
    """What somebody wants to become of a product. What is not given stays as it was.

    ``project`` and ``organization`` are ids or names; ``run_id`` is that of the provisioning or subscription.
    """

    state: str
    project: str | None = None
    organization: str | None = None
    version: Version | None = None
    reason: str | None = None
    run_id: str | None = None
    failure: Failure | None = None
    terms: Terms = Terms()


class ProductData(Struct, frozen=True, kw_only=True, rename="camel"):
    """The data of a product's event: what every family has, and what one has beside it."""

    application: Relation
    product: Relation
    project: Relation | None
    organization: Relation
    provisioning_id: str | UnsetType = UNSET
    subscription_id: str | UnsetType = UNSET
    state: str
    previous_state: str | None
    version: Version | None
    previous_version: Version | UnsetType | None = UNSET
    attempt: int | UnsetType = UNSET
    error: Failure | UnsetType = UNSET
    valid_from: str | UnsetType | None = UNSET
    valid_until: str | UnsetType | None = UNSET
    plan: str | UnsetType | None = UNSET
    actor: Relation | None
    reason: str | None
    occurred_at: str


class Products:
    """The products of a hub."""

    def __init__(self, catalog: Catalog, publishing: Publishing, acceptor: Acceptor, clock: Clock) -> None:
        self._catalog = catalog
        self._publishing = publishing
        self._acceptor = acceptor
        self._clock = clock

    def states(self, who: Principal, application_id: str, family: Family) -> list[ProductState]:
        """How it stands with a product in the projects, or organization, that the caller sees; newest first."""
        view = View(self._catalog, who).need(Scope.CATALOG_READ)
        application = view.get(Application, application_id)
        need_own(who, application)
        found = [
            state
            for state in self._catalog.all(ProductState)
            if state.application_id == application.id
            and state.family is family
            and (not family.in_project or view.sees(state.subject_id))
        ]
        return sorted(found, key=lambda state: (state.changed_at, state.id), reverse=True)

    async def step(
        self, who: Principal, application_id: str, family: Family, step: Step
    ) -> tuple[ProductState, Accepted]:
        """Take a step, and tell of it.

        Raises ``Conflict`` (``illegal_transition``) naming the legal steps, ``Invalid``, ``NotFound``, ``Forbidden``.
        """
        view = View(self._catalog, who).need(Scope.EVENTS_PUBLISH)
        application = view.get(Application, application_id)
        need_own(who, application)
        await self._publishing.door(self._catalog.get(Project, application.project_id), exchange_of(application))
        return await self._step(who, application_id, family, step)

    @in_turn
    async def _step(
        self, who: Principal, application_id: str, family: Family, step: Step
    ) -> tuple[ProductState, Accepted]:
        view = View(self._catalog, who)
        application = view.get(Application, application_id)
        subject = _subject(view, family, step)
        present = self._catalog.seek(ProductState, state_id(application.id, family, subject.id))
        check_step(family, None if present is None else present.state, step.state)
        door = self._publishing.find(self._catalog.get(Project, application.project_id), exchange_of(application))
        assert door is not None  # made before this turn, and it stays as long as its application
        actor = actor_of(who)
        state = self._next(application, family, subject, present, step, actor)
        event = _event(state, subject, view.organization(), self._publishing.new_id())

        async def commit(publications: Sequence[NewPublication]) -> Sequence[Appended]:
            return (await self._catalog.commit([state], (), publications))[1]

        [accepted] = await self._acceptor.accept_within([Arrival(door, event, well_formed=True)], commit)
        return state, accepted

    def _next(
        self,
        application: Application,
        family: Family,
        subject: Project | Organization,
        present: ProductState | None,
        step: Step,
        actor: Relation | None,
    ) -> ProductState:
        """The state after a step that is legal."""
        before = present or ProductState(
            id=state_id(application.id, family, subject.id),
            application_id=application.id,
            family=family,
            subject_id=subject.id,
            state="",
            changed_at=0,
        )
        begins = step.state in BEGINNINGS
        run_id = step.run_id or (self._publishing.new_id() if begins else before.run_id)
        if not begins and run_id != before.run_id:
            field = "provisioningId" if family.in_project else "subscriptionId"
            raise Invalid("invalid_body", f"the one that is under way is {before.run_id!r}", pointer=f"/{field}")
        terms = Terms() if begins else before.terms
        given = {name: value for name, value in msgspec.structs.asdict(step.terms).items() if value is not None}
        version = step.version or before.version
        return msgspec.structs.replace(
            before,
            state=step.state,
            changed_at=self._clock(),
            previous_state=before.state or None,
            version=version,
            previous_version=before.version if step.state == "updated" or version != before.version else None,
            reason=step.reason,
            actor=None if actor is None else (actor.kind, actor.id),
            run_id=run_id,
            attempt=before.attempt + (step.state == "started"),
            failure=step.failure if step.state == "failed" else None,
            terms=msgspec.structs.replace(terms, **given),
        )


def _subject(view: View, family: Family, step: Step) -> Project | Organization:
    """The project, or organization, in which the step is taken."""
    organization = view.organization()
    if step.organization not in (None, organization.id, organization.name):
        raise NotFound("not_found", f"there is no organization {step.organization!r}", pointer="/organizationId")
    if family.in_project:
        if step.project is None and step.organization is not None:
            raise Invalid("invalid_body", f"{family} happens in a project", pointer="/projectId", hint="give projectId")
        return view.project(step.project)
    if step.project is not None:
        view.project(step.project)
    return organization


def _event(state: ProductState, subject: Project | Organization, organization: Organization, event_id: str) -> Event:
    """The event that tells of a step."""
    word = f"product.{state.family}.{state.state}"
    in_project = isinstance(subject, Project)
    data = ProductData(
        application=Relation("applications", state.application_id),
        product=Relation("products", state.application_id),
        project=Relation("projects", subject.id) if in_project else None,
        organization=Relation("organizations", organization.id),
        state=state.state,
        previous_state=state.previous_state,
        version=state.version,
        previous_version=state.previous_version
        if state.state == "updated" or state.previous_version is not None
        else UNSET,
        actor=None if state.actor is None else Relation(*state.actor),
        reason=state.reason,
        occurred_at=format_millis(state.changed_at),
        **_own(state),
    )
    return Event(
        id=event_id,
        source=f"/applications/{state.application_id}",
        type=word,
        time=state.changed_at,
        data=msgspec.json.encode(data),
        routing_key=word,
        subject=f"{'projects' if in_project else 'organizations'}/{subject.id}",
    )


def _own(state: ProductState) -> dict[str, Any]:
    """What the events of one family have beside the rest."""
    match state.family:
        case Family.PROVISIONING:
            failed = {"error": state.failure or Failure("unknown")} if state.state == "failed" else {}
            return {"provisioning_id": state.run_id, "attempt": state.attempt, **failed}
        case Family.SUBSCRIPTION:
            return {
                "subscription_id": state.run_id,
                "valid_from": moment(state.terms.valid_from),
                "valid_until": moment(state.terms.valid_until),
                "plan": state.terms.plan,
            }
        case _:
            return {}


def moment(at: Millis | None) -> str | None:
    """A moment as events have it, if there is one."""
    return None if at is None else format_millis(at)
