"""The life of a product: an application as it is activated in a project, provisioned there, and subscribed to.

Three state machines, each a table of state -> the states that may follow; ``None`` is before the first of them. Every
step is an event ``product.{family}.{state}``. What ends may begin anew: a terminated product is activated again, a
failed provisioning started again. Who may take a step, and how it becomes an event, is for ``pipeline/products.py``.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from eventyard.model.errors import Conflict, Invalid
from eventyard.model.ids import Millis


class Family(StrEnum):
    """Which of the three."""

    ACTIVATION = "activation"
    """In a project: the product may be used."""
    PROVISIONING = "provisioning"
    """In a project: what the product needs there is being set up."""
    SUBSCRIPTION = "subscription"
    """In an organization: the product is paid for."""

    @property
    def in_project(self) -> bool:
        """Whether it happens in a project; otherwise in an organization."""
        return self is not Family.SUBSCRIPTION


STEPS: Mapping[Family, Mapping[str | None, tuple[str, ...]]] = {
    Family.ACTIVATION: {
        None: ("activated",),
        "activated": ("deactivated", "updated", "terminated"),
        "updated": ("deactivated", "updated", "terminated"),
        "deactivated": ("activated", "terminated"),
        "terminated": ("activated",),
    },
    Family.PROVISIONING: {
        None: ("started",),
        "started": ("finished", "failed"),
        "finished": ("started",),
        "failed": ("started",),
    },
    Family.SUBSCRIPTION: {
        None: ("created",),
        "created": ("active", "terminated"),
        "active": ("inactive", "suspended", "terminated"),
        "inactive": ("active", "terminated"),
        "suspended": ("active", "inactive", "terminated"),
        "terminated": ("created",),
    },
}
"""Which steps there are. ``updated`` is active, too: on another version than the one it was activated with."""

BEGINNINGS = ("started", "created")
"""The states that begin a run of their own, which has an id: a provisioning, a subscription."""


class Version(Struct, frozen=True):
    """A version of a product: what programs and what people call it."""

    id: str
    label: str


class Failure(Struct, frozen=True):
    """Why a provisioning failed."""

    code: str
    detail: str = ""


class Terms(Struct, frozen=True):
    """What a subscription comes with."""

    valid_from: Millis | None = None
    valid_until: Millis | None = None
    plan: str | None = None


class ProductState(Struct, frozen=True, kw_only=True):
    """How it stands between one product and one project or organization, in one of the three families.

    ``subject_id`` is the project's or organization's id. ``run_id`` names the provisioning or subscription, ``attempt``
    counts the provisionings. ``actor`` is who took the last step: ``("keys" or "users", id)``.
    """

    id: str
    application_id: str
    family: Family
    subject_id: str
    state: str
    changed_at: Millis
    previous_state: str | None = None
    version: Version | None = None
    previous_version: Version | None = None
    reason: str | None = None
    actor: tuple[str, str] | None = None
    run_id: str | None = None
    attempt: int = 0
    failure: Failure | None = None
    terms: Terms = Terms()


def state_id(application_id: str, family: Family, subject_id: str) -> str:
    """The id of a state: there is one of each family for a product and a subject."""
    return f"{application_id}/{family}/{subject_id}"


def check_step(family: Family, present: str | None, wanted: str) -> None:
    """Raise ``Conflict`` (``illegal_transition``) naming the legal steps, or ``Invalid`` for a state there is not."""
    steps = STEPS[family]
    if wanted not in steps:
        states = ", ".join(state for state in steps if state is not None)
        raise Invalid(
            "invalid_body", f"{family} has no state {wanted!r}", pointer="/state", hint=f"states here: {states}"
        )
    legal = steps[present]
    if wanted not in legal:
        where = "has not begun" if present is None else f"is {present}"
        raise Conflict(
            "illegal_transition",
            f"the {family} of this product {where}, and cannot become {wanted}; legal here: {', '.join(legal)}",
            pointer="/state",
            hint=f"legal steps: {', '.join(legal)}",
        )
