"""What people write on a command line, as the values that the API takes."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from eventyard.wire.rfc3339 import format_millis, parse
from eventyard.wire.web_url import web_url

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def text_of(value: str) -> str:
    """The text itself, that of a file (``@FILE``), or that of stdin (``-``)."""
    if value == "-":
        return sys.stdin.read()
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text()
    except OSError as error:
        raise typer.BadParameter(f"cannot read {value[1:]}: {error.strerror}") from None


def json_of(value: str) -> Any:
    """JSON: as text, from a file (``@FILE``), or from stdin (``-``)."""
    try:
        return json.loads(text_of(value))
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"not JSON: {error}") from None


def setting_of(value: str) -> tuple[str, Any]:
    """``NAME=VALUE``, the value as JSON if it is that, else as text."""
    name, equals, raw = value.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{value!r} is not NAME=VALUE")
    text = text_of(raw)
    try:
        return name, json.loads(text)
    except json.JSONDecodeError:
        return name, text


def header_of(value: str) -> tuple[str, str]:
    """``NAME=VALUE``, both as text."""
    name, equals, text = value.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{value!r} is not NAME=VALUE")
    return name, text


def web_url_of(value: str) -> str:
    """A URL of http or https."""
    if web_url(value) is None:
        raise typer.BadParameter(f"{value!r} is not a URL; write one as http://127.0.0.1:3000/webhooks")
    return value


def duration_of(value: str) -> int:
    """Milliseconds from ``250ms``, ``30s``, ``5m``, ``2h`` or ``1d``."""
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise typer.BadParameter(f"{value!r} is not a duration; write 250ms, 30s, 5m, 2h or 1d")
    return int(float(match[1]) * _UNITS[match[2]])


def retry_of(schedule: str | None) -> dict[str, Any] | None:
    """The retry policy that waits as listed: ``1s,10s,5m``; ``none`` never tries again."""
    if schedule is None:
        return None
    waits = [] if schedule == "none" else [duration_of(wait) for wait in schedule.split(",")]
    return {"schedule_ms": waits, "max_attempts": len(waits) + 1}


def time_of(value: str, now: int) -> str:
    """A time as the API takes it: as written, or so long before ``now`` (ms) when an age is given, as ``2h``."""
    try:
        if _DURATION.fullmatch(value.strip()):
            return format_millis(now - duration_of(value))
        parse(value)
    except ValueError as error:
        what = f"{value!r} is neither a time ({error}) nor an age such as 30s, 5m, 2h or 1d"
        raise typer.BadParameter(what) from None
    return value


KeepOld = Annotated[
    int, typer.Option(parser=duration_of, metavar="DURATION", help="How long the old secret counts too.")
]
