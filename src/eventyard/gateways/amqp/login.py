"""Who a client of AMQP is: by a name and a password, which may be an API key, or by a certificate that names a key."""

from collections.abc import Mapping
from typing import Any

from eventyard.gateways.credentials import Credentials
from eventyard.model.access import Principal
from eventyard.model.errors import Unauthenticated
from eventyard.wire.amqp.events import Login


async def prove(
    login: Login, credentials: Credentials, certificate: Mapping[str, Any] | None, source: str
) -> Principal:
    """The caller behind a login; ``certificate`` is the client's, verified, as :mod:`ssl` tells of it.

    ``source`` is the address that it comes from. Raises what the credentials raise.
    """
    if login.mechanism == "EXTERNAL":
        return credentials.certificate(_common_name(certificate or {}))
    user, password = login.user or "", login.password or ""
    return credentials.pair(user, password, source) or await credentials.password(user, password, source)


def _common_name(certificate: Mapping[str, Any]) -> str:
    for names in certificate.get("subject", ()):
        for name, value in names:
            if name == "commonName":
                return str(value)
    raise Unauthenticated("unauthenticated", "the certificate has no common name")
