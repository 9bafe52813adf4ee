from collections.abc import Iterator

import pytest

from tests.unit.cli.stub import StubHub


@pytest.fixture
def hub() -> Iterator[StubHub]:
    with StubHub() as stub:
        yield stub
