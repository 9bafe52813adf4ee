"""The hub under measurement: ``eventyard serve`` as its users start it, on a temporary directory and a free port."""

import http.client
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.processes import cpu_exactly, cpu_seconds, memory_mb

KEY = "ey_bench_" + "7" * 32

PATIENCE = 30.0
"""Seconds that the hub may take to become ready, and to answer a call."""

KEPT = 2.0
"""Seconds that an idle connection is used again; the server closes it after five."""


class Refused(Exception):
    """The hub did not answer with success."""


class Hub:
    """A server process. Entering starts it and waits until it is ready; leaving stops it with SIGTERM."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.start_seconds = 0.0
        self.port = self.amqp = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._client: http.client.HTTPConnection | None = None
        self._called = 0.0

    def __enter__(self) -> "Hub":
        settings = {
            "EVENTYARD_BENCH": "true",
            "EVENTYARD_BOOTSTRAP_KEY": KEY,
            "EVENTYARD_TARGETS__ALLOW_PRIVATE": "true",
        }
        command = [str(Path(sys.executable).with_name("eventyard")), "serve", "--json"]
        command += ["--data", str(self.data), "--listen", "127.0.0.1:0", "--amqp", "127.0.0.1:0"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVENTYARD_")}
        self.data.mkdir(parents=True, exist_ok=True)
        started = perf_counter()
        with (self.data / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env={**inherited, **settings}, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        line = self._ready_line(self._process)
        self.start_seconds = perf_counter() - started
        if not line:
            self._stop()
            raise Refused(f"eventyard serve did not start:\n{(self.data / 'log').read_text()[-2000:]}")
        urls = json.loads(line)
        self.port = urlsplit(urls["http"]).port or 0
        self.amqp = urlsplit(urls["amqp"]).port or 0
        self._client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
        self._stop()

    @staticmethod
    def _ready_line(process: "subprocess.Popen[bytes]") -> bytes:
        """What the process says once it is ready; nothing if it ended, or says nothing for too long."""
        assert process.stdout is not None
        told, _, _ = select.select([process.stdout], [], [], PATIENCE)
        return process.stdout.readline() if told else b""

    def _stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    @property
    def cpu_exactly(self) -> float:
        return cpu_exactly(self.pid)

    @property
    def memory_mb(self) -> tuple[float, float]:
        return memory_mb(self.pid)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call of the API. Raises :class:`Refused` unless it succeeds."""
        assert self._client is not None
        if perf_counter() - self._called > KEPT:
            self._client.close()  # it opens again by itself
        self._called = perf_counter()
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        self._client.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._client.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None

    def get(self, path: str, **query: Any) -> Any:
        """A GET with query parameters."""
        return self.call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, **body: Any) -> Any:
        """A POST."""
        return self.call("POST", path, body)
