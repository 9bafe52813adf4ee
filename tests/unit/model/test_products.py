import pytest

from eventyard.model.errors import Conflict, Invalid
from eventyard.model.products import STEPS, Family, check_step, state_id

LEGAL = [
    (family, present, wanted) for family, steps in STEPS.items() for present, legal in steps.items() for wanted in legal
]
ILLEGAL = [
    (family, present, wanted)
    for family, steps in STEPS.items()
    for present, legal in steps.items()
    for wanted in steps
    if wanted is not None and wanted not in legal
]


def test_the_states_are_those_of_the_twelve_events() -> None:
    assert {f"product.{family}.{state}" for family, steps in STEPS.items() for state in steps if state} == {
        "product.activation.activated",
        "product.activation.deactivated",
        "product.activation.terminated",
        "product.activation.updated",
        "product.provisioning.started",
        "product.provisioning.finished",
        "product.provisioning.failed",
        "product.subscription.created",
        "product.subscription.active",
        "product.subscription.inactive",
        "product.subscription.suspended",
        "product.subscription.terminated",
    }


def test_every_state_is_reached_and_left() -> None:
    for steps in STEPS.values():
        assert {state for legal in steps.values() for state in legal} == steps.keys() - {None}
        assert all(steps.values())


@pytest.mark.parametrize(("family", "present", "wanted"), LEGAL)
def test_a_legal_step_is_taken(family: Family, present: str | None, wanted: str) -> None:
    check_step(family, present, wanted)


@pytest.mark.parametrize(("family", "present", "wanted"), ILLEGAL)
def test_an_illegal_step_is_refused_with_the_legal_ones(family: Family, present: str | None, wanted: str) -> None:
    with pytest.raises(Conflict) as refused:
        check_step(family, present, wanted)
    assert refused.value.code == "illegal_transition"
    assert refused.value.hint == f"legal steps: {', '.join(STEPS[family][present])}"


def test_a_state_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match="no state 'paused'") as refused:
        check_step(Family.SUBSCRIPTION, "active", "paused")
    assert refused.value.pointer == "/state"
    assert refused.value.hint == "states here: created, active, inactive, suspended, terminated"


def test_only_subscriptions_are_an_organizations() -> None:
    assert [family for family in Family if not family.in_project] == [Family.SUBSCRIPTION]


def test_there_is_one_state_of_a_family_for_a_product_and_a_subject() -> None:
    assert state_id("a", Family.ACTIVATION, "p") == "a/activation/p"
