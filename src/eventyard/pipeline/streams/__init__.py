"""The journal as a live stream: exchanges, queues, and the clients that read them."""
