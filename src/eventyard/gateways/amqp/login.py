"""Who a client of AMQP is: by a name and a password, which may be an API key, or by a certificate that names a key."""

from asyncio import BaseTransport
from collections.abc import Mapping
from typing import Any

from eventyard.gateways.credentials import Credentials
from eventyard.model.access import Principal
from eventyard.model.errors import Unauthenticated
from eventyard.wire.amqp.events import Login


async def prove(login: Login, credentials: Credentials, transport: BaseTransport) -> Principal:
    """The caller behind a login on a connection, whose certificate was verified if it has one.

    Raises what the credentials raise.
    """
    if login.mechanism == "EXTERNAL":
        return credentials.certificate(_common_name(transport.get_extra_info("peercert") or {}))
    user, password = login.user or "", login.password or ""
    source = str((transport.get_extra_info("peername") or ("",))[0])
    return credentials.pair(user, password, source) or await credentials.password(user, password, source)


def _common_name(certificate: Mapping[str, Any]) -> str:
    for names in certificate.get("subject", ()):
        for name, value in names:
            if name == "commonName":
                return str(value)
    raise Unauthenticated("unauthenticated", "the certificate has no common name")
