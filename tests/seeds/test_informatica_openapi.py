"""What the documents of DIH and CIH promise, held against a running hub by somebody else's tool.

schemathesis makes up requests, valid and not, from the description alone, the same ones each time. A filter that makes
no sense is answered as a bad request here, so that a server error is one.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventyard.cli.demo.child import Child
from eventyard.dialects.informatica.profiles import PROFILES, Profile
from tests.seeds.planted import KEY, UNLIMITED, Client

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "unsupported_method",
)  # fmt: skip
SETTINGS = {**UNLIMITED, "EVENTYARD_INFORMATICA__INVALID_FILTER_STATUS": "400"}
EXAMPLES = 10
LIMIT_S = 600


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    data = tmp_path_factory.mktemp("described") / "data"
    with Child(data, "127.0.0.1:0", SETTINGS) as child, Client(child.url) as client:
        client.http.post("/v1/jobs", json={"name": "load"})
        client.http.post("/v1/sources", json={"name": "orders"})
        wish = {"name": "billing", "topics": ["orders"], "target_id": "load"}
        assert client.http.post("/v1/subscriptions", json=wish).status_code == 201
        for profile in PROFILES:
            assert client.http.post(f"{profile.api}/publish/orders", json={"orders": [{}]}).status_code == 200
        yield child


@pytest.mark.parametrize("profile", PROFILES, ids=[profile.name for profile in PROFILES])
def test_every_answer_is_one_that_the_description_promises(hub: Child, tmp_path: Path, profile: Profile) -> None:
    ended = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{hub.url}{profile.base}/openapi.json", "--no-color",
            "--header", f"Authorization: Bearer {KEY}", "--checks", ",".join(CHECKS),
            "--max-examples", str(EXAMPLES), "--generation-deterministic",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tested = re.search(r"Selected: (\d+)/\1\s+Tested: \1\b", ended.stdout)
    assert tested and int(tested[1]) > 10, ended.stdout
    assert '"event":"internal"' not in hub.log.read_text()
