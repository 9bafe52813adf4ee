"""What ``eventyard doctor`` looks at. Each check returns what it found; none changes anything."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from eventyard.app import journal_path, mailer_of
from eventyard.cli import journal
from eventyard.cli.failure import Failure, explained
from eventyard.config import load
from eventyard.config.tls import tls_of
from eventyard.config.values import host_and_port
from eventyard.keyfile import KEY_FILE, read_keys
from eventyard.plugins import TARGETS, VERIFIERS
from eventyard.plugins import load as load_plugins

if TYPE_CHECKING:
    from eventyard.config import Settings

ENOUGH_BYTES, LITTLE_BYTES = 2 << 30, 200 << 20
OLDEST_PYTHON = (3, 11)
PACKAGE = Path(__file__).parents[1]
VIEWERS = {
    "/docs": PACKAGE / "api/assets/swagger-ui",
    "/asyncapi": PACKAGE / "dialects/data_events/assets/asyncapi-react",
}
"""Where the browser files of these pages are."""


class Check(NamedTuple):
    """What was looked at, how it is, and what to do about it."""

    name: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""


def run(config: Path | None, overrides: Mapping[str, Any]) -> Sequence[Check]:
    """Every check, in the order in which a start would meet what they look at."""
    found = [python(sys.version_info[:3])]
    try:
        with explained():
            settings = load(config, overrides)
    except Failure as failure:
        return [*found, Check("settings", "fail", failure.message, "correct the file or the variable")]
    found.append(Check("settings", "ok", f"read from {config}" if config else "defaults and environment"))
    found.extend(checks_of(settings))
    return found


def checks_of(settings: "Settings") -> Iterator[Check]:
    """The checks that need settings."""
    yield plugins()
    yield directory(settings.data)
    yield space(settings.data, shutil.disk_usage(_existing(settings.data)).free)
    path = journal_path(settings)
    yield key_file(settings.data / KEY_FILE, has_journal=path.exists())
    yield journal_file(path)
    yield port(settings.listen, held=journal.held(path))
    yield tls(settings)
    yield mail(settings, journal.mailing(path))
    yield assets(VIEWERS)


def python(version: tuple[int, ...]) -> Check:
    """New enough?"""
    text = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return Check("python", "fail", f"{text} is too old", "use Python 3.11 or newer")
    return Check("python", "ok", text)


def plugins() -> Check:
    """Can every target type and verification scheme be loaded?"""
    try:
        with explained():
            found = [*load_plugins(TARGETS), *load_plugins(VERIFIERS)]
    except Failure as failure:
        return Check("plug-ins", "fail", failure.message, "repair or remove that package")
    if not found:
        return Check("plug-ins", "fail", "none are found", "install the package itself, as `make` does")
    return Check("plug-ins", "ok", ", ".join(found))


def directory(path: Path) -> Check:
    """Is the data directory there, ours to write, and nobody else's to read?"""
    name = "data directory"
    if not path.exists():
        parent = _existing(path)
        if not os.access(parent, os.W_OK):
            return Check(
                name, "fail", f"{path} is not there, and {parent} cannot be written", "name another with --data"
            )
        return Check(name, "ok", f"{path.absolute()} is not there yet; eventyard init or serve makes it")
    if not path.is_dir():
        return Check(name, "fail", f"{path} is not a directory", "name another with --data")
    if not os.access(path, os.W_OK | os.X_OK):
        return Check(name, "fail", f"{path} cannot be written", f"give it to the user of the hub: chown {path}")
    if path.stat().st_mode & 0o077:
        return Check(name, "warn", f"{path} can be read by others", f"chmod 700 {path}")
    return Check(name, "ok", str(path.absolute()))


def space(path: Path, free: int) -> Check:
    """Is there room on the disk? ``free`` is in bytes."""
    detail = f"{free / (1 << 30):.1f} GiB free"
    if free < LITTLE_BYTES:
        return Check("disk", "fail", detail, f"make room where {path} is; a full disk refuses events")
    if free < ENOUGH_BYTES:
        return Check("disk", "warn", detail, f"watch the disk that holds {path}")
    return Check("disk", "ok", detail)


def key_file(path: Path, *, has_journal: bool) -> Check:
    """Is the key file whole, and readable by its owner only?"""
    if not path.exists():
        if has_journal:
            return Check(
                "key file",
                "warn",
                f"{path} is missing",
                "put it back from its backup; a new one cannot read old secrets",
            )
        return Check("key file", "ok", "not there yet; eventyard init or serve makes it")
    try:
        with explained():
            keys = read_keys(path)
    except Failure as failure:
        return Check("key file", "fail", failure.message, f"chmod 600 {path}, or put it back from its backup")
    return Check("key file", "ok", f"{len(keys)} key{'s' if len(keys) > 1 else ''}, readable by the owner only")


def journal_file(path: Path) -> Check:
    """Is the journal sound, and of this version?"""
    try:
        state = journal.state_of(path)
        if state.revision is None:
            return Check("journal", "ok", "not there yet; eventyard init or serve makes it")
        if not state.known:
            return Check(
                "journal", "fail", f"schema {state.revision} is newer than this version", "use the newer version"
            )
        faults = journal.faults_of(path, thorough=False)
    except Failure as failure:
        return Check("journal", "fail", failure.message, failure.hint or "")
    if faults:
        return Check("journal", "fail", f"damaged: {faults[0]}", "restore it from a backup")
    detail = f"sound, {state.bytes / (1 << 20):.1f} MiB, schema {state.revision}"
    if not state.current:
        return Check(
            "journal", "warn", f"{detail}, older than this version", "eventyard db upgrade, or serve, upgrades it"
        )
    return Check("journal", "ok", detail + (", in use by a running hub" if state.held else ""))


def port(address: str, *, held: bool) -> Check:
    """Can the hub listen there? Where it runs already (``held``) the port is taken by itself."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(*host_and_port(address), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except ValueError:
        return Check("port", "fail", f"{address!r} is not HOST:PORT", "write it as 127.0.0.1:8080")
    except OSError as error:
        if held:
            return Check("port", "ok", f"{address} is taken, as it should be while a hub runs")
        return Check(
            "port", "fail", f"{address}: {error.strerror}", "choose another with --listen, or stop what has it"
        )
    return Check("port", "ok", f"{address} is free")


def tls(settings: "Settings") -> Check:
    """Can the files of the certificate be used, and does a port use them?"""
    try:
        with explained():
            context = tls_of(settings)
    except Failure as failure:
        return Check("TLS", "fail", failure.message, "correct the file or the variable")
    if context is None:
        return Check("TLS", "ok", "no certificate is set, and no port wants one")
    if settings.amqps is None:
        return Check(
            "TLS", "warn", "a certificate is set, and no port uses it", "set amqps; HTTP wants a reverse proxy for TLS"
        )
    return Check("TLS", "ok", f"the certificate of {settings.amqps} can be used")


def mail(settings: "Settings", mailing: int) -> Check:
    """Can mails be sent, where somebody is to get any? ``mailing`` subscriptions name whom to tell."""
    smtp, everybody = settings.smtp, len(settings.mail.default_recipients)
    if smtp.host is None:
        if not mailing and not everybody:
            return Check("mail", "ok", "no mail server is set, and nobody is to be told")
        places = [f"{mailing} subscription{'' if mailing == 1 else 's'}"] if mailing else []
        places += ["mail.default_recipients"] if everybody else []
        detail = f"whom to tell is set in {' and '.join(places)}, and no mail server is"
        return Check("mail", "warn", detail, "set smtp.host and smtp.sender")
    try:
        with explained():
            mailer_of(settings)
    except Failure as failure:
        return Check("mail", "fail", failure.message, "correct the file or the variable")
    if smtp.user is not None and smtp.security == "none":
        return Check("mail", "warn", f"the password for {smtp.host} is sent in clear", "set smtp.security to starttls")
    return Check("mail", "ok", f"to {smtp.host}" + (f", {smtp.security}" if smtp.security != "none" else ""))


def assets(viewers: Mapping[str, Path]) -> Check:
    """Are the browser files of the documentation pages there?"""
    lacking = [page for page, folder in viewers.items() if not folder.is_dir()]
    if not lacking:
        return Check("browser files", "ok", f"there, for {' and '.join(viewers)}")
    return Check(
        "browser files",
        "warn",
        f"not there; {' and '.join(lacking)} show plain tables",
        "install npm and run make again",
    )


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
