"""Who a client of STOMP is: by the login and passcode of CONNECT, or by what it showed before it spoke STOMP."""

from collections.abc import Iterator
from contextlib import contextmanager

from eventyard.gateways.credentials import Credentials
from eventyard.model.access import Principal
from eventyard.model.errors import HubError, Unauthenticated
from eventyard.pipeline.streams.streams import Streams
from eventyard.wire.stomp.commands import Connect


def known(command: Connect, credentials: Credentials, source: str) -> Principal | None:
    """The caller; ``None`` if there is a password to be proven. Raises what the credentials raise."""
    if not command.passcode:
        raise Unauthenticated("unauthenticated", "an API key is wanted as the passcode, or a user's password")
    return credentials.pair(command.login or "", command.passcode, source)


async def proven(command: Connect, credentials: Credentials, source: str) -> Principal:
    """The caller behind a password. Raises what the credentials raise."""
    return await credentials.password(command.login or "", command.passcode or "", source)


@contextmanager
def told(streams: Streams, peer: str, login: str | None = None) -> Iterator[None]:
    """Have it logged and counted when somebody is refused in here."""
    try:
        yield
    except HubError as reason:
        streams.refused(reason, protocol="stomp", peer=peer, login=login)
        raise
