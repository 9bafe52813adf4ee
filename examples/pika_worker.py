"""Work that is done once, whatever happens: a durable queue, and an acknowledgement after each message.

Stop it, send something, start it again: it goes on where it was. Start it twice: the two share the work.
"""

import json
import os

import pika

EXCHANGE = os.environ.get("EXCHANGE", "orders")

address = pika.URLParameters(os.environ.get("AMQP_URL", "amqp://127.0.0.1:5672"))
address.credentials = pika.PlainCredentials("key", os.environ["EVENTYARD_KEY"])


def work(channel, method, properties, body):
    """One message is one CloudEvent, or what a client of AMQP or STOMP sent, as it sent it."""
    event = json.loads(body)
    again = " (again)" if method.redelivered else ""
    print(f"{method.routing_key}{again}: {event.get('data', event)}", flush=True)
    channel.basic_ack(method.delivery_tag)


with pika.BlockingConnection(address) as connection:
    channel = connection.channel()
    channel.basic_qos(prefetch_count=10)
    channel.queue_declare("example-work", durable=True)
    channel.queue_bind("example-work", EXCHANGE, "#")
    channel.basic_consume("example-work", work)
    print(f"waiting for {EXCHANGE}; Ctrl-C ends", flush=True)
    try:
        channel.start_consuming()
    except KeyboardInterrupt:
        channel.stop_consuming()
