from types import SimpleNamespace

import pytest

from eventyard.dialects.eventhos.access import Access
from eventyard.dialects.eventhos.answers import EventhosError
from eventyard.dialects.eventhos.options import Options
from eventyard.dialects.eventhos.visit import Visit, needs
from eventyard.model.access import Scope
from eventyard.model.catalog import Application, Source
from eventyard.model.errors import NotFound


def request_by(yard, key, project="default"):
    state = SimpleNamespace(
        hub=yard.hub, access=Access(yard.hub, yard.hub.keys.by_key), options=Options(project=project)
    )
    headers = {} if key is None else {"authorization": f"BEARER {key}"}
    return SimpleNamespace(app=SimpleNamespace(state=state), headers=headers, query_params={})


async def test_a_visit_is_to_the_project_of_the_settings(yard):
    visit = Visit(request_by(yard, yard.key), "event:select")
    assert visit.sight.project == yard.project
    assert visit.who.name == "bootstrap"
    with pytest.raises(NotFound):
        Visit(request_by(yard, yard.key, "elsewhere"), "event:select")


async def test_it_takes_the_permission(yard):
    reader = await yard.key_for(Scope.CATALOG_READ)
    assert needs("event:select").dependency(request_by(yard, reader)).hub is yard.hub
    with pytest.raises(EventhosError) as refused:
        needs("event:create").dependency(request_by(yard, reader))
    assert (refused.value.status, refused.value.code) == (401, 401002)


async def test_what_is_not_there_is_said_with_its_id(yard):
    visit = Visit(request_by(yard, yard.key), "event:select")
    default = next(iter(yard.hub.catalog.all(Application)))
    assert visit.need(Application, default.number, "system") == default
    with pytest.raises(EventhosError) as refused:
        visit.need(Source, default.number, "event")
    assert (refused.value.status, refused.value.code) == (404, 404000)
    assert refused.value.message == f"The event with id {default.number} does not exist"
