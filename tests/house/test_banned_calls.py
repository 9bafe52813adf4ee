"""Time is an argument. Only the outermost rooms may ask for it, and no test ever waits for it."""

import ast

import pytest

from tests.house.tree import Module, calls, modules, suites

MAY_ASK_THE_TIME = {
    "app.py": "it gives the clock to everybody else",
    "cli": "a command runs now",
    "testing": "it makes the clocks of tests",
    "telemetry/log.py": "a log line says when it was written",
    "telemetry/observer.py": "a wide line says when the fact happened",
}
WALL_CLOCK = {
    "time.time",
    "time.time_ns",
    "time.sleep",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
}
WAITING = {"time.sleep", "asyncio.sleep"}


@pytest.mark.parametrize("module", modules(), ids=lambda m: str(m.path))
def test_a_module_is_given_the_time(module: Module) -> None:
    if any(module.path.is_relative_to(place) for place in MAY_ASK_THE_TIME):
        return
    asked = [f"line {call.lineno}: {name}" for name, call in calls(module.tree) if name in WALL_CLOCK]
    assert not asked, "take a Clock (ports.py) or a moment as an argument instead"


@pytest.mark.parametrize("module", suites(), ids=lambda m: str(m.path))
def test_a_test_waits_for_a_fact_and_not_for_time_to_pass(module: Module) -> None:
    waits = [
        f"line {call.lineno}: {name}" for name, call in calls(module.tree) if name in WAITING and not _yields_once(call)
    ]
    assert not waits, "await an event, a queue or a line of output instead"


def _yields_once(call: ast.Call) -> bool:
    """``asyncio.sleep(0)`` lets other tasks run, and takes no time."""
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


def test_a_skip_is_never_silent() -> None:
    skips = {"pytest.skip", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"}
    assert not [
        f"{module.path}:{call.lineno}" for module in suites() for name, call in calls(module.tree) if name in skips
    ]
