"""The search criteria that listing, following and bulk commands share."""

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Annotated, Any

import typer

from eventyard.cli.bundle import bundled
from eventyard.cli.inputs import time_of
from eventyard.cli.remote import given


def moment(value: str) -> str:
    """A time as the API takes it, from a time or from an age as of now."""
    return time_of(value, time.time_ns() // 1_000_000)


def place(value: str) -> str:
    """A place in an exchange as the API takes it: as a moment, or what only the hub can tell, such as ``first``."""
    with suppress(typer.BadParameter):
        return moment(value)
    return value


def _which(help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel="Which", **more)


def _time(help: str, name: str, parser: Callable[[str], str] = moment) -> Any:
    return _which(help, name, parser=parser, metavar="TIME")


_OPTIONS = (
    ("status", Annotated[list[str] | None, _which("Of this status, such as error; may be repeated.")], None),
    ("topic", Annotated[str | None, _which("In this topic.")], None),
    ("application", Annotated[str | None, _which("Of this application.")], None),
    ("name", Annotated[str | None, _which("Of this source or subscription.")], None),
    ("contains", Annotated[bool, _which("Names may match in part.", "--contains")], False),
    ("event_id", Annotated[str | None, _which("Of this event.")], None),
    ("run_id", Annotated[str | None, _which("Of this run of a worker.")], None),
    ("descendants", Annotated[str | None, _which("Whose deliveries come to this, such as error.")], None),
    ("any_of", Annotated[bool, _which("One of these will do; times hold all the same.", "--any")], False),
    ("since", Annotated[str | None, _time("Not before; a time, or an age as 2h.", "--from")], None),
    ("until", Annotated[str | None, _time("Not after; a time, or an age as 5m.", "--to")], None),
)


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the search options; its argument ``where`` is the query of the API that they come to."""
    return bundled(command, "where", _OPTIONS, lambda **options: nullcontext(_query(**options)))


def placed(command: Callable[..., None]) -> Callable[..., None]:
    """As :func:`filtered`, where ``--from`` may be any place in an exchange."""
    since = ("since", Annotated[str | None, _time("Not before; a time, or an age as 2h.", "--from", place)], None)
    options = [since if option[0] == "since" else option for option in _OPTIONS]
    return bundled(command, "where", options, lambda **given: nullcontext(_query(**given)))


def _query(
    *, since: str | None, until: str | None, status: list[str] | None, contains: bool, any_of: bool, **names: Any
) -> dict[str, Any]:
    return given(
        {
            "status": ",".join(status) if status else None,
            **names,
            "contains": contains or None,
            "any": any_of or None,
            "from": since,
            "to": until,
        }
    )
