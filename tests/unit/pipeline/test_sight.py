"""What a caller with categories sees: of every kind of record, and of entries."""

import pytest
from msgspec.structs import replace

from eventyard.model.catalog import Application, Source, Subscription, Target, Topic
from eventyard.model.errors import Forbidden, NotFound
from eventyard.model.rules import Rule
from eventyard.pipeline.keys import Keys
from eventyard.pipeline.projects import Projects
from eventyard.pipeline.view import View
from eventyard.testing import builders as b

OF_A = frozenset({"a"})


@pytest.fixture
def limited(world):
    return replace(world.admin, categories=OF_A)


@pytest.fixture
async def sorted_out(world):
    """Applications and topics that bear a, b or nothing, with a source for each pair of them."""
    words = {"of-a": ("a",), "of-b": ("b",), "of-both": ("a", "b"), "open": ()}
    applications = [b.application(name, categories=borne) for name, borne in words.items()]
    topics = [b.topic(name, categories=borne) for name, borne in words.items()]
    sources = [
        b.source(f"{application.name}/{topic.name}", application_id=application.id, topic_id=topic.id)
        for application in applications
        for topic in topics
    ]
    await world.catalog.save(*applications, *topics, *sources)
    return words


def names(view, kind, prefix=""):
    records = view.catalog.all(kind)
    return {one.name for one in records if one.name.startswith(prefix) and view.shows(one)}


async def test_applications_and_topics_are_seen_by_who_shares_a_category(world, limited, sorted_out):
    view = View(world.catalog, limited)
    for kind in (Application, Topic):
        assert names(view, kind) & set(sorted_out) == {"of-a", "of-both", "open"}
        assert names(View(world.catalog, world.admin), kind) >= set(sorted_out)


async def test_a_source_is_seen_by_who_sees_both_its_application_and_its_topic(world, limited, sorted_out):
    seen = {name for name in sorted_out if name != "of-b"}
    assert names(View(world.catalog, limited), Source, "o") == {f"{one}/{two}" for one in seen for two in seen}


async def test_what_is_out_of_sight_is_not_there(world, limited, sorted_out):
    view = View(world.catalog, limited)
    project = view.project("default")
    for look in (
        lambda: view.get(Topic, "topic-of-b"),
        lambda: view.named(Topic, project, "of-b"),
        lambda: view.application(project, "of-b"),
        lambda: view.get(Source, "source-of-a/of-b"),
    ):
        with pytest.raises(NotFound):
            look()
    assert "of-b" not in {one.name for one in view.list(Topic, project)}


async def test_subscriptions_targets_and_rules_are_as_hidden_as_what_they_have_to_do_with(world, limited, sorted_out):
    await world.catalog.save(
        b.target("shared"), b.target("apart"), b.target("told"),
        b.subscription("plain", topic_ids=("topic-of-a", "topic-open"), target_id="target-apart"),
        b.subscription("mixed", topic_ids=("topic-of-a", "topic-of-b"), target_id="target-shared"),
        b.subscription("of-source", topic_ids=("topic-of-a",), source_id="source-of-b/of-a", target_id="target-shared"),
        b.rule("everything"),
        b.rule("chosen", all_subscriptions=False, subscription_ids=("subscription-plain",)),
        b.rule("hidden", all_subscriptions=False, subscription_ids=("subscription-mixed",), target_id="target-told"),
    )  # fmt: skip
    view = View(world.catalog, limited)
    assert names(view, Subscription) & {"plain", "mixed", "of-source"} == {"plain"}
    assert names(view, Target) & {"shared", "apart", "told"} == {"apart"}
    assert names(view, Rule) == {"chosen"}


async def test_the_hubs_own_topics_are_not_for_who_holds_some_categories_only(world, limited):
    await world.catalog.save(b.topic("project.project-default"))
    assert not names(View(world.catalog, limited), Topic, "project.")
    assert names(View(world.catalog, world.admin), Topic, "project.")


async def test_it_is_worked_out_once_and_again_after_a_change(world, limited, sorted_out):
    before = world.catalog.sight(OF_A)
    assert world.catalog.sight(OF_A) is before
    await world.catalog.save(replace(world.catalog.get(Topic, "topic-of-a"), categories=("b",)))
    view = View(world.catalog, limited)
    assert not view.shows(world.catalog.get(Topic, "topic-of-a"))
    assert world.catalog.get(Topic, "topic-of-a").number not in view.seen().topics
    assert View(world.catalog, world.admin).seen() is None


async def test_nobody_gives_categories_beyond_their_own(world, limited, sorted_out):
    projects = Projects(world.catalog, world.clock, world.new_id)
    keys = Keys(world.catalog, world.clock, world.new_id)
    made, _ = await keys.create(limited, name="k", scopes=list(limited.scopes))
    assert made.categories == ("a",)
    with pytest.raises(Forbidden):
        await keys.create(limited, name="k", scopes=list(limited.scopes), categories=["b"])
    with pytest.raises(Forbidden):
        await projects.add_application(limited, project_id="default", name="x", categories=["b"])
    with pytest.raises(Forbidden):
        await projects.change_application(limited, "application-of-a", {"categories": []})
    with pytest.raises(NotFound):
        await projects.change_application(limited, "application-of-b", {"categories": ["a"]})
    with pytest.raises(Forbidden):
        await projects.remove(limited, "project-default")
    opened = await projects.change_application(world.admin, "application-of-a", {"categories": []})
    assert opened.categories == ()


async def test_a_publication_is_seen_by_who_sees_its_topic_and_who_published_it(world, limited, sorted_out):
    sight = world.catalog.sight(OF_A)
    number = {one.name: one.number for one in world.catalog.all(Application)}
    seen = {
        (one, two) for one in sorted_out for two in sorted_out if sight.shows_publication(f"topic-{two}", number[one])
    }
    shown = {"of-a", "of-both", "open"}
    assert seen == {(one, two) for one in shown for two in shown}
    assert not sight.shows_publication("topic-open", 0)


async def test_what_has_no_say_in_it_leaves_it_as_it_is(world, limited, sorted_out):
    before = world.catalog.sight(OF_A)
    await world.catalog.save(b.target("another"))
    assert world.catalog.sight(OF_A) is before
