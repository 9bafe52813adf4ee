"""AMQP 0-9-1 on a socket: what ``wire/amqp`` understood is done on the streams, and what they give is sent."""
