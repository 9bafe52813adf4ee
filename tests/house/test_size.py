"""A file is a concept; one that grows beyond this holds two."""

import pytest

from tests.house.tree import SRC, Module, modules

LIMIT = 16_000


@pytest.mark.parametrize("module", modules(), ids=lambda m: str(m.path))
def test_a_module_stays_one_concept(module: Module) -> None:
    size = (SRC / module.path).stat().st_size
    assert size <= LIMIT, f"{size} bytes: find the two concepts in it"
