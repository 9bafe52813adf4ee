"""What every client command shares: where the hub is, the key, the project, and whether people or programs read.

:func:`remote` gives a command the options ``--url --key --project --json`` and hands it a :class:`Remote`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from eventyard.cli import talk
from eventyard.cli.bundle import bundled
from eventyard.cli.client import Client, segment
from eventyard.cli.failure import Failure
from eventyard.cli.talk import Columns

DEFAULT_URL = "http://127.0.0.1:8080"
_PANEL = "The hub"
_UUID_LENGTH = 36


class Remote:
    """A hub, asked on behalf of one command."""

    def __init__(self, client: Client, project: str | None = None, *, as_json: bool = False) -> None:
        self.client = client
        self.project = project
        self.as_json = as_json

    def get(self, path: str, **query: Any) -> Any:
        """An answer, as JSON."""
        return self.client.call("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """An answer, as JSON. What the body leaves out (``None``) is not sent."""
        return self.client.call("POST", path, given(body or {}))

    def in_project(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body for a call that makes something in a project; the hub knows which where there is only one."""
        return {"project_id": self.project, **body}

    def list(self, path: str, limit: int, **query: Any) -> list[dict[str, Any]]:
        """Up to ``limit`` records of a list, over its pages."""
        return list(self.client.pages(path, {"project_id": self.project, **given(query)}, limit))

    def id_of(self, path: str, name_or_id: str) -> str:
        """The id of the record that ``name_or_id`` is the id or the name of."""
        if len(name_or_id) == _UUID_LENGTH and name_or_id.count("-") == 4:
            return name_or_id
        found = [r for r in self.client.pages(path, {"project_id": self.project}, 10_000) if r["name"] == name_or_id]
        if len(found) == 1:
            return str(found[0]["id"])
        what = path.rpartition("/")[2].removesuffix("s")
        if found:
            raise Failure(
                f"{len(found)} are called {name_or_id!r}", hint="name the project with --project, or use the id"
            )
        raise Failure(f"there is no {what} {name_or_id!r}", hint=f"see: eventyard {what}s list")

    def one(self, path: str, name_or_id: str) -> str:
        """The path of one record."""
        return f"{path}/{segment(self.id_of(path, name_or_id))}"

    def show(self, value: Any, columns: Columns | None = None) -> None:
        """Data for whoever reads: JSON, or a table (of ``columns`` for a list, of fields for a record)."""
        if self.as_json:
            talk.data(value)
        elif isinstance(value, list):
            talk.table(value, columns or ())
        else:
            talk.record(value)

    def say(self, text: str) -> None:
        """Talk, for people."""
        if not self.as_json:
            talk.say(text)


Url = Annotated[str, typer.Option("--url", envvar="EVENTYARD_URL", help="Where the hub is.", rich_help_panel=_PANEL)]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="EVENTYARD_KEY", help="API key.", rich_help_panel=_PANEL, show_default=False),
]
Project = Annotated[
    str | None,
    typer.Option(
        "--project",
        envvar="EVENTYARD_PROJECT",
        help="Project, by name or id; not needed where there is only one.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.", rich_help_panel=_PANEL)]

_OPTIONS = (("url", Url, DEFAULT_URL), ("key", Key, None), ("project", Project, None), ("as_json", AsJson, False))


def remote(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function: its argument ``hub`` is the :class:`Remote` that the shared options describe."""
    return bundled(command, "hub", _OPTIONS, _connected)


@contextmanager
def _connected(*, url: str, key: str | None, project: str | None, as_json: bool) -> Iterator[Remote]:
    with Client(url, key) as client:
        yield Remote(client, project, as_json=as_json)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
