"""Who a client of AMQP is: by a name and a password, which may be an API key, or by a certificate that names a key."""

from collections.abc import Mapping
from typing import Any, Protocol

from eventyard.model.access import Principal
from eventyard.model.errors import Unauthenticated
from eventyard.wire.amqp.events import Login


class Credentials(Protocol):
    """What proves who is calling."""

    def pair(self, login: str, passcode: str) -> Principal:
        """The caller behind a login and a passcode. Raises ``Unauthenticated``."""

    def certificate(self, name: str) -> Principal:
        """The caller whose certificate bears that common name. Raises ``Unauthenticated``."""


def prove(login: Login, credentials: Credentials, certificate: Mapping[str, Any] | None) -> Principal:
    """The caller behind a login; ``certificate`` is the client's, verified, as :mod:`ssl` tells of it.

    Raises what the credentials raise.
    """
    if login.mechanism == "EXTERNAL":
        return credentials.certificate(_common_name(certificate or {}))
    return credentials.pair(login.user or "", login.password or "")


def _common_name(certificate: Mapping[str, Any]) -> str:
    for names in certificate.get("subject", ()):
        for name, value in names:
            if name == "commonName":
                return str(value)
    raise Unauthenticated("unauthenticated", "the certificate has no common name")
