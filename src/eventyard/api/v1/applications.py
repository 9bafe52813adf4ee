"""``/v1/applications``: the systems that publish and subscribe."""

from fastapi import APIRouter, Response
from msgspec import Struct
from pydantic import Field

from eventyard.api.paging import FIRST_PAGE
from eventyard.api.v1.answers import Id, Time, done, reply, shows, silent, time_of
from eventyard.api.v1.bodies import Body, Categories, Change, Description, Labels, Name, ProjectRef, Title, unset
from eventyard.api.v1.call import Asked, Cursor, InProject, Limit
from eventyard.model import catalog

router = APIRouter(prefix="/v1/applications", tags=["Applications"])


class Application(Struct):
    """A system that publishes and subscribes."""

    id: Id
    project_id: Id
    name: str
    title: str
    description: str
    labels: dict[str, str]
    categories: list[str]
    created_at: Time
    updated_at: Time


class NewApplication(Body):
    """An application to be made."""

    name: Name
    project_id: ProjectRef = None
    title: Title = ""
    description: Description = ""
    labels: Labels = Field(default_factory=dict)
    categories: Categories = Field(default_factory=list)


class ApplicationChange(Change):
    """What to change of an application."""

    name: Name = unset()
    title: Title = unset()
    description: Description = unset()
    labels: Labels = unset()
    categories: Categories = unset()


def shown(application: catalog.Application) -> Application:
    """An application as answers have it."""
    return Application(
        application.id,
        application.project_id,
        application.name,
        application.title,
        application.description,
        dict(application.labels),
        list(application.categories),
        time_of(application.created_at),
        time_of(application.updated_at),
    )


@router.get(
    "", operation_id="list_applications", summary="List applications",
    **shows(list[Application], "Newest first.", paged=True),
)  # fmt: skip
async def list_applications(
    call: Asked, project_id: InProject = None, limit: Limit = FIRST_PAGE, cursor: Cursor = None
) -> Response:
    """The applications of a project."""
    return call.page(call.listed(catalog.Application, project_id), shown, limit, cursor)


@router.post(
    "", operation_id="create_application", summary="Make an application",
    **shows(Application, "The new application.", 201),
)  # fmt: skip
async def create_application(call: Asked, body: NewApplication) -> Response:
    """An application in a project."""
    made = await call.hub.projects.add_application(
        call.who,
        project_id=body.project_id,
        name=body.name,
        title=body.title,
        description=body.description,
        labels=body.labels,
        categories=body.categories,
    )
    return reply(shown(made), 201)


@router.get(
    "/{application_id}", operation_id="get_application", summary="Show an application",
    **shows(Application, "The application."),
)  # fmt: skip
async def get_application(call: Asked, application_id: str, project_id: InProject = None) -> Response:
    """One application, by id, or by its name in a project."""
    found = call.id_of(catalog.Application, application_id, project_id)
    return reply(shown(call.reads().get(catalog.Application, found)))


@router.patch(
    "/{application_id}", operation_id="change_application", summary="Change an application",
    **shows(Application, "The application."),
)  # fmt: skip
async def change_application(
    call: Asked, application_id: str, body: ApplicationChange, project_id: InProject = None
) -> Response:
    """Change what is named."""
    found = call.id_of(catalog.Application, application_id, project_id)
    return reply(shown(await call.hub.projects.change_application(call.who, found, body.given())))


@router.delete(
    "/{application_id}", operation_id="delete_application", summary="Delete an application", **silent("It is gone.")
)
async def delete_application(call: Asked, application_id: str, project_id: InProject = None) -> Response:
    """Delete an application that no source and no subscription belongs to."""
    found = call.id_of(catalog.Application, application_id, project_id)
    await call.hub.projects.remove_application(call.who, found)
    return done()
