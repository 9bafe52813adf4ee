"""``internal``: nobody gets in from outside. For the sources through which the hub itself publishes."""

from eventyard.verifiers.closed import Closed


class InternalVerifier(Closed):
    """Refuses every request. What the hub publishes, or a client of its streams, does not come as one."""

    scheme = "internal"
    summary = "Nobody gets in from outside: the hub itself publishes here, and the clients of its streams."
    signs = True
    refusal = "this source takes nothing from outside of the hub"
    instead = "publish entities under /v1/projects/{id}/entities, or connect a client of AMQP or STOMP"
