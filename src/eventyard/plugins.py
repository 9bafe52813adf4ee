"""Plug-ins: target types and verifiers, found by entry point. Built-ins come in by the same door as anybody's.

Nothing is imported until it is asked for, and nothing registers itself: :func:`load` returns fresh objects.
"""

from importlib.metadata import entry_points
from typing import Any

VERIFIERS = "eventyard.verifiers"
TARGETS = "eventyard.targets"


class PluginError(Exception):
    """A plug-in cannot be loaded; the message names it and the package it came in."""


def load(group: str) -> dict[str, Any]:
    """The classes of a group's entry points, by entry-point name, sorted by name."""
    found = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        try:
            found[point.name] = point.load()
        except Exception as error:
            package = point.dist.name if point.dist is not None else "an unknown package"
            raise PluginError(f"plug-in {point.name!r} of {package} cannot be loaded: {error}") from error
    return found
