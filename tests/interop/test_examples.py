"""Every example does what its first lines say, against a hub as anybody runs it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.conftest import NODE_MODULES
from tests.e2e.chromium import Page, chromium
from tests.house.tree import ROOT
from tests.serving import KEY, Hub

EXAMPLES = ROOT / "examples"
NODE = pytest.mark.needs("npm packages on Node.js 20")
OPEN = {"EVENTYARD_AMQP": "127.0.0.1:0", "EVENTYARD_STOMP": "127.0.0.1:0"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(tmp_path / "data", **OPEN) as hub:
        await hub.post("/v1/event-sources", name="orders", project_id="default")
        yield hub


async def order(hub: Hub, number: int) -> None:
    await hub.post("/v1/events/dispatch", source="orders", payload={"id": number})


class Running:
    """An example that runs, and what it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdout is not None
        self._out = process.stdout

    async def line(self, text: str) -> str:
        """The next line with that text in it."""
        while text not in (line := (await self._out.readline()).decode()):
            assert line, "it ended"
        return line.rstrip("\n")

    async def end(self) -> int:
        """Press Ctrl-C; the exit status."""
        self._process.send_signal(signal.SIGINT)
        await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode


@asynccontextmanager
async def running(hub: Hub, *command: str, cwd: Path = EXAMPLES) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=environment(hub), stdout=asyncio.subprocess.PIPE, preexec_fn=_hear_interrupts
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _hear_interrupts() -> None:
    """What runs in the background of a shell ignores them, and so does whatever it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def environment(hub: Hub) -> Mapping[str, str]:
    where = {f"{door.upper()}_URL": url for door, url in hub.urls.items()}
    return {**os.environ, **where, "EVENTYARD_URL": hub.url, "EVENTYARD_KEY": KEY}


async def test_pika_goes_on_where_it_was(hub: Hub) -> None:
    async with running(hub, sys.executable, "pika_worker.py") as example:
        await example.line("waiting for orders")
        await order(hub, 1)
        assert await example.line("1") == "orders: {'id': 1}"
        while (await hub.get("/v1/queues"))[0]["unacked"]:  # it acknowledges after it prints
            pass
        assert await example.end() == 0
    await order(hub, 2)
    async with running(hub, sys.executable, "pika_worker.py") as example:
        assert (await example.line("orders")).startswith("waiting")
        assert await example.line("orders") == "orders: {'id': 2}"


async def test_aio_pika_reads_the_past_and_what_comes(hub: Hub) -> None:
    await order(hub, 1)
    async with running(hub, sys.executable, "aio_pika_replay.py") as example:
        assert '"id": 1' in await example.line("orders: ")
        assert '"id": 7' in await example.line("order.created: ")
        await order(hub, 2)
        assert '"id": 2' in await example.line("orders: ")
        assert await example.end() == 0


async def test_stomp_py_reads_the_past_and_what_comes(hub: Hub) -> None:
    await order(hub, 1)
    async with running(hub, sys.executable, "stomp_watch.py") as example:
        assert await example.line("1}") == "/exchange/orders/orders: {'id': 1}"
        await order(hub, 2)
        assert await example.line("2}") == "/exchange/orders/orders: {'id': 2}"
        assert await example.end() == 0


async def test_curl_reads_the_past_and_what_comes(hub: Hub) -> None:
    await order(hub, 1)
    async with running(hub, "./sse.sh") as example:
        assert '"id": 1' in await example.line("data: ")
        await order(hub, 2)
        assert '"id": 2' in await example.line("data: ")


@NODE
async def test_amqplib_reads_what_comes(hub: Hub, tmp_path: Path) -> None:
    # Node looks for packages beside the script.
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    script = tmp_path / "amqplib_watch.mjs"
    script.write_bytes((EXAMPLES / script.name).read_bytes())
    async with running(hub, "node", script.name, cwd=tmp_path) as example:
        await example.line("waiting for orders")
        await order(hub, 1)
        assert await example.line("1") == 'orders: {"id":1}'
        assert await example.end() == 0


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path / "profile") as page:
        yield page


@NODE
@pytest.mark.needs("Chromium")
async def test_a_page_reads_the_past_and_what_comes_and_goes_on_where_it_was(hub: Hub, page: Page) -> None:
    await order(hub, 1)
    async with running(hub, sys.executable, "aio_pika_replay.py") as example:
        await example.line("order.created: ")  # such a message has its place in a header, and not in its body
    given = {
        "script": (NODE_MODULES / "@stomp/stompjs/bundles/stomp.umd.min.js").as_uri(),
        "hub": hub.url.replace("http", "ws", 1) + "/ws",
        "key": KEY,
    }
    await asyncio.to_thread(page.open, f"{(EXAMPLES / 'browser.html').as_uri()}?{urlencode(given)}")
    shown = "document.querySelectorAll('li').length"
    await asyncio.to_thread(page.until, f"{shown} === 2")
    [connection] = await hub.get("/v1/connections")
    assert connection["protocol"] == "stomp"
    await hub.call("DELETE", f"/v1/connections/{connection['id']}", reason="to see it come back")
    await order(hub, 2)
    await asyncio.to_thread(page.until, f"{shown} === 3")
    lines = await asyncio.to_thread(page.run, "[...document.querySelectorAll('li')].map((line) => line.innerText)")
    assert lines == [
        '/exchange/orders/orders {"id":1}',
        '/exchange/orders/order.created {"id":7,"city":"Bern"}',
        '/exchange/orders/orders {"id":2}',
    ]
