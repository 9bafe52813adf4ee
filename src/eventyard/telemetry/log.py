"""Logging: structlog, one JSON (or console) line per fact; and wide lines (``wide.py``), many at a time.

Lines made in one turn of the event loop leave in one write, so that a line does not cost a system call.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol

import msgspec
import orjson
import structlog

from eventyard.telemetry.wide import WideLine

LEVELS = ("debug", "info", "warning", "error")


class Log(Protocol):
    """What the hub needs of a logger."""

    def debug(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def info(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def warning(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def error(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def wide(self, lines: Sequence[WideLine]) -> Any: ...  # noqa: D102


def soon(callback: Callable[[], None]) -> None:
    """Call back at the end of this turn of the running loop; at once, when there is none."""
    try:
        asyncio.get_running_loop().call_soon(callback)
    except RuntimeError:
        callback()


class LineSink:
    """Where rendered lines go: a binary stream, one write per turn of the running loop (at once without a loop)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lines: list[bytes] = []

    def msg(self, line: bytes) -> None:
        """Take one line, without its newline."""
        self._lines.append(line)
        if len(self._lines) == 1:
            soon(self.flush)

    def flush(self) -> None:
        """Write what is waiting. A stream that is gone loses lines, never the hub."""
        lines, self._lines = self._lines, []
        if lines:
            lines.append(b"")
            try:
                self._stream.write(b"\n".join(lines))
                self._stream.flush()
            except (OSError, ValueError):
                pass


Renderer = Callable[[str, str, dict[str, Any]], bytes]


def _json_line(level: str, event: str, facts: dict[str, Any]) -> bytes:
    return orjson.dumps({"at": datetime.now(UTC), "level": level, "event": event, **facts}, default=str)


def _console_line(level: str, event: str, facts: dict[str, Any]) -> bytes:
    words = " ".join(f"{key}={value}" for key, value in facts.items() if value is not None)
    return f"{datetime.now(UTC):%H:%M:%S.%f}"[:-3].encode() + f" {level:<7} {event:<16} {words}".encode()


def _at(level: str, render: Renderer) -> Callable[..., None]:
    """The method of a logger that writes at ``level``.

    It goes from the call to the line without structlog's chain of processors, of which the wide lines need none: that
    chain costs more than everything else about a line.
    """

    def write(self: structlog.BoundLoggerBase, event: str, **facts: Any) -> None:
        self._logger.msg(render(level, event, {**self._context, **facts} if self._context else facts))

    return write


def _wide_json(self: structlog.BoundLoggerBase, lines: Sequence[WideLine]) -> None:
    self._logger.msg(_encoder.encode_lines(lines)[:-1])


def _wide_console(self: structlog.BoundLoggerBase, lines: Sequence[WideLine]) -> None:
    for line in lines:
        facts = msgspec.to_builtins(line)
        del facts["at"]
        self._logger.msg(_console_line(facts.pop("level"), facts.pop("event"), facts))


_encoder = msgspec.json.Encoder()


def _nothing(self: structlog.BoundLoggerBase, *lines: Any, **facts: Any) -> None:
    """What a level below the least one does."""


def make_log(level: str = "info", style: str = "json", stream: BinaryIO | None = None) -> Log:
    """A logger at ``level`` (debug, info, warning, error) in ``style`` (json, console), to stderr unless told."""
    render: Renderer = _json_line if style == "json" else _console_line
    least = LEVELS.index(level)
    methods = {name: _at(name, render) if place >= least else _nothing for place, name in enumerate(LEVELS)}
    wide = _wide_json if style == "json" else _wide_console
    methods["wide"] = wide if LEVELS.index("info") >= least else _nothing
    logger: Log = structlog.wrap_logger(
        LineSink(stream or sys.stderr.buffer),
        wrapper_class=type("HubLogger", (structlog.BoundLoggerBase,), methods),
        processors=[],
    ).bind()
    return logger
