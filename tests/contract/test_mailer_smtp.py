"""SMTP keeps what every way for a mail to leave keeps."""

import socket
from collections.abc import AsyncIterator

import pytest

from eventyard.mail.smtp import SmtpMailer, SmtpServer
from eventyard.testing.contracts.mailer import Arrived, MailerContract
from tests.mailserver import MailServer, mail_server


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
def mailer(server: MailServer) -> SmtpMailer:
    return SmtpMailer(SmtpServer(server.host, "hub@example.org", "none", server.port))


@pytest.fixture
def arrived(server: MailServer) -> Arrived:
    async def arrived() -> tuple[tuple[str, ...], str, str]:
        [taken] = await server.arrived(1)
        return taken.to, taken.message["Subject"], taken.text

    return arrived


@pytest.fixture
def dead() -> SmtpMailer:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return SmtpMailer(SmtpServer("127.0.0.1", "hub@example.org", "none", port))


class TestSmtpMailer(MailerContract):
    pass
