"""What is built holds the whole package, and the files of others when they could be had."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.house.tree import ROOT, SRC


def test_the_wheel_holds_every_file_of_the_package_its_licence_and_its_commands(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        facts = {Path(name).name: wheel.read(name).decode() for name in names if ".dist-info/" in name}
    sources = (path for path in SRC.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert not {str(path.relative_to(SRC.parent)) for path in sources} - names
    assert "Apache License" in facts["LICENSE"]
    assert "eventyard = eventyard.cli:main" in facts["entry_points.txt"]
