"""AMQP 0-9-1 as bytes and as a conversation; no socket, no clock. pamqp is the codec of methods and headers."""
