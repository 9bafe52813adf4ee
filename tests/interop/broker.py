"""A hub with its AMQP port open, as clients see it that block: started, killed and started again from the outside."""

import asyncio
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.serving import KEY, Hub

LOGIN = "key"
"""The user name beside an API key, which may be any."""


class Broker:
    """A hub in a process of its own. ``port`` is another after each start."""

    def __init__(self, runner: asyncio.Runner, data: Path, settings: dict[str, str]) -> None:
        self._runner = runner
        self.data = data
        self._settings = {"EVENTYARD_AMQP": "127.0.0.1:0", **settings}
        self.start()

    def start(self) -> None:
        """Start it, on the journal there is."""
        self._hub = Hub(self.data, **self._settings)
        self._runner.run(self._hub.__aenter__())
        self.port = int(self._hub.urls["amqp"].rpartition(":")[2])

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._hub.signal(signal.SIGKILL)
        self._runner.run(self._hub.__aexit__())

    def url(self, key: str = KEY, **options: object) -> str:
        """The address for a client with that key."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"amqp://{LOGIN}:{key}@127.0.0.1:{self.port}/?{query}"

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._hub.pid

    def resident_bytes(self) -> int:
        """How much memory its process holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def port_of(self, scheme: str) -> int:
        """The port of another door."""
        return int(self._hub.urls[scheme].rpartition(":")[2])

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call of the API, by the administrator."""
        return self._runner.run(self._hub.call(method, path, body, **query))

    def post(self, path: str, **body: Any) -> Any:
        """A POST."""
        return self.call("POST", path, body)

    def entries(self, **query: Any) -> list[dict[str, Any]]:
        """Entries of the journal."""
        return self._runner.run(self._hub.entries(**query))


@contextmanager
def broker(data: Path, **settings: str) -> Iterator[Broker]:
    """A hub that lives as long as the block."""
    with asyncio.Runner() as runner:
        yard = Broker(runner, data, settings)
        try:
            yield yard
        finally:
            yard.kill()
