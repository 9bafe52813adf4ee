"""STOMP over plain TCP. What is said and done is in ``conversation.py``."""

import asyncio
import socket

from eventyard.gateways.stomp.conversation import Conversation
from eventyard.gateways.stomp.socket import StompSocket


class StompTcp(StompSocket):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        super().connection_made(transport)
        plain = transport.get_extra_info("socket")
        if plain is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.conversation = Conversation(self.gateway, self)

    def data_received(self, data: bytes) -> None:
        """Bytes from the client. What comes after the end is read and dropped, so that the end is not lost."""
        assert self.conversation is not None
        self.conversation.receive(data)
