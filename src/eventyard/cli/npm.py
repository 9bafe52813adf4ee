"""Browser files and sample payloads that are not ours and are not committed: taken from npm, at a pinned hash.

``make`` and the build hook (``hatch_build.py``) take the two viewers into the package, ``eventyard demo`` takes
GitHub's sample webhooks when it runs. Nothing here may import from the rest of the package or from third parties: the
build hook loads this file by its path, in an environment that holds neither. Nothing is executed of what is fetched.
"""

import base64
import hashlib
import hmac
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple


class Package(NamedTuple):
    """A published package at one version: its hash in npm's own form, and the files of it that we want."""

    name: str
    version: str
    integrity: str
    members: tuple[str, ...]


SWAGGER_UI = Package(
    "swagger-ui-dist",
    "5.35.0",
    "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
    ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"),
)
ASYNCAPI_REACT = Package(
    "@asyncapi/react-component",
    "3.2.1",
    "sha512-k5ZqJd6+oxYaQ2o6F3rGWJ1MTIjXdpsUYB3NKQbVqr4yzrN0Ovj5c7eZx8NGd3wfKPhbOrLREtYl9K2OPfnSsA==",
    (
        "browser/standalone/without-parser.js",
        "browser/standalone/without-parser.js.LICENSE.txt",
        "styles/default.min.css",
        "LICENSE",
    ),
)
GITHUB_SAMPLES = Package(
    "@octokit/webhooks-examples",
    "7.6.1",
    "sha512-De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ==",
    ("api.github.com/index.json",),
)

TIMEOUT_S = 120


class Tampered(Exception):
    """What came is not what was pinned."""


def fetch(name: str, version: str, integrity: str, members: tuple[str, ...], into: Path) -> bool:
    """Put those members of a package under ``into``, unless they are there already; ``fetch(*SWAGGER_UI, into)``.

    False when npm is missing or cannot reach its registry, with the reason on stderr. Raises :class:`Tampered` when
    the archive's hash is not ``integrity``; nothing of it is unpacked then.
    """
    mark = into / ".integrity"
    if mark.is_file() and mark.read_text() == integrity:
        return True
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{name}@{version}", "--ignore-scripts", "--silent"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
        except FileNotFoundError:
            return _without(name, "npm is not installed")
        except subprocess.TimeoutExpired:
            return _without(name, f"npm did not answer within {TIMEOUT_S} s")
        except subprocess.CalledProcessError as error:
            return _without(name, f"npm could not fetch it: {(error.stderr or error.stdout).strip()[-300:]}")
        archive = next(Path(folder).glob("*.tgz")).read_bytes()
        unpack(archive, integrity, members, into)
    mark.write_text(integrity)
    return True


def unpack(archive: bytes, integrity: str, members: tuple[str, ...], into: Path) -> None:
    """Check an npm archive against its hash (``sha512-`` and base64) and write those members of it under ``into``."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if not hmac.compare_digest(found, integrity):
        raise Tampered(f"the archive has the hash {found} and should have {integrity}")
    with tempfile.TemporaryFile() as file:
        file.write(archive)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as tar:
            for member in members:
                reader = tar.extractfile(f"package/{member}")
                if reader is None:
                    raise Tampered(f"{member} is not a file of the archive")
                place = into / member
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(reader.read())


def _without(name: str, reason: str) -> bool:
    print(f"going on without {name}: {reason}", file=sys.stderr)
    return False
