"""What the hub says of itself, held against a running hub by somebody else's tool.

schemathesis makes up requests, valid and not, from the description alone, the same ones each time. Whatever comes back
must be what is described, and nothing may be a server error: that the log tells of none is looked at besides.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from eventyard.cli.demo.child import Child

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "unsupported_method", "ignored_auth", "use_after_free",
    "ensure_resource_availability",
)  # fmt: skip
SENDING = ("POST /in/{source_id}", "POST /v1/events/dispatch")
"""To a source that signs and was given no secret yet, of which some are made here, these are 500 as described."""

CONFIGURATION = "\n".join([
    "[checks]", "enabled = false", *(f"{check}.enabled = true" for check in CHECKS),
    *(
        f'[[operations]]\ninclude-name = "{name}"\nchecks.not_a_server_error.expected-statuses = ["2xx", "4xx", 500]'
        for name in SENDING
    ),
])  # fmt: skip
EXAMPLES = 15
LIMIT_S = 600


@pytest.mark.parametrize(("path", "least"), [("/openapi.json", 70), ("/eventhos/openapi.json", 25)])
def test_every_answer_is_one_that_the_description_promises(live: Child, tmp_path: Path, path: str, least: int) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    ended = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{live.url}{path}", "--no-color",
            "--header", f"Authorization: Bearer {live.key}",
            "--max-examples", str(EXAMPLES), "--generation-deterministic",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tested = re.search(r"Selected: (\d+)/\1\s+Tested: \1\b", ended.stdout)
    assert tested and int(tested[1]) > least, ended.stdout
    assert '"event":"internal"' not in live.log.read_text()
