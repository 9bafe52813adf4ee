from pathlib import Path

import pytest

from eventyard.app import init
from eventyard.config import Settings


@pytest.fixture
async def hub(tmp_path: Path) -> Path:
    """The data directory of an empty hub."""
    data = tmp_path / "hub"
    await init(Settings(data=data))
    return data
