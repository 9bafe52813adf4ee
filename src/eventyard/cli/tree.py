"""The root of the command tree: where every error that a person can cause becomes a sentence and exit status 1."""

from typing import Any

import typer
from typer.core import TyperGroup

from eventyard.cli import talk
from eventyard.cli.failure import Failure


class Root(TyperGroup):
    """Runs a command. What is no :class:`Failure` is a bug, and keeps its traceback."""

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
