"""An HTTP server of a test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """It keeps what it gets, and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[web.BaseRequest, bytes]] = []
        self.answer: Answer = say(200, "thanks")
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Keep a request and answer it."""
        self.got.append((request, await request.read()))
        return await self.answer(request)


def say(status: int, text: str = "", **headers: str) -> Answer:
    """Answer always the same."""

    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named)

    return answer


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that runs, on a free port."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    receiver.url = f"http://{host}:{port}/hook"
    yield receiver
    await runner.cleanup()
