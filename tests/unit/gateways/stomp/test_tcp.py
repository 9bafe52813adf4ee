"""STOMP over plain TCP: on a real socket, as any client meets it."""

import asyncio
import socket

from eventyard.gateways.stomp.tcp import StompTcp
from eventyard.testing.hub import Yard
from tests.unit.gateways.stomp.around import PATIENCE_S, gateway, settled


async def test_a_client_is_served_and_let_go(yard: Yard) -> None:
    made: list[StompTcp] = []

    def serve() -> StompTcp:
        made.append(StompTcp(gateway(yard)))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(f"CONNECT\naccept-version:1.2\npasscode:{yard.key}\n\n\0".encode())
        assert (await reader.readuntil(b"\0\n")).startswith(b"CONNECTED\n")
        writer.write(b"SEND\ndestination:/topic/a\n\nhello\0DISCONNECT\nreceipt:bye\n\n\0")
        assert await reader.read() == b"RECEIPT\nreceipt-id:bye\n\n\0\n"
        keepalive = made[0].transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert keepalive
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
    await settled(yard)
    assert await yard.store.newest() > 0
