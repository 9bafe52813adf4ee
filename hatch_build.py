"""The build hook: takes the browser files of the documentation pages into the wheel, ``/docs`` and ``/asyncapi``.

Without npm the wheel is built without them; the hub then serves plain tables in their place. Run as a script, it puts
the same files beside the sources, for an editable install (``make`` does that).
"""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
ASSETS = {
    "SWAGGER_UI": ROOT / "src/eventyard/api/assets/swagger-ui",
    "ASYNCAPI_REACT": ROOT / "src/eventyard/dialects/data_events/assets/asyncapi-react",
}
"""The packages by their names in ``cli/npm.py``, and where they go."""


class AssetsHook(BuildHookInterface[Any]):
    """Fetches before a real build; an editable install reads the source tree and needs nothing from the hook."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the wheel is put together."""
        if version == "standard":
            build_data["artifacts"] += [f"/{folder.relative_to(ROOT)}/" for folder in fetch_assets()]


def fetch_assets() -> list[Path]:
    """Put the packages beside the sources. The folders that are there now: none without npm."""
    npm = _npm()
    return [folder for name, folder in ASSETS.items() if npm.fetch(*getattr(npm, name), folder)]


def _npm() -> ModuleType:
    """The package's own fetcher, loaded by path: the package's dependencies are not there during a build."""
    spec = importlib.util.spec_from_file_location("npm", ROOT / "src/eventyard/cli/npm.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    fetch_assets()
