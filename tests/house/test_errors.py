"""Every code of an error is explained and used, and nothing else is raised under a made-up one."""

import ast

from eventyard.model import errors
from eventyard.model.errors import CODES, HubError
from tests.house.tree import ROOT, calls, modules

ERRORS = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, HubError)}


def test_every_code_has_its_section_in_the_docs() -> None:
    documented = (ROOT / "docs/errors.md").read_text()
    assert not [code for code in CODES if f"### {code}\n" not in documented]


def test_every_code_is_used() -> None:
    table = {
        id(key) for module in modules() for node in ast.walk(module.tree) if _is_table(node) for key in _keys(node)
    }
    used = {
        node.value
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in table
    }
    assert not [code for code in CODES if code not in used]


def test_every_error_is_raised_under_a_code_of_the_table() -> None:
    assert not [
        f"{module.path}:{call.lineno}: {ast.unparse(call.args[0])}"
        for module in modules()
        for name, call in calls(module.tree)
        if name.rpartition(".")[2] in ERRORS - {"TooMany"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value not in CODES
    ]


def _is_table(node: ast.AST) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "CODES"


def _keys(node: ast.AST) -> list[ast.expr | None]:
    assert isinstance(node, ast.AnnAssign)
    assert isinstance(node.value, ast.Dict)
    return node.value.keys
