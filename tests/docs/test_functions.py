"""The examples of the page on functions come to what it says."""

import json
import re
from contextlib import AsyncExitStack

import pytest

from eventyard.config.sections import FunctionSettings, LimitSettings
from eventyard.ports import FunctionLimits
from eventyard.targets.functions.pool import FunctionError, Functions
from tests.house.tree import ROOT

PAGE = (ROOT / "docs/functions.md").read_text()
BLOCK = re.compile(r"^```(json|js|text)\n(.*?)\n```$", re.M | re.S)


def examples() -> tuple[str, list[tuple[str, str, str]]]:
    """The context of the page, and its examples: a function, the kind of what it comes to, and what it comes to."""
    (_, context), *blocks = BLOCK.findall(PAGE)
    pairs = zip(blocks[::2], blocks[1::2], strict=True)
    return context, [(function, kind, result) for (_, function), (kind, result) in pairs]


CONTEXT, EXAMPLES = examples()


@pytest.mark.parametrize(("function", "kind", "result"), EXAMPLES, ids=range(len(EXAMPLES)))
async def test_an_example_comes_to_what_the_page_says(function: str, kind: str, result: str) -> None:
    async with AsyncExitStack() as stack:
        functions = Functions()
        await functions.start(stack)
        if kind == "json":
            assert await functions.call(function, json.loads(CONTEXT)) == json.loads(result)
        else:
            with pytest.raises(FunctionError) as caught:
                await functions.call(function, json.loads(CONTEXT))
            assert str(caught.value).removesuffix(", and had to be ended") == result  # where others use the processor
            assert await functions.check(function) == (result if "SyntaxError" in result else None)


def test_the_bounds_are_those_of_the_settings() -> None:
    bounds = FunctionLimits(**FunctionSettings().model_dump(), result_bytes=LimitSettings().body_bytes)
    assert bounds == FunctionLimits(workers=2, memory_bytes=64 << 20, timeout_ms=1000, result_bytes=1 << 20)
    assert bounds == FunctionLimits()
    assert not [name for name in FunctionSettings.model_fields if f"`functions.{name}`" not in PAGE]
