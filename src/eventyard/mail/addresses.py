"""Mail addresses as a mail server is told them: the domain in ASCII (IDNA 2008), the rest as it was written.

Nothing comes out of here that could end a header or a command of SMTP. A name before the ``@`` that is not ASCII is
let through; whether a server takes it (SMTPUTF8, RFC 6531) is for the server to say.
"""

import re

import idna

_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def mailbox(text: str) -> str:
    """The address as a server is told it. Raises ``ValueError`` for what is none."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not local.isprintable() or not _LOCAL.fullmatch(local):
        raise ValueError(f"{text[:80]!r} is not a mail address")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{text[:80]!r} is not a mail address: {error}") from None
    if len(ascii_domain) > 253 or not _DOMAIN.fullmatch(ascii_domain):
        raise ValueError(f"{text[:80]!r} is not a mail address")
    return f"{local}@{ascii_domain}"
