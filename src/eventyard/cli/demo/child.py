"""The demo's hub: ``eventyard serve`` in a process of its own, as anybody would run it."""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from eventyard.cli.failure import Failure

START_S, STOP_S = 30, 30
"""How long the hub may take to be ready, and to end."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class Child:
    """A running hub while it is entered: ``url`` and ``key`` say how to reach it."""

    def __init__(self, data: Path, listen: str, settings: Mapping[str, str] = NOTHING) -> None:
        """``settings`` are variables of the hub beside, or in place of, the demo's own."""
        self.data = data
        self.key = f"eyk_demo_{secrets.token_urlsafe(12)}"
        self.log = data / "hub.log"
        self.url = ""
        self._listen = listen
        self._settings = settings

    def __enter__(self) -> Self:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [sys.executable, "-m", "eventyard.cli", "serve", "--json"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--data", str(self.data), "--listen", self._listen],
                env={**environment(os.environ, self.key), **self._settings},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which stops the hub when it is done with it
            )
        assert self._process.stdout is not None
        late = threading.Timer(START_S, self._process.kill)
        late.start()
        line = self._process.stdout.readline()
        late.cancel()
        if not line:
            self.__exit__()
            raise Failure(f"the hub did not start: {self.last_words()}")
        self.url = json.loads(line)["http"]
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def wait(self) -> int:
        """Until the hub ends by itself; its exit status."""
        return self._process.wait()

    def last_words(self) -> str:
        """The last line that the hub said."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def environment(outer: Mapping[str, str], key: str) -> dict[str, str]:
    """The variables of the hub: none of the caller's own settings, but what the demo needs."""
    kept = {name: value for name, value in outer.items() if not name.startswith("EVENTYARD_")}
    return kept | {
        "EVENTYARD_BOOTSTRAP_KEY": key,
        "EVENTYARD_TARGETS__ALLOW_PRIVATE": "true",
        "EVENTYARD_LOG__LEVEL": "warning",
        "PYTHONUNBUFFERED": "1",
    }
