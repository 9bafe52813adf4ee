from msgspec.structs import replace

from eventyard.cli.moving.draft import counts, id_of
from eventyard.model.catalog import Application, Target
from eventyard.testing import builders as b
from tests.unit.cli.moving.others import VAULT, again, draft, told

SHOP = b.application("shop", id=id_of("system", "shop"))
HOOK = b.target("hook", id=id_of("action", "hook"))


def test_an_id_follows_from_the_name_and_the_kind() -> None:
    assert id_of("event", "a") == id_of("event", "a")
    assert len({id_of("event", "a"), id_of("event", "b"), id_of("action", "a")}) == 3


def test_what_is_not_there_is_made_and_then_kept() -> None:
    plan = draft()
    plan.put("system", SHOP)
    assert told(plan) == [("make", "system", "shop", "")]
    assert plan.saved == [SHOP]
    second = again(plan)
    assert second.put("system", SHOP) == SHOP
    assert told(second) == [("keep", "system", "shop", "")]
    assert second.saved == []


def test_what_changed_there_is_changed_and_says_what_of_it() -> None:
    plan = draft(replace(SHOP, number=7))
    changed = replace(SHOP, title="The shop", description="Sells", updated_at=b.NOW + 1)
    made = plan.put("system", changed)
    assert told(plan) == [("change", "system", "shop", "description, title")]
    assert made == replace(changed, number=7)


def test_what_changed_here_later_is_kept_as_it_is_here() -> None:
    here = replace(SHOP, title="Ours", updated_at=b.NOW + 2)
    plan = draft(here)
    assert plan.put("system", replace(SHOP, title="Theirs", updated_at=b.NOW + 1)) == here
    assert told(plan) == [("keep", "system", "shop", "changed here since")]


def test_another_moment_alone_is_no_change() -> None:
    plan = draft(SHOP)
    plan.put("system", replace(SHOP, updated_at=b.NOW + 9))
    assert told(plan) == [("keep", "system", "shop", "")]


def test_a_secret_that_says_the_same_is_the_same_in_another_box() -> None:
    def sealed(secret: str) -> Target:
        return replace(HOOK, secrets={"secret": (VAULT.seal(secret, HOOK.id),)})

    first, same, other = sealed("one"), sealed("one"), sealed("two")
    plan = draft(first)
    assert plan.put("action", same) == first
    plan.put("action", other)
    assert told(plan) == [("keep", "action", "hook", ""), ("change", "action", "hook", "secrets")]


def test_what_is_planned_is_found_like_what_is_there() -> None:
    plan = draft(b.application("old"))
    plan.add(SHOP)
    assert plan.find(Application, name="shop") == SHOP
    assert plan.find(Application, name="old") == b.application("old")
    assert plan.find(Application, name="new") is None
    assert plan.steps == []


def test_steps_are_counted_by_kind_and_by_what_becomes_of_them() -> None:
    plan = draft()
    plan.put("system", SHOP)
    plan.leave("system", "old", "deleted")
    plan.keep("role", "admin")
    assert counts(plan.steps) == {
        "system": {"make": 1, "change": 0, "keep": 0, "leave": 1},
        "role": {"make": 0, "change": 0, "keep": 1, "leave": 0},
    }
