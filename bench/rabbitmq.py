"""RabbitMQ beside the hub: Debian's, with Web STOMP, on free ports of loopback, in a folder that goes with the run.

It has a node name and a port mapper of its own, so that it meets no other RabbitMQ of the machine.
"""

import os
import shutil
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

from bench.processes import cpu_seconds

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PATIENCE = 60.0
"""Seconds that it may take to start, or to stop."""

LOGIN = PASSCODE = "guest"


class MissingError(Exception):
    """There is no RabbitMQ, and it could not be had."""


class RabbitMq:
    """A broker. Entering starts it and waits until it listens; leaving ends it and its port mapper by their ids."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._mapper: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def __enter__(self) -> "RabbitMq":
        _have()
        with ExitStack() as stack:
            taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
            self.amqp, self.http, distribution, mapper = (taken.getsockname()[1] for taken in taken)
        folder = self._folder
        folder.mkdir(parents=True)
        (folder / "enabled").write_text("[rabbitmq_web_stomp].\n")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.amqp}\n"
            f"web_stomp.tcp.ip = 127.0.0.1\nweb_stomp.tcp.port = {self.http}\n"
            "stomp.listeners.tcp = none\ndistribution.listener.interface = 127.0.0.1\n"
        )
        own = {
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"bench{os.getpid()}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")}
        environment = {**inherited, **own}
        try:
            with (folder / "out").open("wb") as out:
                self._mapper = subprocess.Popen(["epmd"], env=environment, stdout=out, stderr=out)
                self._process = subprocess.Popen(
                    [str(SERVER)], env=environment, stdout=out, stderr=out, start_new_session=True
                )
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _wait(self) -> None:
        """Until both ports are open, and the pid is known: that of the virtual machine, which the script becomes."""
        assert self._process is not None
        deadline = monotonic() + PATIENCE
        while not (_open(self.amqp) and _open(self.http) and (self._folder / "pid").exists()):
            if self._process.poll() is not None or monotonic() > deadline:
                raise MissingError(f"RabbitMQ did not start:\n{(self._folder / 'out').read_text()[-2000:]}")
            sleep(0.1)
        self.pid = int((self._folder / "pid").read_text())

    def _stop(self) -> None:
        for process in (self._process, self._mapper):
            if process is None:
                continue
            process.send_signal(signal.SIGTERM)
            if process is self._process and self.pid not in (0, process.pid):
                os.kill(self.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)


def _open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _have() -> None:
    """See that it is installed; install it where that is ours to do. Raises :class:`MissingError`."""
    if SERVER.exists():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingError("rabbitmq-server is not installed, and only root of a Debian could install it")
    # Its package would start a broker for the whole machine.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        command = ["apt-get", "install", "-qq", "--no-install-recommends", "rabbitmq-server"]
        done = subprocess.run(command, capture_output=True, check=False)
    finally:
        if ours:
            policy.unlink()
    if not SERVER.exists():
        raise MissingError(f"rabbitmq-server could not be installed: {done.stderr.decode()[-300:]}")
