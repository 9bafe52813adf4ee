"""Debian's Chromium, driven by its DevTools protocol: as much of it as looking at a page and using it takes."""

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--remote-debugging-port=0", "--hide-scrollbars",
)  # fmt: skip
LIMIT_S = 60
"""A page that has not come by then does not come."""

UNTIL = """new Promise((resolve) => {
  const look = () => { const found = (() => %s)(); found ? resolve(found) : requestAnimationFrame(look); };
  look();
})"""


class Page:
    """A page of its own in a browser. ``faults`` are the errors and refusals that its console tells."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket = socket
        self._session = session
        self._number = 0
        self.faults: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, url: str, *, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True) -> Self:
        """Go there, with a window of this size and a reader of this taste."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        wish = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[wish])
        self._call("Emulation.setScriptExecutionDisabled", value=not script)
        self._call("Page.navigate", url=url)
        while self._receive().get("method") != "Page.loadEventFired":
            pass
        return self

    def run(self, script: str) -> Any:
        """What an expression comes to, promises awaited."""
        answer = self._call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            allowUnsafeEvalBlockedByCSP=False,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait for an expression to be true; what it then is."""
        return self.run(UNTIL % script)

    def text(self) -> str:
        """What a reader can read."""
        text: str = self.run("document.body.innerText")
        return text

    def picture(self, path: Path) -> None:
        """A picture of the window."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        said = {"id": self._number, "sessionId": self._session, "method": method, "params": parameters}
        self._socket.send(json.dumps(said))
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def _receive(self) -> Any:
        message = json.loads(self._socket.recv(timeout=LIMIT_S))
        match message.get("method"), message.get("params"):
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.faults.append(details.get("exception", details).get("description", details["text"]))
            case "Log.entryAdded", {"entry": entry} if entry["level"] == "error":
                self.faults.append(entry["text"])
            case "Runtime.consoleAPICalled", {"type": "error", "args": said}:
                self.faults.append(" ".join(str(part.get("value")) for part in said))
        return message


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """A page in a browser of its own, which ends with the block."""
    command = ["chromium", *SWITCHES, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stderr is not None
            url = next(found[1] for line in process.stderr if (found := re.search(r"listening on (ws://\S+)", line)))
            with connect(url, max_size=None) as socket:
                yield Page(socket, _attached(socket))
        finally:
            process.terminate()


def _attached(socket: ClientConnection) -> str:
    """The session of the browser's one page."""

    def call(number: int, method: str, **parameters: Any) -> Any:
        socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (message := json.loads(socket.recv(timeout=LIMIT_S))).get("id") != number:
            pass
        return message["result"]

    targets = call(1, "Target.getTargets")["targetInfos"]
    page = next(target["targetId"] for target in targets if target["type"] == "page")
    session: str = call(2, "Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
    return session
