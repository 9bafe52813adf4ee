"""A hub that answers what a test tells it to, and a command run in this process."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from typer.testing import CliRunner

from eventyard.cli import app


class Asked(NamedTuple):
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class StubHub:
    """Answers as it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.on_asked: Callable[[Asked], object] = lambda asked: None
        self._answers: dict[tuple[str, str], list[tuple[int, Any, dict[str, str]]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "StubHub":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answers(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> None:
        """What to answer next to this; the last answer stays."""
        self._answers.setdefault((method, path), []).append((status, body, headers))

    def refuses(self, method: str, path: str, status: int, **problem: Any) -> None:
        """Answer with a problem."""
        self.answers(
            method, path, {"status": status, **problem}, status, **{"content-type": "application/problem+json"}
        )

    @property
    def last(self) -> Asked:
        """The last request."""
        return self.asked[-1]

    def run(self, *words: str, stdin: str | None = None) -> Ended:
        """A command against this hub."""
        environment = {"EVENTYARD_URL": self.url, "EVENTYARD_KEY": "eyk_test", "NO_COLOR": "1"}
        return run(*words, stdin=stdin, env=environment)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _any(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                is_json = headers.get("content-type") == "application/json"
                body = json.loads(raw) if raw and is_json else raw or None
                asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
                hub.asked.append(asked)
                told = hub._answers.get((self.command, parts.path))
                status, answer, more = (told.pop(0) if len(told) > 1 else told[0]) if told else (404, {"code": "?"}, {})
                raw = b"" if answer is None else answer
                content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", **more}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                hub.on_asked(asked)

            do_GET = do_POST = do_PATCH = do_DELETE = _any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def run(*words: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Ended:
    """A command, in this process."""
    result = CliRunner().invoke(app, list(words), input=stdin, env=env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)
