"""STOMP 1.0, 1.1 and 1.2 as bytes and as a conversation; no socket, no clock."""
