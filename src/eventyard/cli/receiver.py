"""A small webhook receiver on this machine, for ``eventyard listen`` and the demo.

It checks the Standard Webhooks signature of what it gets, hands it to a function, and answers what that says. One
thread per connection; the function is called from any of them.
"""

import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from eventyard.cli.failure import Failure
from eventyard.model.errors import HubError
from eventyard.ports import Request
from eventyard.verifiers.standard_webhooks import StandardWebhooksVerifier
from eventyard.wire.signatures import WEBHOOK_SECRET_PREFIX


class Received(NamedTuple):
    """One request. ``headers`` have lower-case names; ``at`` is unix time in milliseconds."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes
    verified: bool


Answering = Callable[[Received], int]
"""What a receiver does with a request: the status it answers."""


def new_secret() -> str:
    """A fresh secret in the form of Standard Webhooks."""
    return WEBHOOK_SECRET_PREFIX + b64encode(secrets.token_bytes(32)).decode()


class Receiver:
    """Listens while it is entered, at ``url``. ``secret`` is what the target signs with; port 0 takes a free one.

    To enter raises :class:`Failure` where it cannot listen.
    """

    def __init__(self, secret: str, answering: Answering, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.secret = secret
        self._answering = answering
        self._verifier = StandardWebhooksVerifier()
        self._address = (host, port)
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self._server = _Server(self._address, _handler(self.receive))
        except (OSError, UnicodeError) as error:
            where = ":".join(map(str, self._address))
            why = getattr(error, "strerror", None) or "that names no host"
            raise Failure(f"cannot receive on {where}: {why}", hint="choose another --host or --port") from None
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """Check a request and hand it on; the status to answer."""
        at = time.time() * 1000
        try:
            self._verifier.verify(Request(headers, body, int(at)), {}, [self.secret])
        except HubError:
            return self._answering(Received(at, path, headers, body, verified=False))
        return self._answering(Received(at, path, headers, body, verified=True))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


def _handler(receive: Callable[[str, Mapping[str, str], bytes], int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = receive(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_PUT = do_PATCH = _any

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: whoever is handed the request says what is to be said."""

    return Handler
