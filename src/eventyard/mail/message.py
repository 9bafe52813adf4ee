"""A mail as an Internet message (RFC 5322): headers that nothing can be injected into, a text and an HTML part.

``smtp.py`` hands it to a server. Pure: the moment it is dated with is the mail's own.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from eventyard.mail.addresses import mailbox
from eventyard.model.mail import Mail

SUBJECT_CHARS = 200

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def sender_of(text: str) -> Address:
    """A sender written as ``name@host`` or ``Name <name@host>``, an address that every server takes.

    Raises ``ValueError`` for anything else.
    """
    name, address = parseaddr(text)
    box = mailbox(address)
    if not box.isascii():
        raise ValueError(f"{box!r} has to be ASCII before the @, so that every server takes it")
    return _address(box, name)


def message_of(mail: Mail, sender: Address, to: Sequence[str]) -> EmailMessage:
    """The message for those of its recipients; ``to`` are mailboxes (see ``addresses.py``)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = [_address(box) for box in to]
    message["Subject"] = _CONTROL.sub(" ", _sound(mail.subject))[:SUBJECT_CHARS].strip()
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.at / 1000, UTC))
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence shall answer it
    message.set_content(_sound(mail.text))
    message.add_alternative(_sound(mail.html), subtype="html")
    return message


def _address(box: str, name: str = "") -> Address:
    local, _, domain = box.rpartition("@")
    return Address(name, local, domain)


def _sound(text: str) -> str:
    """Without the halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
