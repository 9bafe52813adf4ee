import inspect
from contextlib import nullcontext

from eventyard.cli.bundle import bundled


def test_a_bundle_stands_for_its_options() -> None:
    seen = []

    def command(pair: tuple[int, int], name: str, loud: bool = False) -> None:
        seen.append((pair, name, loud))

    run = bundled(
        command, "pair", (("left", int, 1), ("right", int, 2)), lambda *, left, right: nullcontext((left, right))
    )
    run(name="x", loud=True, left=5, right=6)
    assert seen == [((5, 6), "x", True)]


def test_the_options_stand_after_the_commands_own_and_keep_their_defaults() -> None:
    def command(pair: tuple[int, int], name: str) -> None:
        """What it does."""

    run = bundled(command, "pair", (("left", int, 1),), lambda *, left: nullcontext(left))
    parameters = inspect.signature(run).parameters
    assert list(parameters) == ["name", "left"]
    assert parameters["left"].default == 1
    assert run.__doc__ == "What it does."
    assert run.__annotations__ == {"name": str, "left": int}


def test_bundles_can_be_put_one_on_another() -> None:
    seen = []

    def command(a: str, b: str) -> None:
        seen.append((a, b))

    inner = bundled(command, "b", (("two", str, ""),), lambda *, two: nullcontext(two.upper()))
    bundled(inner, "a", (("one", str, ""),), lambda *, one: nullcontext(one))(one="x", two="y")
    assert seen == [("x", "Y")]
