"""The hub as a server process: HTTP in front, orders by signal, and an end in order.

``app.py`` puts the hub together; this starts its dispatch, listens, and when told to stop takes no new requests, lets
attempts end and be recorded, and closes the store. What is answered is the business of ``api/``.
"""

import asyncio
import gc
import logging
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from eventyard.api.front import Asgi, Front
from eventyard.api.health import Health
from eventyard.api.hot import Hot, Spoken
from eventyard.api.http import whole_body
from eventyard.api.protocol import protocol_with
from eventyard.api.security import Security
from eventyard.app import open_hub
from eventyard.config import ConfigError, Settings
from eventyard.config.tls import tls_of
from eventyard.config.values import host_and_port
from eventyard.dialects.eventhos.options import BASE, Options
from eventyard.dialects.eventhos.send import Send
from eventyard.dialects.eventhos.senders import Senders
from eventyard.dialects.informatica.options import Options as InformaticaOptions
from eventyard.dialects.informatica.profiles import PROFILES, Profile
from eventyard.gateways.sse import Sse
from eventyard.pipeline.hub import Hub
from eventyard.telemetry.log import Log, make_log

if TYPE_CHECKING:
    from eventyard.gateways.stomp.conversation import Gateway

GARBAGE_AFTER = 50_000
"""Objects made and not freed before the collector looks for cycles."""

SWITCH_S = 0.001
"""How long the event loop may keep the interpreter from the journal's writer, which needs it for moments only."""


async def serve(settings: Settings, *, ready: Callable[[Mapping[str, str]], None]) -> None:
    """Run a hub until SIGTERM or SIGINT. ``ready`` is told the addresses once events are taken.

    Stops in order: the server takes no new requests and answers those it has, attempts end and are recorded, mails that
    wait are tried once more, the store is closed. A second signal ends attempts at once; their deliveries are made
    again after the next start.
    """
    log = make_log(settings.log.level, settings.log.style)
    logging.getLogger("uvicorn").addHandler(_Told(log))
    _tune()
    tls = tls_of(settings)
    listener = listen(settings.listen)
    async with open_hub(settings, log) as hub:
        stopping, hurrying = asyncio.Event(), asyncio.Event()

        security = Security(hub.keys, hub.identity, hub.clock, hub.metrics, settings.proxies)
        urls = {"http": settings.public_url or url_of("http", listener)}

        def announce() -> None:
            ready(urls)
            hub.waiting.start()
            hub.bells.start()
            hub.retain.start()
            hub.monitoring.stuck.start()
            log.info("ready", **urls, data=str(settings.data))
            gc.freeze()  # the catalog is loaded now: what it lets go of holds no cycles either

        await hub.dispatcher.start()
        gateways = Gateways(hub, security, settings, tls)
        urls |= await gateways.open()
        hot = Hot(hub, security, bench=settings.bench, spoken=spoken(hub, settings))
        front = Front(
            hot,
            Health(hub.metrics, lambda: "stopping" if stopping.is_set() else None),
            lambda: native(hub, security, settings.public_url, lambda: urls),
            Sse(hub.streams, security),
            dialects(hub, security, settings),
        )
        server = _Server(_http(front, hot, gateways.websocket, settings), announce)
        _on_signals(stopping, hurrying, server, hub)
        leaving = asyncio.create_task(gateways.close_when(stopping))
        await server.serve([listener])
        stopping.set()
        await leaving
        cut_off = await _drain(hub, settings.dispatch.drain_seconds * 1000, hurrying)
        log.info("stopped", attempts_cut_off=cut_off)


def spoken(hub: Hub, settings: Settings) -> list[Spoken]:
    """The hot paths of the dialects."""
    return [Send(hub, Senders(hub, settings.eventhos.project), eventhos_options(settings), settings.public_url)]


def dialects(hub: Hub, security: Security, settings: Settings) -> Mapping[str, Callable[[], Asgi]]:
    """What builds the applications of those dialects that have a path of their own, by that path."""

    def eventhos() -> Asgi:
        # As with the native API: it is loaded when the first client comes.
        from eventyard.api.oauth2 import issuer_of  # noqa: PLC0415
        from eventyard.dialects.eventhos.access import Access  # noqa: PLC0415
        from eventyard.dialects.eventhos.router import eventhos_app  # noqa: PLC0415

        access = Access(hub, security.bearer, security.source_of, issuer_of)
        app = eventhos_app(hub, access, eventhos_options(settings), read)
        app.state.public_url = settings.public_url  # issuer_of looks there
        return cast(Asgi, app)

    def informatica(profile: Profile) -> Asgi:
        from eventyard.dialects.informatica.access import Access  # noqa: PLC0415
        from eventyard.dialects.informatica.router import informatica_app  # noqa: PLC0415

        access = Access(hub, security.authenticate, security.source_of)
        return cast(Asgi, informatica_app(profile, hub, access, informatica_options(settings), read))

    bounds = hub.limits
    read = partial(whole_body, header_bytes=bounds.header_bytes, body_bytes=bounds.body_bytes, room=hub.room)
    return {BASE: eventhos, **{profile.mount: partial(informatica, profile) for profile in PROFILES}}


def eventhos_options(settings: Settings) -> Options:
    """What an operator chose for eventhos."""
    given = settings.eventhos
    return Options(given.project, given.success_code, given.access_key_in_query, given.time_zone, given.token_minutes)


def informatica_options(settings: Settings) -> InformaticaOptions:
    """What an operator chose for DIH and CIH."""
    return InformaticaOptions(**settings.informatica.model_dump())


def _http(front: Asgi, hot: Hot, websocket: Callable[..., asyncio.Protocol], settings: Settings) -> uvicorn.Config:
    app: Any = front
    upgraded: Any = websocket
    return uvicorn.Config(
        app,
        http=protocol_with(hot, settings.limits.header_bytes, settings.limits.request_seconds),
        ws=upgraded,
        lifespan="off",
        interface="asgi3",
        access_log=False,
        proxy_headers=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=settings.dispatch.drain_seconds,
    )


class Gateways:
    """The listening sockets of AMQP and STOMP, as far as the settings want them, and STOMP on that of HTTP."""

    def __init__(self, hub: Hub, security: Security, settings: Settings, tls: ssl.SSLContext | None) -> None:
        self._hub = hub
        self._settings = settings
        self._tls = tls
        self._security = security
        self._gateway: Gateway | None = None
        self._servers: list[asyncio.Server] = []

    async def open(self) -> Mapping[str, str]:
        """Begin to listen. The URLs, by scheme. Raises :class:`ConfigError`."""
        urls = {}
        settings = self._settings
        if settings.amqp is not None:
            urls["amqp"] = await self._listen("amqp", settings.amqp, self._amqp(), None)
        if settings.amqps is not None:
            urls["amqps"] = await self._listen("amqps", settings.amqps, self._amqp(), self._tls)
        if settings.stomp is not None:
            urls["stomp"] = await self._listen("stomp", settings.stomp, self._stomp_tcp(), None)
        return urls

    def websocket(self, **_: Any) -> asyncio.Protocol:
        """What takes over a connection of the HTTP server when its client asks for a WebSocket; called by uvicorn."""
        # As with AMQP: it is loaded when the first client comes.
        from eventyard.gateways.stomp.websocket import StompWebSocket  # noqa: PLC0415

        return StompWebSocket(self._stomp(), self._settings.streams.origins)

    def _stomp_tcp(self) -> Callable[[], asyncio.Protocol]:
        from eventyard.gateways.stomp.tcp import StompTcp  # noqa: PLC0415

        gateway = self._stomp()
        return lambda: StompTcp(gateway)

    def _stomp(self) -> "Gateway":
        if self._gateway is None:
            from eventyard.gateways.stomp.conversation import Gateway  # noqa: PLC0415
            from eventyard.gateways.stomp.turn import Turn  # noqa: PLC0415

            turn = Turn(asyncio.get_running_loop())
            self._gateway = Gateway(self._hub.streams, self._security, turn, self._hub.log)
        return self._gateway

    def _amqp(self) -> Callable[[], asyncio.Protocol]:
        # Who does not want AMQP does not pay for it.
        from eventyard.gateways.amqp.connection import protocol_factory  # noqa: PLC0415

        return protocol_factory(self._hub.streams, self._security, self._hub.log)

    async def _listen(
        self, scheme: str, address: str, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None
    ) -> str:
        listener = listen(address, "EVENTYARD_AMQPS" if scheme == "amqps" else f"--{scheme}")
        self._servers.append(await asyncio.get_running_loop().create_server(protocol, sock=listener, ssl=tls))
        return url_of(scheme, listener)

    async def close_when(self, stopping: asyncio.Event) -> None:
        """Once the hub stops, take no more clients, and tell those there are; the server waits for them to leave."""
        await stopping.wait()
        for server in self._servers:
            server.close()
        await self._hub.streams.say_goodbye()


def url_of(scheme: str, listener: socket.socket) -> str:
    """The URL at which a socket listens."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class _Told(logging.Handler):
    """What uvicorn has to say goes where everything goes."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.warning("http", detail=record.getMessage())


class _Server(uvicorn.Server):
    """uvicorn's server, telling when it accepts, and leaving the signals to the hub, which drains after it."""

    def __init__(self, config: uvicorn.Config, accepting: Callable[[], None]) -> None:
        super().__init__(config)
        self._accepting = accepting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._accepting()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)


def native(
    hub: Hub, security: Security, public_url: str | None = None, listening: Callable[[], Mapping[str, str]] = dict
) -> Asgi:
    """The native API and the dialects. ``listening`` tells the URLs of the gateways that are open, by their names."""
    # FastAPI takes longer to import than the hub to start.
    from eventyard.api.native import build_app  # noqa: PLC0415
    from eventyard.dialects.data_events.router import data_events_router  # noqa: PLC0415

    data_events = data_events_router(hub, security.authenticate, public_url=public_url, listening=listening)
    return cast(Asgi, build_app(hub, security, public_url=public_url, dialects=[data_events]))


def _tune() -> None:
    """Set what is set once for a process: the interpreter's switching, its collector, and how many files it may open.

    What is loaded by now lives as long as the process, and what an event makes holds no cycles, so the collector may
    look rarely. Each sender and each receiver holds a connection, so as many as the system allows.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def listen(address: str, option: str = "--listen") -> socket.socket:
    """A socket bound to the ``HOST:PORT`` of an option. Raises :class:`ConfigError` if it is wrong or taken."""
    try:
        host, port = host_and_port(address)
    except ValueError as error:
        raise ConfigError(f"cannot listen on {address!r}: {error}") from None
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as stack:
            listener = stack.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.setblocking(False)
            stack.pop_all()
            return listener
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", "that names no host")
        raise ConfigError(f"cannot listen on {address}: {why}; choose another with {option}") from None


async def _drain(hub: Hub, timeout_ms: int, hurrying: asyncio.Event) -> int:
    """Let attempts end and mails leave, until there is a hurry. Returns how many attempts were cut off."""
    draining = asyncio.ensure_future(_end(hub, timeout_ms))
    hurry = asyncio.ensure_future(hurrying.wait())
    await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if draining.done():
        return draining.result()
    draining.cancel()
    return await _end(hub, 0)


async def _end(hub: Hub, timeout_ms: int) -> int:
    loop = asyncio.get_running_loop()
    began = loop.time()
    cut_off = await hub.dispatcher.drain(timeout_ms)
    await hub.monitoring.stop(max(timeout_ms - int((loop.time() - began) * 1000), 0))
    await hub.mails.stop(max(timeout_ms - int((loop.time() - began) * 1000), 0))
    return cut_off


def _on_signals(stopping: asyncio.Event, hurrying: asyncio.Event, server: _Server, hub: Hub) -> None:
    def stop() -> None:
        hub.runs.stop()
        server.should_exit = True
        server.force_exit = stopping.is_set()
        (hurrying if stopping.is_set() else stopping).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
