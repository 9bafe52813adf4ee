"""Where streams leave the house: STOMP, AMQP 0-9-1 and server-sent events, between sockets and ``pipeline/streams``."""
