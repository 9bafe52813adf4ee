"""MariaDB for the tests of moving over: Debian's, on a free port of loopback, in a folder that goes with the run."""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import pymysql
from pymysql.connections import Connection

PLACES = f"{os.environ['PATH']}:/usr/sbin"
"""Debian has its servers where only root looks for commands."""

USER, PASSWORD = "eventhos", "p@ss/word"
PATIENCE_S = 60


def is_here() -> bool:
    """Whether there is one to start."""
    return shutil.which("mariadbd", path=PLACES) is not None and shutil.which("mariadb-install-db") is not None


class MariaDb:
    """A server. Entering starts it and waits until it answers; leaving ends it by its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = 0

    def __enter__(self) -> Self:
        data, out = self._folder / "data", self._folder / "out"
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        common = ["--no-defaults", f"--datadir={data}", *as_root]
        made = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(made, check=True, capture_output=True)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        server = shutil.which("mariadbd", path=PLACES)
        assert server is not None
        settings = [
            "--bind-address=127.0.0.1", f"--port={self.port}", f"--socket={self._folder / 'socket'}",
            f"--pid-file={self._folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip
        with out.open("wb") as log:
            self._process = subprocess.Popen([server, *common, *settings], stdout=log, stderr=log)
        try:
            self._wait(out)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        with self.connect() as root, root.cursor() as cursor:
            cursor.execute(f"CREATE USER '{USER}'@'%%' IDENTIFIED BY %s", (PASSWORD,))
            cursor.execute(f"GRANT SELECT ON *.* TO '{USER}'@'%'")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def connect(self, database: str | None = None) -> "Connection[pymysql.cursors.Cursor]":
        """A connection of the administrator, which commits by itself."""
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True, charset="utf8mb4"
        )

    def _wait(self, out: Path) -> None:
        deadline = monotonic() + PATIENCE_S
        while True:
            try:
                self.connect().close()
                return
            except pymysql.OperationalError:
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    if monotonic() < deadline:
                        continue
                raise AssertionError(f"mariadbd did not start:\n{out.read_text()[-2000:]}") from None
