"""Options that many commands share, given to a command as one argument.

A command is a function, its parameters are its options. A bundle stands for several of them: the person sees the
options, the function sees what was made of them.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

Options = Sequence[tuple[str, Any, Any]]
"""Name, annotation and default of each option."""


def bundled(
    command: Callable[..., None], parameter: str, options: Options, make: Callable[..., AbstractContextManager[Any]]
) -> Callable[..., None]:
    """``command`` with ``options`` in place of its ``parameter``, which gets what ``make`` makes of them."""

    @functools.wraps(command)
    def run(**values: Any) -> None:
        taken = {name: values.pop(name) for name, _, _ in options}
        with make(**taken) as made:
            command(**{parameter: made}, **values)

    kind = inspect.Parameter.KEYWORD_ONLY
    signature = inspect.signature(command, eval_str=True)
    parameters = [p.replace(kind=kind) for p in signature.parameters.values() if p.name != parameter]
    parameters += [inspect.Parameter(name, kind, default=default, annotation=hint) for name, hint, default in options]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run
