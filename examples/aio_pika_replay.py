"""Everything that was ever sent to an exchange, and then what comes: history and present are one stream.

``x-stream-offset`` may also be ``next``, ``last``, the number of an entry, or a time. Each message tells its own.
"""

import asyncio
import json
import os
from contextlib import suppress

import aio_pika
from yarl import URL

EXCHANGE = os.environ.get("EXCHANGE", "orders")
ADDRESS = URL(os.environ.get("AMQP_URL", "amqp://127.0.0.1:5672"))
ADDRESS = ADDRESS.with_user("key").with_password(os.environ["EVENTYARD_KEY"])


async def main():
    """Send something, see it confirmed, then read."""
    async with await aio_pika.connect(ADDRESS) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(EXCHANGE)
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, "#")

        order = {"id": 7, "city": "Bern"}
        message = aio_pika.Message(json.dumps(order).encode(), content_type="application/json")
        await exchange.publish(message, "order.created")  # returns once it is on the hub's disk
        print(f"sent {order}", flush=True)

        async with queue.iterator(no_ack=True, arguments={"x-stream-offset": "first"}) as messages:
            async for message in messages:
                print(f"{message.routing_key}: {message.body.decode()}", flush=True)


with suppress(KeyboardInterrupt):
    asyncio.run(main())
