"""A hub as its users run it, ``eventyard serve`` in a process of its own, for the suites that stop it or kill it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from eventyard.cli.demo.child import environment

COMMAND = (sys.executable, "-m", "eventyard.cli", "serve")
KEY = "eyk_of_the_tests"
ENVIRONMENT = environment(os.environ, KEY)
BROKEN = (aiohttp.ClientError, OSError)
"""What a request ends in when the hub goes away."""


class Hub:
    """Ready once it is entered; killed when it is left, unless it has ended by then."""

    def __init__(self, data: Path, listen: str = "127.0.0.1:0", **settings: str) -> None:
        """``settings`` are more variables of its environment."""
        self.data = data
        self.url = ""
        self.urls: Mapping[str, str] = {}
        self._environment = {**ENVIRONMENT, **settings}
        self._listen = listen

    async def __aenter__(self) -> Self:
        self.data.mkdir(exist_ok=True)
        with (self.data / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND, "--json", "--data", str(self.data), "--listen", self._listen,
                env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, (self.data / "log").read_text()
        self.urls = json.loads(line)
        self.url = self.urls["http"]
        headers = {"authorization": f"Bearer {KEY}"}
        self.session = aiohttp.ClientSession(self.url, headers=headers, connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.session.close()
        if self._process.returncode is None:
            self.signal(signal.SIGKILL)
        await self.ended()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    async def ended(self) -> int | None:
        """Wait for the end; the exit status."""
        await self._process.communicate()
        return self._process.returncode

    async def refuses(self) -> None:
        """Wait until nobody listens any more."""
        while True:
            try:
                async with self.session.get("/livez", headers={"connection": "close"}):
                    pass
            except BROKEN:
                return

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call of the API. Its JSON, ``None`` if it has none; anything but success is a failure."""
        async with self.session.request(method, path, json=body, params=query) as answer:
            text = await answer.text()
            assert answer.status < 300, text
            return json.loads(text) if text else None

    async def get(self, path: str, **query: Any) -> Any:
        """A GET."""
        return await self.call("GET", path, **query)

    async def post(self, path: str, **body: Any) -> Any:
        """A POST."""
        return await self.call("POST", path, body)

    async def entries(self, **query: Any) -> list[dict[str, Any]]:
        """Every entry of the journal that is looked for, page by page."""
        found: list[dict[str, Any]] = []
        path, params = "/v1/events", {"limit": 500, **query}
        while path:
            async with self.session.get(path, params=params) as answer:
                found += await answer.json()
                path, params = str(answer.links.get("next", {}).get("url", "")), {}
        return found

    async def settled(self) -> None:
        """Wait until every delivery has come to its end."""
        open_ = {"pending", "processing", "delayed"}
        while any(total["status"] in open_ for total in await self.get("/v1/stats")):
            pass


Answering = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""What a receiver does with the headers and the body of a request: the status it answers."""


class Receiver:
    """A webhook receiver, listening at ``url`` while it is entered."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/", self._receive)
        self._runner = web.AppRunner(app, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0]
        self.url = f"http://{host}:{port}/"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        return web.Response(status=await self._answering(request.headers, await request.read()))
