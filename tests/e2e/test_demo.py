"""The demo as anybody runs it: a process, its exit status, and what it prints."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "eventyard.cli", "demo"]
LIMIT_S = 120


def test_every_step_of_the_demo_happens() -> None:
    ended = subprocess.run([*COMMAND, "--exit"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "✗" not in ended.stderr
    for step in ("bad signature", "bad schema", "redelivery", "retry", "audit-log", "reviews", "outsiders", "triage"):
        assert f" ✓ {step}" in ended.stderr
    for heading in ("The journal", "The summary", "To go on"):
        assert heading in ended.stdout
    assert "\033[" not in ended.stdout + ended.stderr


def test_without_npm_the_demo_runs_on_its_own_samples(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*COMMAND, "--exit", "--json"], capture_output=True, text=True, timeout=LIMIT_S, check=False,
        env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "generated payloads" in ended.stderr
    report = json.loads(ended.stdout)
    assert report["accepted"] >= 60
    assert report["rejected"] == 2
    assert report["retried"] == 3
    assert {entry["status"] for entry in report["journal"]} == {"complete"}


def test_the_hub_stays_until_it_is_interrupted_and_leaves_nothing_running(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--data", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stderr is not None
        lines = []
        for line in demo.stderr:
            lines.append(line)
            if "stay up" in line:
                break
        demo.send_signal(signal.SIGINT)
        assert demo.stderr.read().strip() == "bye"
        assert demo.wait(LIMIT_S) == 0
    [hub] = [line for line in lines if " ✓ hub" in line]
    process = hub.split("process ")[1].split(",")[0]
    assert not Path(f"/proc/{process}").exists()
