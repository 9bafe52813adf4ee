import pytest

from eventyard.model.errors import Forbidden
from eventyard.model.reserved import (
    ATTRIBUTES,
    CAUSE_DEPTH,
    CAUSE_ENTRY,
    CAUSE_ID,
    CAUSE_PATH,
    exchange_of,
    is_hub_made,
    is_reserved,
    need_free,
    need_not_ours,
)
from eventyard.pipeline.streams.deaths import DEATHS
from eventyard.pipeline.streams.properties import EXPIRATION, PROPERTIES
from eventyard.testing import builders


@pytest.mark.parametrize("name", ["project.1", "application.x", "amq.topic", "project."])
def test_a_name_of_the_hub_is_nobody_elses(name: str) -> None:
    assert is_reserved(name)
    with pytest.raises(Forbidden) as refused:
        need_free(name)
    assert (refused.value.code, refused.value.pointer) == ("reserved_name", "/name")


@pytest.mark.parametrize("name", ["orders", "projects", "project", "amqp", "my.project.1", ""])
def test_any_other_name_is_free(name: str) -> None:
    assert not is_reserved(name)
    need_free(name)


def test_what_the_hub_keeps_itself_stays_as_it_is() -> None:
    need_not_ours(builders.topic("orders"))
    with pytest.raises(Forbidden, match=r"topic 'amq\.topic' is the hub's own"):
        need_not_ours(builders.topic("amq.topic"))


def test_the_hub_makes_internal_sources_and_topics_of_reserved_names() -> None:
    assert is_hub_made(builders.topic("project.1"))
    assert is_hub_made(builders.source("prices", scheme="internal"))
    assert not is_hub_made(builders.topic())
    assert not is_hub_made(builders.source("project.1", scheme="none"))
    assert not is_hub_made(builders.application())


def test_projects_and_applications_have_an_exchange_each() -> None:
    assert exchange_of(builders.project()) == "project.project-default"
    assert exchange_of(builders.application()) == "application.application-default"


def test_every_attribute_in_which_the_hub_keeps_something_is_reserved() -> None:
    assert {PROPERTIES, EXPIRATION, DEATHS, CAUSE_ID, CAUSE_ENTRY, CAUSE_DEPTH, CAUSE_PATH} == ATTRIBUTES
