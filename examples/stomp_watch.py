"""What comes to an exchange, and what came before, each message acknowledged: STOMP over TCP."""

import json
import os
import signal
from urllib.parse import urlsplit

import stomp

EXCHANGE = os.environ.get("EXCHANGE", "orders")
ADDRESS = urlsplit(os.environ.get("STOMP_URL", "stomp://127.0.0.1:61613"))


class Watch(stomp.ConnectionListener):
    """Hears what the connection is told, in a thread of its own."""

    def on_message(self, frame):
        """One message is one CloudEvent, or what a client of AMQP or STOMP sent, as it sent it."""
        event = json.loads(frame.body)
        print(f"{frame.headers['destination']}: {event.get('data', event)}", flush=True)
        connection.ack(frame.headers["ack"])

    def on_error(self, frame):
        """The hub says why it ends the connection."""
        print(f"{frame.headers['message']}: {frame.body}", flush=True)


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
connection = stomp.Connection12([(ADDRESS.hostname, ADDRESS.port)], heartbeats=(10_000, 10_000))
connection.set_listener("watch", Watch())
connection.connect("key", os.environ["EVENTYARD_KEY"], wait=True)
print(f"waiting for {EXCHANGE}; Ctrl-C ends", flush=True)
connection.subscribe(f"/exchange/{EXCHANGE}/#", id="1", ack="client-individual", headers={"x-stream-offset": "first"})
signal.sigwait([signal.SIGINT])
connection.disconnect()
