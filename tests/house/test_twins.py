"""Every module with code has its twin under tests/unit, in the same place, so that each is covered by itself."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SRC, Module, modules

EXEMPT = {
    "stores/sql/migrations": "migrations run, up and down, in the tests of the store that owns them",
    "testing/contracts": "contract suites are tests, run for every adapter from tests/contract",
}


def has_code(module: Module) -> bool:
    """Whether any function in it does something: signatures of a protocol and plain records need no test."""
    return any(
        not all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in node.body)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def twins(path: Path) -> list[Path]:
    """Where the twin may be; that of a package's own ``__init__.py`` is named after the package."""
    if path.name != "__init__.py":
        return [path.with_name(f"test_{path.name}")]
    return [path.parent / f"test_{path.parent.name}.py", path.parent.parent / f"test_{path.parent.name}.py"]


@pytest.mark.parametrize("module", modules(), ids=lambda m: str(m.path))
def test_a_module_with_code_has_its_twin(module: Module) -> None:
    if any(module.path.is_relative_to(folder) for folder in EXEMPT) or not has_code(module):
        return
    places = [Path("tests/unit") / twin for twin in twins(module.path)]
    assert any((ROOT / place).is_file() for place in places), f"write {places[0]}"


def test_no_exemption_outlives_what_it_exempts() -> None:
    assert not [folder for folder in EXEMPT if not (SRC / folder).is_dir()]


def test_no_twin_outlives_its_module() -> None:
    expected = {twin for module in modules() for twin in twins(module.path)}
    unit = ROOT / "tests/unit"
    found = {path.relative_to(unit) for path in unit.rglob("test_*.py")}
    assert not found - expected
