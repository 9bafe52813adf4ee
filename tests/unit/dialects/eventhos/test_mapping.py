import pytest

from eventyard.dialects.eventhos.mapping import Sight, relabelled, title_of
from eventyard.model.catalog import Application, Source, Subscription, Target
from eventyard.model.reserved import exchange_of
from eventyard.pipeline.view import View
from eventyard.testing import builders


@pytest.fixture
def who(yard):
    return yard.hub.keys.by_key(yard.key)


@pytest.fixture
def sight(yard, who):
    """A fresh look, each time it is called."""
    return lambda: Sight(View(yard.hub.catalog, who), yard.project)


async def test_records_are_found_by_their_numbers_in_this_project_only(yard, who, sight):
    source = await yard.hub.sources.create(who, project_id=None, name="shop")
    elsewhere = await yard.hub.projects.create(who, name="elsewhere")
    other = await yard.hub.sources.create(who, project_id=elsewhere.id, name="shop")
    assert sight().find(Source, source.number) == source
    assert sight().find(Target, source.number) is None
    assert sight().find(Source, other.number) is None
    assert sight().all(Source) == [source]


async def test_what_the_hub_made_itself_is_not_shown(yard, sight):
    door = await yard.hub.publishing.door(yard.project, exchange_of(yard.project))
    assert sight().find(Source, door.source.number) is None
    assert sight().all(Source) == []


async def test_an_action_without_a_system_is_of_the_first_one(yard, who, sight):
    target, _ = await yard.hub.targets.create(who, project_id=None, name="bill", type_="webhook")
    shop = await yard.hub.projects.add_application(who, project_id=None, name="shop")
    assert sight().system_of(target).name == "default"
    named = await yard.hub.targets.change(who, target.id, {"labels": {"application": shop.id}})
    assert sight().system_of(named) == shop
    await yard.hub.projects.remove_application(who, shop.id)
    assert sight().system_of(named).name == "default"


async def test_a_contract_on_topics_is_of_the_event_that_alone_publishes_there(yard, who, sight):
    source = await yard.hub.sources.create(who, project_id=None, name="shop")
    await yard.hub.targets.create(who, project_id=None, name="bill", type_="webhook")
    made = await yard.hub.subscriptions.create(
        who, project_id="default", topics=[source.topic_id], target_id="bill", order=2
    )
    assert sight().event_of(made) == source
    assert sight().publishes_alone(source)
    on_it = await yard.hub.subscriptions.create(who, source_id=source.id, target_id="bill", order=1)
    assert sight().contracts_of(source) == [on_it, made]
    await yard.hub.sources.create(who, project_id=None, name="second", topic=source.topic_id)
    assert sight().event_of(made) is None
    assert not sight().publishes_alone(source)
    assert sight().action_of(made).name == "bill"


async def test_the_client_of_a_system_is_the_one_that_belongs_to_it(yard, who, sight):
    default = next(iter(yard.hub.catalog.all(Application)))
    assert sight().client_of(default) is None
    client, _ = await yard.hub.identity.clients.create(who, name="shop", application_id=default.id)
    assert sight().client_of(default) == client


def test_without_a_title_the_name_will_do():
    assert title_of(builders.subscription(name="plain")) == "plain"
    assert title_of(builders.subscription(name="plain", title="Plain")) == "Plain"
    assert isinstance(builders.subscription(), Subscription)


def test_labels_that_are_given_anew_leave_the_others():
    assert relabelled({"team": "a", "type": "x"}, type="y", operation=None) == {"team": "a", "type": "y"}
    assert relabelled({"team": "a", "type": "x"}, type="") == {"team": "a"}
