"""``/v1/projects``: the isolation boundaries."""

from fastapi import APIRouter, Response
from msgspec import Struct

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Change, Description, Name, unset
from eventyard.api.v1.call import Asked, Cursor, Limit
from eventyard.model import catalog

router = APIRouter(prefix="/v1/projects", tags=["Projects"])


class Project(Struct):
    """The isolation boundary: nothing in one project sees anything in another."""

    id: Id
    name: str
    description: str
    created_at: Time
    updated_at: Time


class NewProject(Body):
    """A project to be made."""

    name: Name
    description: Description = ""


class ProjectChange(Change):
    """What to change of a project."""

    name: Name = unset()
    description: Description = unset()


def shown(project: catalog.Project) -> Project:
    """A project as answers have it."""
    return Project(
        project.id, project.name, project.description, time_of(project.created_at), time_of(project.updated_at)
    )


@router.get(
    "", operation_id="list_projects", summary="List projects", **shows(list[Project], "Newest first.", paged=True)
)
async def list_projects(call: Asked, limit: Limit = FIRST_PAGE, cursor: Cursor = None) -> Response:
    """The projects that the caller may see."""
    return call.page(call.reads().projects(), shown, limit, cursor)


@router.post("", operation_id="create_project", summary="Make a project", **shows(Project, "The new project.", 201))
async def create_project(call: Asked, body: NewProject) -> Response:
    """A project, with an application `default` in it."""
    made = await call.hub.projects.create(call.who, name=body.name, description=body.description)
    return reply(shown(made), 201)


@router.get("/{project_id}", operation_id="get_project", summary="Show a project", **shows(Project, "The project."))
async def get_project(call: Asked, project_id: str) -> Response:
    """One project, by id or name."""
    return reply(shown(call.reads().project(project_id)))


@router.patch(
    "/{project_id}", operation_id="change_project", summary="Change a project", **shows(Project, "The project.")
)
async def change_project(call: Asked, project_id: str, body: ProjectChange) -> Response:
    """Rename or redescribe a project."""
    return reply(shown(await call.hub.projects.change(call.who, project_id, body.given())))


@router.delete("/{project_id}", operation_id="delete_project", summary="Delete a project", **silent("It is gone."))
async def delete_project(call: Asked, project_id: str) -> Response:
    """Delete a project that is empty but for applications."""
    await call.hub.projects.remove(call.who, project_id)
    return done()
