"""The root of the command tree: which module holds which command, and what becomes of errors.

A command's module is imported when the command is asked for. Every error that a person can cause becomes a sentence and
exit status 1; what is no :class:`Failure` is a bug, and keeps its traceback.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from eventyard.cli import talk
from eventyard.cli.failure import Failure

COMMANDS: Mapping[str, str] = {
    "serve": "A hub of your own",
    "init": "A hub of your own",
    "demo": "A hub of your own",
    "doctor": "A hub of your own",
    "db": "A hub of your own",
    "secrets": "A hub of your own",
    "import": "A hub of your own",
    "send": "Events",
    "tail": "Events",
    "listen": "Events",
    "events": "Events",
    "deliveries": "Events",
    "apply": "Catalog",
    "export": "Catalog",
    "sources": "Catalog",
    "subscriptions": "Catalog",
    "targets": "Catalog",
    "rules": "Catalog",
    "jobs": "Catalog",
    "topics": "Catalog",
    "projects": "Catalog",
    "applications": "Catalog",
    "keys": "Catalog",
}
"""Every command, in the order of the help, and under which heading it stands there. Its module has its name."""

MODULES: Mapping[str, str] = {"import": "moving"}
"""But for those whose name no module can have."""


class Commands(Mapping[str, Any]):
    """The commands by name, each made when it is looked at."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            heading = COMMANDS[name]
            command = get_command(import_module(f"eventyard.cli.{MODULES.get(name, name)}").app)
            command.name = name
            command.rich_help_panel = heading  # type: ignore[attr-defined]
            self._made[name] = command
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Root(TyperGroup):
    """The group at the top."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment]

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and turn what it raises into words on stderr."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            talk.complain(failure)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            talk.abandon_stdout()
            raise typer.Exit(0) from None
