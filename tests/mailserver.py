"""A real mail server (aiosmtpd) on a free port of loopback, for as long as a test.

It takes everything unless told otherwise, and keeps what it took. Beside it, one that accepts a connection and then
never says a word.
"""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from msgspec import Struct

from tests.interop.certificates import Authority

USER, PASSWORD = "hub", "correct horse"


class Taken(Struct, frozen=True):
    """A mail that the server took: from and for whom by the envelope, and what they read."""

    sender: str
    to: tuple[str, ...]
    message: EmailMessage
    encrypted: bool
    user: str | None

    @property
    def text(self) -> str:
        return words_of(self.message, "plain")

    @property
    def html(self) -> str:
        return words_of(self.message, "html")


def words_of(message: EmailMessage, kind: str) -> str:
    """What one part of a message says, its lines ended as here."""
    part = message.get_body([kind])
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


class MailServer:
    """What it took, and what it answers: ``replies`` by recipient, ``at_data`` to every mail while it is set."""

    def __init__(self, *, login: bool = False) -> None:
        self.host, self.port = "127.0.0.1", 0
        self._login = login
        self.taken: list[Taken] = []
        self.replies: dict[str, str] = {}
        self.at_data: str | None = None
        self.tried = 0
        """How often somebody asked whether a recipient may be named."""
        self._arrivals = asyncio.Condition()

    async def arrived(self, count: int) -> list[Taken]:
        """Wait until it has taken so many; all of them."""
        async with self._arrivals:
            await self._arrivals.wait_for(lambda: len(self.taken) >= count)
        return self.taken

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried += 1
        if self._login and not session.authenticated:
            return "530 5.7.0 who are you?"
        reply = self.replies.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.at_data is not None:
            return self.at_data
        assert isinstance(envelope.content, bytes)
        read = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        login = session.auth_data
        user = login.login.decode() if isinstance(login, LoginPassword) else None
        assert server.transport is not None
        encrypted = server.transport.get_extra_info("sslcontext") is not None
        taken = Taken(str(envelope.mail_from), tuple(envelope.rcpt_tos), read, encrypted, user)
        async with self._arrivals:
            self.taken.append(taken)
            self._arrivals.notify_all()
        return "250 taken"


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
    """Whether it is our user."""
    assert isinstance(given, LoginPassword)
    fits = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=fits, handled=False, auth_data=given)


@asynccontextmanager
async def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: bool = False, utf8: bool = True
) -> AsyncIterator[MailServer]:
    """A server; with ``starttls`` it takes nothing before that, with ``login`` nothing from anybody but ``USER``."""
    handler = MailServer(login=login)
    sessions: set[asyncio.BaseTransport] = set()

    class Session_(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            sessions.add(transport)
            super().connection_made(transport)

    def protocol() -> SMTP:
        return Session_(
            handler, hostname="mail.example", enable_SMTPUTF8=utf8, tls_context=starttls,
            require_starttls=starttls is not None, auth_require_tls=False,
            authenticator=authenticate if login else None,
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(protocol, handler.host, 0, ssl=tls)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        for transport in sessions:
            transport.abort() if isinstance(transport, asyncio.WriteTransport) else transport.close()


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[int, asyncio.Event]]:
    """The port of a server that says nothing, and what tells that somebody has come to it."""
    called = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        called.set()
        await reader.read()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], called
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


def contexts(folder: Path) -> Mapping[str, ssl.SSLContext]:
    """``server`` is what a server of loopback shows, ``client`` what trusts it."""
    authority = Authority(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.certify("mail"))
    return {"server": server, "client": ssl.create_default_context(cafile=authority.file)}
