"""The receiver process (``receiver.py``), from outside."""

import http.client
import subprocess
import sys
from types import TracebackType

import msgspec

from bench.processes import ROOT
from bench.receiver import Arrivals


class Far:
    """A receiver while it runs. ``with`` ends it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.receiver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._client = http.client.HTTPConnection("127.0.0.1", self.port)

    def arrivals(self, *, clear: bool) -> Arrivals:
        """What arrived; with ``clear``, its ages too, and it is forgotten."""
        self._client.request("GET", "/" if clear else "/count")
        return msgspec.json.decode(self._client.getresponse().read(), type=Arrivals)

    def stop(self) -> None:
        """End it."""
        self._client.close()
        self._process.communicate()

    def __enter__(self) -> "Far":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
