"""``eventyard export``: what a hub has set up, as ``eventyard apply`` takes it. Secrets become references."""

from typing import Annotated, Any

import typer
import yaml  # type: ignore[import-untyped]

from eventyard.cli import talk
from eventyard.cli.declared.kinds import KINDS
from eventyard.cli.declared.state import State
from eventyard.cli.examples import examples
from eventyard.cli.failure import Failure
from eventyard.cli.remote import Remote, remote

app = typer.Typer(add_completion=False)

NOTHING: tuple[Any, ...] = (None, "", [], {})
"""Values that need not be written: what is left out when something is made."""


@app.command(epilog=examples("eventyard export > hub.yaml", "eventyard export --kind topics --kind sources --json"))
@remote
def export(
    hub: Remote,
    kind: Annotated[list[str], typer.Option(metavar="KIND", help="Only this kind; may be given several times.")] = [],  # noqa: B006 - as Typer has it
) -> None:
    """Write what is set up in a project, by names, with references in the place of secrets."""
    state = State(hub)
    if unknown := [one for one in kind if one not in state.fields]:
        raise Failure(f"there is no kind {unknown[0]!r}", hint=f"the kinds are: {', '.join(state.fields)}")
    document = {
        name: [written(fields) for _, fields in sorted(state.has[name].items())]
        for name in KINDS
        if state.has.get(name) and (not kind or name in kind)
    }
    if hub.as_json:
        talk.data(document)
    else:
        talk.line(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120).rstrip())


def written(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an item, its name first, without those that say nothing."""
    rest = {field: value for field, value in sorted(fields.items()) if field != "name" and not _says_nothing(value)}
    return {"name": fields["name"], **rest}


def _says_nothing(value: Any) -> bool:
    if isinstance(value, dict) and value and all(inner is None for inner in value.values()):
        return True
    return not isinstance(value, bool) and value in NOTHING
