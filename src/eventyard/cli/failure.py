"""What a command says when it cannot do what it was asked: one sentence, perhaps what to do, perhaps a stable code."""

from collections.abc import Iterator
from contextlib import contextmanager


class Failure(Exception):
    """Ends a command with exit status 1."""

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors of the hub's own modules, used in this process, into a :class:`Failure`."""
    from eventyard.config import ConfigError  # noqa: PLC0415 - clients of a hub do not need the hub's modules
    from eventyard.model.errors import HubError  # noqa: PLC0415
    from eventyard.plugins import PluginError  # noqa: PLC0415

    try:
        yield
    except HubError as error:
        raise Failure(error.message, hint=error.hint, code=error.code) from None
    except (ConfigError, PluginError) as error:
        raise Failure(str(error)) from None
