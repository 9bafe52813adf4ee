"""Mail over SMTP (RFC 5321): one connection for each mail, as there are few of them.

With aiosmtplib rather than the standard library's ``smtplib`` in a thread: a conversation with a server that hangs can
be cut off, whereas a thread would go on until its sockets gave up, also after the hub was told to stop. The library has
no dependencies of its own.

TLS, once asked for, is never done without: a server that does not offer STARTTLS gets no mail, and no password.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from msgspec import Struct

from eventyard.mail.addresses import mailbox
from eventyard.mail.message import message_of, sender_of
from eventyard.model.mail import Mail, MailError

LEAVE_S = 5
"""How long to wait for the server's farewell."""

Security = Literal["none", "starttls", "tls"]

PORTS: Mapping[Security, int] = {"none": 25, "starttls": 587, "tls": 465}
"""Where mail is submitted (RFC 8314), by how the connection is protected."""


class SmtpServer(Struct, frozen=True):
    """Where mail is handed over, and how. ``trust`` is what the server's certificate is held against."""

    host: str
    sender: str
    security: Security = "starttls"
    port: int | None = None
    user: str | None = None
    password: str = ""
    timeout_s: float = 30
    """How long handing over one mail may take in all."""
    trust: ssl.SSLContext | None = None


class SmtpMailer:
    """The :class:`eventyard.ports.Mailer` that speaks SMTP. Raises ``ValueError`` for a sender that has no address."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._sender = sender_of(server.sender)

    async def send(self, mail: Mail) -> None:
        """See the port."""
        boxes, refused = _boxes(mail.to)
        if boxes:
            refused |= await self._hand_over(mail, boxes)
        if refused:
            again = [to for to, (code, _) in refused.items() if _may_change(code)]
            raise MailError("; ".join(f"{to}: {code} {why}" for to, (code, why) in refused.items()), again=again)

    async def _hand_over(self, mail: Mail, boxes: Mapping[str, str]) -> "_Refused":
        """Whom of those the server does not take the mail for."""
        client = self._client()
        try:
            async with asyncio.timeout(self._server.timeout_s):
                await client.connect()
                refused = await self._converse(client, mail, boxes)
            await _leave(client)
        except SMTPRecipientsRefused as error:
            return _by_recipient(boxes, {one.recipient: (one.code, one.message) for one in error.recipients})
        except SMTPResponseException as error:
            who = "the server refused the login: " if isinstance(error, SMTPAuthenticationError) else ""
            again = mail.to if _may_change(error.code) else ()
            raise MailError(f"{who}{error.code} {error.message}", again=again) from error
        except ValueError as error:  # nothing that another try could change: the name of this machine, for one
            raise MailError(str(error)) from error
        except (SMTPException, OSError) as error:
            raise MailError(_words(error, self._server.timeout_s), again=mail.to) from error
        finally:
            client.close()
        return refused

    async def _converse(self, client: SMTP, mail: Mail, boxes: Mapping[str, str]) -> "_Refused":
        try:
            return await self._send(client, mail, boxes)
        except SMTPNotSupported:
            plain = {to: box for to, box in boxes.items() if box.isascii()}
            refused = dict.fromkeys(boxes.keys() - plain.keys(), (553, "the server takes no address like it"))
            return refused | (await self._send(client, mail, plain) if plain else {})

    async def _send(self, client: SMTP, mail: Mail, boxes: Mapping[str, str]) -> "_Refused":
        to = list(boxes.values())
        message = message_of(mail, self._sender, to)
        refused, _ = await client.send_message(message, sender=self._sender.addr_spec, recipients=to)
        return _by_recipient(boxes, {box: (answer.code, answer.message) for box, answer in refused.items()})

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port or PORTS[server.security],
            username=server.user,
            password=None if server.user is None else server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "none" else server.trust,
            timeout=None,  # _hand_over keeps the time of the whole
        )


_Refused = dict[str, tuple[int, str]]
"""Recipient -> why the server does not take a mail for them: its code and its words."""


def _boxes(to: Sequence[str]) -> tuple[dict[str, str], _Refused]:
    """Recipient -> mailbox, and those who have none."""
    boxes: dict[str, str] = {}
    refused: _Refused = {}
    for recipient in to:
        try:
            boxes[recipient] = mailbox(recipient)
        except ValueError as error:
            refused[recipient] = (553, str(error))
    return boxes, refused


def _by_recipient(boxes: Mapping[str, str], refused: Mapping[str, tuple[int, str]]) -> _Refused:
    return {to: refused[box] for to, box in boxes.items() if box in refused}


def _may_change(code: int) -> bool:
    """Whether the same mail may be taken later: 4yz is "try again" (RFC 5321, section 4.2.1), as greylisting does."""
    return code < 500


def _words(error: Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"the server took more than {timeout_s:g} s"
    return str(error) or type(error).__name__


async def _leave(client: SMTP) -> None:
    """Say goodbye. The mail was taken; how the server parts from us is of no interest."""
    with suppress(SMTPException, OSError):
        await client.quit(timeout=LEAVE_S)
