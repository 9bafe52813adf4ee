"""The build hook: takes the browser files of the API's documentation page into the wheel.

Without npm the wheel is built without them; the hub then serves the bare OpenAPI document. Run as a script, it puts
the same files beside the sources, for an editable install (``make`` does that).
"""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SWAGGER_UI = ROOT / "src/eventyard/api/assets/swagger-ui"


class AssetsHook(BuildHookInterface[Any]):
    """Fetches before a real build; an editable install reads the source tree and needs nothing from the hook."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the wheel is put together."""
        if version == "standard" and fetch_assets():
            build_data["artifacts"].append(f"/{SWAGGER_UI.relative_to(ROOT)}/")


def fetch_assets() -> bool:
    """Swagger UI, beside the sources; false without npm."""
    npm = _npm()
    fetched: bool = npm.fetch(*npm.SWAGGER_UI, SWAGGER_UI)
    return fetched


def _npm() -> ModuleType:
    """The package's own fetcher, loaded by path: the package's dependencies are not there during a build."""
    spec = importlib.util.spec_from_file_location("npm", ROOT / "src/eventyard/cli/npm.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    fetch_assets()
