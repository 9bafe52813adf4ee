"""STOMP over TCP and WebSocket: what ``wire/stomp`` understood is done on the streams, and what they give is sent."""
